public import Kernels

/// A trained network, read from a safetensors file and ready to be run.
///
/// Immutable: one for every camera that uses the file.
public final class Model: Sendable {
    /// The network's shape.
    public let topology: Topology
    /// The file's metadata: topology, training record, calibration.
    public let metadata: [String: String]
    /// The file, as it was named.
    public let path: String
    /// The kernels that it runs on.
    public let kernels: KernelTable
    /// The arithmetic that it runs in: never `auto`.
    public let precision: Precision
    let network: AnyNetwork

    /// The layers, in one arithmetic or the other.
    enum AnyNetwork: Sendable {
        case floats(Network)
        case bytes(ByteNetwork)
    }

    /// Reads the file: checked like hostile input, batch norm folded in, weights packed once, then let go.
    ///
    /// - Parameter precision: the arithmetic; `int8` needs a file that has been quantised.
    ///
    /// Throws where the file is not a model, each fault as one line that names the tensor; also where its weights,
    /// though finite, overflow on an even grey frame.
    public init(
        path: String, precision: Precision = .auto, kernels: KernelTable = .best
    ) throws(ModelError) {
        let file = try SafetensorsFile(path: path)
        metadata = file.metadata
        topology = try Topology.of(metadata: metadata, path: path)
        self.path = path
        self.kernels = kernels
        let loader = try TensorLoader(file, wanted: Network.tensors(topology))
        let ranges = try ActivationRanges.of(metadata: metadata, path: path)
        self.precision =
            switch precision {
            case .auto: ranges != nil && kernels.isFastAtBytes ? .int8 : .float32
            default: precision
            }
        switch (self.precision, ranges) {
        case (.int8, let ranges?): network = .bytes(try ByteNetwork(topology, loader, ranges, kernels: kernels))
        case (.int8, nil):
            throw ModelError(
                .unsuitable, path: path, "has no \(ActivationRanges.metadataKey): run zanzo quantize, or use float32")
        case (let precision, _):
            let format: WeightFormat = precision == .float16 ? .float16 : .float32
            network = .floats(try Network(topology, loader, format: format, kernels: kernels))
        }
        if let layer = Reconstructor(model: self).overflowOnGrey() {
            throw ModelError(
                .unsuitable, path: path, "layer \(layer) overflows on an even grey frame; train the model again")
        }
    }
}
