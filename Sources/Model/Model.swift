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
    let network: Network

    /// Reads the file: checked like hostile input, batch norm folded in, weights packed once, then let go.
    ///
    /// Throws where the file is not a model, each fault as one line that names the tensor; also where its weights,
    /// though finite, overflow on an even grey frame.
    public init(path: String, kernels: KernelTable = .best) throws(ModelError) {
        let file = try SafetensorsFile(path: path)
        metadata = file.metadata
        topology = try Topology.of(metadata: metadata, path: path)
        self.path = path
        self.kernels = kernels
        let loader = try TensorLoader(file, wanted: Network.tensors(topology))
        network = try Network(topology, loader, kernels: kernels)
        if let layer = Reconstructor(model: self).overflowOnGrey() {
            throw ModelError(
                .unsuitable, path: path, "layer \(layer) overflows on an even grey frame; train the model again")
        }
    }
}
