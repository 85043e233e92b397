private import Kernels
import Glibc

/// Takes a network's tensors out of a checked file, by name: type, shape and values are checked here.
struct TensorLoader: ~Copyable {
    private let file: SafetensorsFile
    private let byName: [String: SafetensorsFile.Tensor]

    /// All of `wanted` (names and shapes) are there, and nothing else but counters that PyTorch leaves in its files; with
    /// `allowsOthers`, also what else a trainer keeps.
    init(
        _ file: consuming SafetensorsFile, wanted: [(name: String, shape: [Int])], allowsOthers: Bool = false
    ) throws(ModelError) {
        self.file = file
        byName = Dictionary(uniqueKeysWithValues: self.file.tensors.map { ($0.name, $0) })
        let names = Set(wanted.map(\.name))
        for (name, shape) in wanted {
            guard let tensor = byName[name] else {
                throw unsuitable(name, "is missing; is the file a model of this topology? Train or convert it again")
            }
            guard tensor.dtype == "F32" else {
                throw unsuitable(name, "is of type \(tensor.dtype); only F32 can be read: save the model as float32")
            }
            guard tensor.shape == shape else {
                throw unsuitable(
                    name,
                    "has the shape \(tensor.shape) instead of \(shape); \(Topology.metadataKey) must fit the weights")
            }
        }
        if allowsOthers { return }
        for tensor in self.file.tensors where !names.contains(tensor.name) && !Self.isCounter(tensor) {
            throw unsuitable(tensor.name, "is unexpected; remove it, or correct \(Topology.metadataKey)")
        }
    }

    /// `num_batches_tracked` of a batch norm: no weight, ignored.
    private static func isCounter(_ tensor: SafetensorsFile.Tensor) -> Bool {
        tensor.name.hasSuffix(".num_batches_tracked") && tensor.dtype == "I64" && tensor.range.count == 8
    }

    private borrowing func unsuitable(_ tensor: String, _ message: String) -> ModelError {
        ModelError(.unsuitable, path: file.path, tensor: tensor, message)
    }

    /// The tensor where it lies in the file (any alignment), all of it finite.
    borrowing func weights(_ name: String) throws(ModelError) -> UnsafeRawPointer {
        guard let tensor = byName[name], let base = file.bytes(of: tensor).baseAddress else {
            throw unsuitable(name, "is missing")
        }
        if let index = Numbers.firstNotFinite(base, count: tensor.range.count / MemoryLayout<Float>.size) {
            throw unsuitable(
                name, "has NaN or infinity at element \(index); its training failed: take an earlier checkpoint")
        }
        return base
    }

    /// The tensor as an array.
    borrowing func vector(_ name: String) throws(ModelError) -> [Float] {
        let base = try weights(name)
        let count = (byName[name]?.range.count ?? 0) / MemoryLayout<Float>.size
        return (0..<count).map { base.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Float>.size, as: Float.self) }
    }

    /// A batch norm as what it does at inference: x * scale + bias. PyTorch's epsilon, 1e-5.
    borrowing func batchNorm(_ name: String) throws(ModelError) -> (scale: [Float], bias: [Float]) {
        let (gamma, beta) = (try vector("\(name).weight"), try vector("\(name).bias"))
        let (mean, variance) = (try vector("\(name).running_mean"), try vector("\(name).running_var"))
        if let index = variance.firstIndex(where: { $0 < 0 }) {
            throw unsuitable(
                "\(name).running_var", "has a negative variance at element \(index); train the model again")
        }
        let scale = zip(gamma, variance).map { Double($0) / (Double($1) + 1e-5).squareRoot() }
        let bias = scale.indices.map { Double(beta[$0]) - Double(mean[$0]) * scale[$0] }
        return (scale.map { Float($0) }, bias.map { Float($0) })
    }
}
