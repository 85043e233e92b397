import Kernels
public import Model

// What a trainer knows, as tensors.
extension Trainer {
    /// Weights and running statistics as they are now.
    public func parameters() -> Parameters {
        var values: [String: [Float]] = [:]
        for entry in store.entries { values[entry.name] = store.values(of: entry, in: store.weights) }
        var tracked: [String: Int64] = [:]
        for norm in layers.norms {
            let count = values["\(norm.name).weight"]?.count ?? 0
            values["\(norm.name).running_mean"] = Array(norm.runningMean.elements.prefix(count))
            values["\(norm.name).running_var"] = Array(norm.runningVariance.elements.prefix(count))
            tracked[norm.name] = norm.batchesTracked
        }
        return Parameters(topology, values: values, batchesTracked: tracked)
    }

    /// Adam's moments, `adam.m.NAME` and `adam.v.NAME` with the shapes of their weights, and `adam.step` (I64).
    public func optimiserTensors() -> [Safetensors.Tensor] {
        var tensors = [Safetensors.Tensor(name: Self.stepName, count: Int64(stepCount))]
        for (memory, prefix) in zip([store.means, store.squares], Self.prefixes) {
            tensors += store.entries.map { entry in
                Safetensors.Tensor(
                    name: prefix + entry.name, shape: entry.shape, values: store.values(of: entry, in: memory))
            }
        }
        return tensors
    }

    /// The gradients of the last step, by the weights' names, before clipping and weight decay.
    public func gradients() -> [Safetensors.Tensor] {
        store.entries.map {
            Safetensors.Tensor(name: $0.name, shape: $0.shape, values: store.values(of: $0, in: store.gradients))
        }
    }

    /// Takes weights, running statistics, moments and step count from a checkpoint: a file with the tensors of
    /// `parameters()` and `optimiserTensors()`, and what else there is. Goes on to the same bits.
    ///
    /// Throws where the file is none such, or of another topology; then nothing has changed.
    public func restore(from path: String) throws(ModelError) {
        let file = try StateFile(path: path) { topology in
            Self.prefixes.flatMap { prefix in
                ParameterStore.tensors(topology).map { (name: prefix + $0.name, shape: $0.shape) }
            }
        }
        guard file.topology == topology else {
            throw ModelError(
                .unsuitable, path: path,
                "is of the topology \(file.topology.json), not \(topology.json): resume with the checkpoint's own")
        }
        guard let step = file.counter(Self.stepName), step >= 0 else {
            throw ModelError(
                .unsuitable, path: path, tensor: Self.stepName,
                "is missing or negative; is the file a checkpoint? Name one that zanzo train wrote")
        }
        let parameters = try Parameters(file)
        var moments: [[Float]] = []
        for prefix in Self.prefixes {
            for entry in store.entries { moments.append(try file.values(prefix + entry.name)) }
        }
        set(parameters)
        for (index, entry) in store.entries.enumerated() {
            store.set(moments[index], of: entry, in: store.means)
            store.set(moments[index + store.entries.count], of: entry, in: store.squares)
        }
        stepCount = Int(step)
    }

    private static let prefixes = ["adam.m.", "adam.v."]
    private static let stepName = "adam.step"

    /// Takes weights and running statistics over.
    func set(_ parameters: Parameters) {
        for entry in store.entries { store.set(parameters.values[entry.name] ?? [], of: entry, in: store.weights) }
        for norm in layers.norms {
            for (index, value) in (parameters.values["\(norm.name).running_mean"] ?? []).enumerated() {
                norm.runningMean.base[index] = value
            }
            for (index, value) in (parameters.values["\(norm.name).running_var"] ?? []).enumerated() {
                norm.runningVariance.base[index] = value
            }
            norm.batchesTracked = parameters.batchesTracked[norm.name] ?? 0
        }
        repack()
    }
}
