public import Model

/// Where a run is: what a checkpoint holds beside weights, moments and hidden states. With the same footage, plan and this,
/// a run goes on to the same bits.
public struct TrainingProgress: Sendable, Hashable, Codable {
    /// Steps done.
    public var iteration = 0
    /// Judgements of held-out frames so far.
    public var judgements: [Judgement] = []
    /// Which judgement was the best; nil: none yet.
    public var best: Judgement?
    /// Seconds spent so far, over all resumptions.
    public var seconds = 0.0

    /// The held-out error after so many steps.
    public struct Judgement: Sendable, Hashable, Codable {
        /// Steps done.
        public var iteration: Int
        /// Mean squared error in [-1, 1] units, streamed.
        public var error: Double
    }

    /// Nothing done yet.
    public init() {}

    /// Judgements since the best one.
    var judgementsSinceBest: Int { judgements.count { $0.iteration > (best?.iteration ?? -1) } }
}

/// What is to be done: fixed from the start, and kept in the checkpoint, so that a resumed run has the same end.
public struct TrainingPlan: Sendable, Hashable, Codable {
    /// The recipe, with its final number of iterations.
    public var recipe: Recipe
    /// The network's shape.
    public var topology: Topology
    /// All randomness follows from it.
    public var seed: UInt64
    /// The share of each clip's end that is held out.
    public var holdOut: Double
    /// The footage's: `FrameStore.fingerprint`.
    public var fingerprint: UInt64

    /// A plan.
    public init(recipe: Recipe, topology: Topology, seed: UInt64, holdOut: Double, fingerprint: UInt64) {
        (self.recipe, self.topology, self.seed) = (recipe, topology, seed)
        (self.holdOut, self.fingerprint) = (holdOut, fingerprint)
    }

    /// Why this plan can't be followed, in a few words; nil where it can. One from a file may say anything.
    public var problem: String? {
        if let problem = recipe.problem ?? topology.problem { return problem }
        if !(0...0.5).contains(holdOut) { return "the share that is held out is \(holdOut); it may be 0 to 0.5" }
        if let patience = recipe.patience, patience < 1 { return "patience is \(patience); it may be 1 or more" }
        if !(0...1).contains(recipe.dropProbability) {
            return "the probability of a dropped state is \(recipe.dropProbability); it may be 0 to 1"
        }
        let amounts = [recipe.weightDecay, recipe.gradientLimit ?? 0, recipe.gain, recipe.offset, recipe.noise]
        if !amounts.allSatisfy({ $0.isFinite && $0 >= 0 }) {
            return "weight decay, the gradient's limit, gain, offset and noise may be 0 or more"
        }
        return nil
    }
}
