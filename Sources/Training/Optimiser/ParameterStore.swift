internal import CKernels
import Kernels
import Model

/// All learnable numbers in one stretch of memory, their gradients and Adam's moments in three more of the same shape.
///
/// Each tensor lies as its layer's kernels read it (`Arrangement`), padding zero: so padding's gradients and moments are
/// zero too, and it stays zero.
final class ParameterStore {
    /// One tensor's place in each of the four stretches.
    struct Entry {
        let name: String
        let shape: [Int]
        let offset, count: Int
        let arrangement: Arrangement
        let blocks: Arrangement.Blocks
    }

    let topology: Topology
    let entries: [Entry]
    let weights, gradients, means, squares: SharedBuffer<Float>
    private let kernels: KernelTable

    init(_ topology: Topology, kernels: KernelTable) {
        (self.topology, self.kernels) = (topology, kernels)
        var (entries, end) = ([Entry](), 0)
        for (name, shape) in Self.tensors(topology) {
            let (arrangement, blocks, count) = Self.arrangement(name, shape, topology, kernels)
            entries.append(
                Entry(name: name, shape: shape, offset: end, count: count, arrangement: arrangement, blocks: blocks))
            end += padded(count, to: 64)
        }
        self.entries = entries
        weights = SharedBuffer(count: end)
        gradients = SharedBuffer(count: end)
        means = SharedBuffer(count: end)
        squares = SharedBuffer(count: end)
    }

    /// The tensors that are learnt.
    static func tensors(_ topology: Topology) -> [(name: String, shape: [Int])] {
        topology.stateTensors.filter { !$0.name.contains(".running_") }
    }

    /// Floats of a map without border as a vector: a multiple of every table's block (`ActivationMap.mapStride`).
    static func flatCount(_ t: Topology, _ kernels: KernelTable) -> Int {
        padded(t.size / 16 * (t.size / 16) * kernels.padded(t.widths[4]), to: 64)
    }

    private static func arrangement(
        _ name: String, _ shape: [Int], _ t: Topology, _ k: KernelTable
    ) -> (Arrangement, Arrangement.Blocks, Int) {
        var blocks = Arrangement.Blocks(lanes: k.layout.lanes, block: k.layout.block)
        func whole(_ count: Int) -> Int { padded(count, to: blocks.block) }
        let flat = flatCount(t, k)
        let map = Arrangement.map(
            pixels: t.size / 16 * (t.size / 16), stride: k.padded(t.widths[4]))
        func matrix(_ rows: Arrangement, _ outputs: Int, _ columns: Arrangement, _ inputs: Int)
            -> (Arrangement, Arrangement.Blocks, Int)
        {
            (blocks.outputs, blocks.inputs) = (outputs, inputs)
            let order = Arrangement.matrix(columns: shape[1], rowOrder: rows, columnOrder: columns)
            return (order, blocks, outputs * inputs)
        }
        switch name {
        case "decoder.12.weight": return (.turnedTaps(channels: shape[1]), blocks, 9 * k.padded(shape[1]))
        case "fc1.0.weight": return matrix(.vector, whole(t.latent), map, flat)
        case "fc3.0.weight": return matrix(map, flat, .vector, whole(t.hidden))
        case "fc3.0.bias": return (map, blocks, flat)
        case "gru.weight_ih_l0": return matrix(.vector, whole(3 * t.hidden), .vector, whole(t.latent))
        case "gru.weight_hh_l0": return matrix(.vector, whole(3 * t.hidden), .vector, whole(t.hidden))
        default:
            if shape.count == 4 {
                return (.taps(small: shape[0], big: shape[1]), blocks, 9 * shape[1] * k.padded(shape[0]))
            }
            return (.vector, blocks, whole(shape[0]))
        }
    }

    subscript(name: String) -> Entry {
        guard let entry = entries.first(where: { $0.name == name }) else {
            preconditionFailure("ParameterStore: no tensor \(name)")
        }
        return entry
    }

    /// A tensor's values in the file's order, of any of the four stretches.
    func values(of entry: Entry, in memory: SharedBuffer<Float>) -> [Float] {
        let from = memory.base + entry.offset
        return (0..<entry.shape.reduce(1, *)).map { from[entry.arrangement.place(of: $0, entry.blocks)] }
    }

    /// The other way.
    func set(_ values: [Float], of entry: Entry, in memory: SharedBuffer<Float>) {
        precondition(values.count == entry.shape.reduce(1, *), "ParameterStore: \(entry.name) of another shape")
        let to = memory.base + entry.offset
        for (index, value) in values.enumerated() { to[entry.arrangement.place(of: index, entry.blocks)] = value }
    }
}
