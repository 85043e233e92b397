import FoundationEssentials
import Glibc
public import Model

/// A run in a file, to go on from: a safetensors file of the model, the optimiser's moments, the streams' hidden states, the
/// losses so far and the best model so far; its metadata have the plan and the progress.
///
/// Replaced atomically: a crash leaves the old one or the new one.
public struct Checkpoint: Sendable {
    /// What is being done.
    public var plan: TrainingPlan
    /// How far it is.
    public var progress: TrainingProgress
    /// The streams' states, [batch][hidden].
    var hidden: [Float]
    /// The loss of each step so far.
    var losses: [Float]
    /// The tensors of the model that was judged best; nil where none was.
    var best: [Safetensors.Tensor]?

    static let metadataKey = "zanzo.checkpoint"
    private static let bestPrefix = "best."
    private static let hiddenName = "run.hidden"
    private static let lossesName = "run.losses"

    private struct Record: Codable {
        var version = 1
        var plan: TrainingPlan
        var progress: TrainingProgress
    }

    /// The checkpoint of a run; model and optimiser are written and restored by the `TrainingStep`.
    init(plan: TrainingPlan, progress: TrainingProgress, hidden: [Float], losses: [Float], best: [Safetensors.Tensor]?)
    {
        (self.plan, self.progress, self.hidden, self.losses, self.best) = (plan, progress, hidden, losses, best)
    }

    /// Reads all of a checkpoint but model and optimiser.
    ///
    /// Throws where the file is no checkpoint of this version of Zanzo's.
    public init(path: String) throws(ModelError) {
        let file = try SafetensorsFile(path: path)
        func unsuitable(_ message: String) -> ModelError { ModelError(.unsuitable, path: path, message) }
        guard let text = file.metadata[Self.metadataKey],
            let record = try? JSONDecoder().decode(Record.self, from: Data(text.utf8)), record.version == 1
        else { throw unsuitable("is no checkpoint that this Zanzo can go on from; remove it and begin anew") }
        var (hidden, losses): ([Float]?, [Float]?)
        var best: [Safetensors.Tensor] = []
        for tensor in file.tensors {
            let bytes = file.bytes(of: tensor)
            switch tensor.name {
            case Self.hiddenName: hidden = Self.floats(bytes)
            case Self.lossesName: losses = Self.floats(bytes)
            case let name where name.hasPrefix(Self.bestPrefix):
                best.append(
                    Safetensors.Tensor(
                        name: String(name.dropFirst(Self.bestPrefix.count)), dtype: tensor.dtype, shape: tensor.shape,
                        bytes: Array(bytes)))
            default: break
            }
        }
        file.close()
        let (plan, progress) = (record.plan, record.progress)
        if let problem = plan.problem { throw unsuitable("\(problem); remove it and begin anew") }
        guard let hidden, let losses, hidden.count == plan.recipe.batch * plan.topology.hidden,
            losses.count == progress.iteration, (progress.best == nil) == best.isEmpty
        else { throw unsuitable("is incomplete; remove it and begin anew") }
        self.init(plan: plan, progress: progress, hidden: hidden, losses: losses, best: best.isEmpty ? nil : best)
    }

    /// What a checkpoint's name gets as an ending when nothing can go on from it.
    public static let uselessSuffix = ".bad"

    /// Moves a checkpoint that nothing can go on from out of the way, where there is one: kept for whoever looks for the reason.
    public static func setAside(_ path: String) { rename(path, path + uselessSuffix) }

    /// Writes it with the model and optimiser of `step`.
    func write(_ step: any TrainingStep, path: String) throws(ModelError) {
        var tensors = step.modelTensors() + step.optimiserTensors()
        tensors.append(
            Safetensors.Tensor(
                name: Self.hiddenName, shape: [plan.recipe.batch, plan.topology.hidden], values: hidden))
        tensors.append(Safetensors.Tensor(name: Self.lossesName, shape: [losses.count], values: losses))
        for tensor in best ?? [] {
            var copy = tensor
            copy.name = Self.bestPrefix + tensor.name
            tensors.append(copy)
        }
        let record = Record(plan: plan, progress: progress)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let json = try? encoder.encode(record) else {
            throw ModelError(.unwritable, path: path, "cannot be written: a number in the progress is not finite")
        }
        let metadata = [
            Self.metadataKey: String(decoding: json, as: UTF8.self), Topology.metadataKey: plan.topology.json,
        ]
        try Safetensors.write(path: path, tensors: tensors, metadata: metadata)
    }

    private static func floats(_ bytes: UnsafeRawBufferPointer) -> [Float] {
        (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    }
}
