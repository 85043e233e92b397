public import Model

/// What one step works with; the rest of Adam's numbers are PyTorch's defaults.
public struct StepSettings: Sendable, Hashable {
    /// Adam's learning rate.
    public var learningRate: Double
    /// The decay of Adam's first moment.
    public var beta1 = 0.9
    /// L2 decay.
    public var weightDecay = 0.0
    /// The largest norm of the gradient; nil: any.
    public var gradientLimit: Double?
    /// Whether batch norm uses the batch's own statistics rather than its running averages.
    public var usesBatchStatistics = true

    /// A plain step.
    public init(learningRate: Double) { self.learningRate = learningRate }
}

/// What trains: the network, its gradients and its optimiser. `Trainer` is the one in use.
public protocol TrainingStep: AnyObject {
    /// One step over [batch][window][size][size] frames of luma in [-1, 1].
    ///
    /// - Parameter hidden: [batch][hidden]: the state before the windows, and after the call the one behind them.
    /// - Returns: the mean squared error before the step.
    func step(
        frames: UnsafePointer<Float>, hidden: UnsafeMutablePointer<Float>, settings: StepSettings
    ) -> Double

    /// Steps made, those before a checkpoint that was restored included.
    var stepCount: Int { get }

    /// The model's tensors, batch norm's running averages included, as a model file has them.
    func modelTensors() -> [Safetensors.Tensor]

    /// What else a checkpoint must hold: the optimiser's moments and its count of steps.
    func optimiserTensors() -> [Safetensors.Tensor]

    /// Takes model and optimiser back from a checkpoint that has both.
    func restore(from path: String) throws(ModelError)
}
