public import Model
import Training

/// What a command line states of how to train, beside what it leaves to the defaults: a run that goes on keeps its own plan, and
/// one who states another is to hear of it.
public struct StatedPlan: Sendable, Hashable {
    /// `--recipe`, its name.
    public var recipe: String?
    /// `--iterations`, `--window`, `--batch`.
    public var iterations: Int?, window: Int?, batch: Int?
    /// `--learning-rate`.
    public var learningRate: Double?
    /// `--carry-state`, where it was given.
    public var carriesState = false
    /// `--topology`, as its file has it.
    public var topology: Topology?
    /// `--hold-out`.
    public var holdOut: Double?
    /// `--seed`.
    public var seed: UInt64?

    /// Nothing stated.
    public init() {}

    /// What is stated and is not so in `plan`, by which the run began whose checkpoint lies at `path`: one line that says what to
    /// do; nil where all of it fits.
    func contradiction(_ plan: TrainingPlan, at path: String) -> String? {
        func differs<Value: Equatable>(_ option: String, _ stated: Value?, _ begun: Value) -> String? {
            guard let stated, stated != begun else { return nil }
            return line("\(option) \(stated)", "\(begun)")
        }
        func line(_ stated: String, _ begun: String) -> String {
            let option = stated.prefix { $0 != " " }
            return
                "\(stated): the run in \(path) began with \(begun): leave \(option) out to go on with it, or remove the "
                + "checkpoint to begin anew"
        }
        let begun = plan.recipe
        if let topology, topology != plan.topology { return line("--topology \(topology.json)", plan.topology.json) }
        if carriesState, !begun.carriesState { return line("--carry-state", "a new state for each window") }
        return differs("--recipe", recipe, begun.name) ?? differs("--iterations", iterations, begun.iterations)
            ?? differs("--window", window, begun.window) ?? differs("--batch", batch, begun.batch)
            ?? differs("--learning-rate", learningRate, begun.learningRate)
            ?? differs("--hold-out", holdOut, plan.holdOut) ?? differs("--seed", seed, plan.seed)
    }
}
