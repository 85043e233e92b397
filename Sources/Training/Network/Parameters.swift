public import Model

/// Every learnable number and running statistic of a network, by PyTorch's state_dict names.
public struct Parameters: Sendable {
    /// The network's shape.
    public let topology: Topology
    /// By name, in PyTorch's order.
    var values: [String: [Float]]
    /// Steps that each batch norm has seen, by its name (`encoder.1`, …).
    var batchesTracked: [String: Int64]

    /// Random numbers as PyTorch draws them for a new network (`kaiming_uniform_(a = sqrt(5))` and what comes with it), out
    /// of a generator of our own: the same seed gives the same network on every machine.
    ///
    /// Weights and biases are uniform in ±1/√fan, where fan is of a convolution 9 × its second dimension (so for a
    /// transposed one, whose second dimension is its outputs: `torch.nn.init._calculate_fan_in_and_fan_out`), of a linear
    /// layer its inputs, of the GRU its units. Batch norms begin with weight 1 and bias 0, mean 0 and variance 1.
    public init(_ topology: Topology, seed: UInt64) {
        precondition(topology.problem == nil, "Parameters: a topology that cannot be run")
        self.topology = topology
        values = [:]
        batchesTracked = Dictionary(uniqueKeysWithValues: Self.norms.map { ($0, 0) })
        let inputs = topology.widths[4] * (topology.size / 16) * (topology.size / 16)
        for (index, tensor) in topology.stateTensors.enumerated() {
            let count = tensor.shape.reduce(1, *)
            let owner = tensor.name.split(separator: ".").dropLast().joined(separator: ".")
            if Self.norms.contains(owner) {
                let isOne = tensor.name.hasSuffix(".weight") || tensor.name.hasSuffix(".running_var")
                values[tensor.name] = Array(repeating: isOne ? 1 : 0, count: count)
                continue
            }
            let fan =
                switch owner {
                case "gru", "fc3.0": topology.hidden
                case "fc1.0": inputs
                default: 9 * tensor.shape[1]
                }
            // A stream of its own for each tensor, so that a wider layer changes no other one.
            var random = SeededGenerator(seed: seed &+ UInt64(index) &* 0xD1B5_4A32_D192_ED03)
            let limit = 1 / Float(fan).squareRoot()
            values[tensor.name] = (0..<count).map { _ in random.uniform(in: limit) }
        }
    }

    /// The numbers of a model file or a checkpoint.
    public init(path: String) throws(ModelError) {
        try self.init(StateFile(path: path))
    }

    init(_ file: borrowing StateFile) throws(ModelError) {
        topology = file.topology
        values = [:]
        for (name, _) in file.topology.stateTensors { values[name] = try file.values(name) }
        batchesTracked = [:]
        for name in Self.norms { batchesTracked[name] = file.counter("\(name).num_batches_tracked") ?? 0 }
    }

    init(_ topology: Topology, values: [String: [Float]], batchesTracked: [String: Int64]) {
        (self.topology, self.values, self.batchesTracked) = (topology, values, batchesTracked)
    }

    /// As `Safetensors.write` takes them: with `num_batches_tracked`, so that PyTorch's `load_state_dict` finds all it wants.
    public func tensors() -> [Safetensors.Tensor] {
        let floats = topology.stateTensors.map { tensor in
            Safetensors.Tensor(name: tensor.name, shape: tensor.shape, values: values[tensor.name] ?? [])
        }
        return floats
            + Self.norms.map { Safetensors.Tensor(name: "\($0).num_batches_tracked", count: batchesTracked[$0] ?? 0) }
    }

    /// The batch norms, by their names in PyTorch's state_dict.
    static let norms = ["encoder", "decoder"].flatMap { part in (0..<4).map { "\(part).\(3 * $0 + 1)" } }
}

extension Safetensors.Tensor {
    /// A single whole number, I64.
    init(name: String, count: Int64) {
        self.init(name: name, dtype: "I64", shape: [], bytes: withUnsafeBytes(of: count.littleEndian) { Array($0) })
    }
}
