public import Kernels
public import Model

/// Trains a network: one `step` is a forward pass over a batch of windows, the way back through every layer and through
/// time, and one step of the optimiser.
///
/// Everything is allocated at the start. The same parameters, frames and settings give the same bits whatever the number of
/// threads (on one instruction set). Not for several threads at once.
public final class Trainer {
    /// What may change from one step to the next.
    public struct Settings: Sendable, Hashable {
        /// Adam's step size.
        public var learningRate = 1e-4
        /// L2: added to the gradient, times the weight, as `torch.optim.Adam(weight_decay:)` does.
        public var weightDecay = 1e-5
        /// How slowly the averages of gradients and of their squares follow.
        public var beta1 = 0.9, beta2 = 0.999
        /// Keeps the step finite where the gradient has always been zero.
        public var epsilon = 1e-8
        /// The norm over all gradients is held to this, as `clip_grad_norm_` does; nil: it is not.
        public var gradientLimit: Float?
        /// Whether batch norms take mean and variance from the batch and follow them with their running averages; otherwise
        /// they keep these and use them, and still learn weight and bias.
        public var usesBatchStatistics = true

        /// The article's settings.
        public init() {}
    }

    /// What a step found, before it changed the weights.
    public struct StepOutcome: Sendable, Hashable {
        /// Mean squared error over all pixels of all frames.
        public var loss: Double
        /// L2 norm over all gradients, before it was limited.
        public var gradientNorm: Double
    }

    /// The network's shape.
    public let topology: Topology
    /// Sequences in a step, and frames in each.
    public let batch, window: Int
    /// To be changed between steps.
    public var settings = Settings()
    /// Steps done, also before a checkpoint that was restored.
    public internal(set) var stepCount = 0

    let store: ParameterStore
    let layers: Layers
    private let pass: TrainingPass
    private var team: StepTeam?

    /// Allocates what steps of `batch` windows of `window` frames need, and starts `threads` - 1 threads.
    public init(parameters: Parameters, batch: Int, window: Int, threads: Int, kernels: KernelTable = .best) {
        precondition(batch > 0 && window > 0, "Trainer: a batch of nothing")
        (topology, self.batch, self.window) = (parameters.topology, batch, window)
        store = ParameterStore(parameters.topology, kernels: kernels)
        layers = Layers(
            parameters.topology, store, batch: batch, window: window, threads: threads, kernels: kernels)
        let pass = TrainingPass(store, layers, batch: batch, window: window, threads: threads, kernels: kernels)
        self.pass = pass
        let work = Shared(pass: pass)
        team = StepTeam(count: threads) { work.pass.run($0) }
        set(parameters)
    }

    /// One step. Allocates nothing.
    ///
    /// - Parameters:
    ///   - frames: luma / 127.5 - 1 of [batch][window][size][size] pixels.
    ///   - hidden: the GRU's states [batch][hidden]: before the first frames, and afterwards after the last ones. Gradients stop
    ///     there.
    public func step(frames: UnsafePointer<Float>, hidden: UnsafeMutablePointer<Float>) -> StepOutcome {
        stepCount += 1
        pass.order = TrainingPass.Order(frames: frames, hidden: hidden, settings: settings, count: stepCount)
        team?.run(frames: batch * window)
        pass.order = nil
        return pass.outcome
    }

    /// What the last step rebuilt before it changed the weights: [batch][window][size][size], valid until the next one.
    public func reconstruction(sequence: Int, frame: Int) -> UnsafeBufferPointer<Float> {
        precondition(sequence < batch && frame < window, "Trainer: no such frame")
        return layers.output.elements(of: sequence * window + frame)
    }

    /// Milliseconds of each phase of the last step, as its first thread saw them.
    package var phases: [(name: String, milliseconds: Double)] {
        zip(PhaseClock.names, pass.clock.nanoseconds.elements).map { ($0, Double($1) * 1e-6) }
    }

    func repack() { pass.repack(.whole) }

    /// The threads' way to the pass: they work only while the trainer steps.
    private struct Shared: @unchecked Sendable {
        let pass: TrainingPass
    }
}
