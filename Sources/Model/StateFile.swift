/// The numbers of a model or of a checkpoint, read one tensor after another, for those who go on training them.
package struct StateFile: ~Copyable {
    /// The network's shape.
    package let topology: Topology
    /// The file's metadata.
    package let metadata: [String: String]
    private let loader: TensorLoader
    private let counters: [String: Int64]

    /// Checks the file like hostile input: all tensors of its topology are there, and those that `others` names beside them,
    /// with their shapes. What else is there is left alone.
    package init(
        path: String, others: (Topology) -> [(name: String, shape: [Int])] = { _ in [] }
    ) throws(ModelError) {
        let file = try SafetensorsFile(path: path)
        let metadata = file.metadata
        let topology = try Topology.of(metadata: metadata, path: path)
        var counters: [String: Int64] = [:]
        for tensor in file.tensors where tensor.dtype == "I64" && tensor.range.count == MemoryLayout<Int64>.size {
            counters[tensor.name] = Int64(littleEndian: file.bytes(of: tensor).loadUnaligned(as: Int64.self))
        }
        loader = try TensorLoader(file, wanted: topology.stateTensors + others(topology), allowsOthers: true)
        (self.metadata, self.topology, self.counters) = (metadata, topology, counters)
    }

    /// A float32 tensor's elements, all of them finite.
    package borrowing func values(_ name: String) throws(ModelError) -> [Float] { try loader.vector(name) }

    /// A single whole number (I64), such as `num_batches_tracked`; nil where the file has none of that name.
    package borrowing func counter(_ name: String) -> Int64? { counters[name] }
}

extension Topology {
    /// The float32 tensors of a model file of this topology, by PyTorch's state_dict names, with their shapes.
    package var stateTensors: [(name: String, shape: [Int])] { Network.tensors(self) }
}
