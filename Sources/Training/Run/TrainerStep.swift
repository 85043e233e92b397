public import Model

extension Trainer: TrainingStep {
    /// A fresh network of `topology`, its weights from `seed`, for the batches of `recipe`.
    public convenience init(_ topology: Topology, seed: UInt64, recipe: Recipe, threads: Int) {
        self.init(
            parameters: Parameters(topology, seed: seed), batch: recipe.batch, window: recipe.window, threads: threads)
    }

    /// One step with these settings; Adam's other numbers are PyTorch's defaults.
    public func step(
        frames: UnsafePointer<Float>, hidden: UnsafeMutablePointer<Float>, settings wanted: StepSettings
    ) -> Double {
        settings.learningRate = wanted.learningRate
        settings.beta1 = wanted.beta1
        settings.weightDecay = wanted.weightDecay
        settings.gradientLimit = wanted.gradientLimit.map { Float($0) }
        settings.usesBatchStatistics = wanted.usesBatchStatistics
        return step(frames: frames, hidden: hidden).loss
    }

    /// Weights and running averages as a model file has them.
    public func modelTensors() -> [Safetensors.Tensor] { parameters().tensors() }
}
