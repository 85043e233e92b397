import Glibc
import Model

/// The network from its definition, in float64, on PyTorch's layouts and tensors: slow and plain, to be believed. With
/// ranges, it rounds where the byte network does.
struct NaiveNetwork {
    /// The largest activations so far.
    private(set) var seen = ActivationRanges()
    private let ranges: ActivationRanges?
    private let byteGroup: Int
    private let topology: Topology
    private let tensors: [String: [Double]]
    private var state: [Double]

    struct Step {
        var latent, hidden, output: [Double]
    }

    private struct Map {
        var channels, side: Int
        var values: [Double]

        func at(_ c: Int, _ y: Int, _ x: Int) -> Double {
            y >= 0 && y < side && x >= 0 && x < side ? values[(c * side + y) * side + x] : 0
        }
    }

    init(_ topology: Topology, _ tensors: [Safetensors.Tensor], ranges: ActivationRanges? = nil, byteGroup: Int = 0) {
        (self.topology, self.ranges, self.byteGroup) = (topology, ranges, byteGroup)
        var byName: [String: [Double]] = [:]
        for tensor in tensors where tensor.dtype == "F32" {
            byName[tensor.name] = tensor.bytes.withUnsafeBytes { raw in
                (0..<raw.count / 4).map { Double(raw.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self)) }
            }
        }
        self.tensors = byName
        state = Array(repeating: 0, count: topology.hidden)
    }

    mutating func step(_ luma: [UInt8]) -> Step {
        var map = Map(channels: 1, side: topology.size, values: luma.map { Double($0) / 127.5 - 1 })
        for layer in 0..<5 {
            map = convolution(map, "encoder.\(3 * layer)", topology.widths[layer], stride: layer == 0 ? 1 : 2)
            if layer < 4 { map = normalised(map, "encoder.\(3 * layer + 1)") }
            map.values = map.values.map { max(0, $0) }
            if layer < 4 {
                seen.encoder[layer] = max(seen.encoder[layer], Self.largest(map))
                Self.round(&map, largest: ranges?.encoder[layer], steps: 255)
            }
        }
        let latent = linear(map.values, "fc1.0.weight", "fc1.0.bias", isRounded: true)
        state = recurrent(latent)
        let side = topology.size / 16
        map = Map(
            channels: topology.widths[4], side: side,
            values: linear(state, "fc3.0.weight", "fc3.0.bias", isRounded: true))
        seen.hidden = max(seen.hidden, Self.largest(map))
        Self.round(&map, largest: ranges?.hidden, steps: 127, zero: 128)
        for layer in 0..<4 {
            map = transposed(map, "decoder.\(3 * layer)", topology.widths[3 - layer])
            map = normalised(map, "decoder.\(3 * layer + 1)")
            map.values = map.values.map { max(0, $0) }
            if layer < 3 {
                seen.decoder[layer] = max(seen.decoder[layer], Self.largest(map))
                Self.round(&map, largest: ranges?.decoder[layer], steps: 255)
            }
        }
        map = convolution(map, "decoder.12", 1, stride: 1)
        return Step(latent: latent, hidden: state, output: map.values.map { tanh($0) })
    }

    private func tensor(_ name: String) -> [Double] { tensors[name] ?? [] }

    private static func largest(_ map: Map) -> Float { Float(map.values.reduce(0) { max($0, abs($1)) }) }

    /// Holds activations in bytes of which one more means largest / steps.
    private static func round(_ map: inout Map, largest: Float?, steps: Double, zero: Double = 0) {
        guard let largest else { return }
        let step = Double(largest) / steps
        map.values = map.values.map {
            (min(255, max(0, ($0 / step).rounded(.toNearestOrEven) + zero)) - zero) * step
        }
    }

    /// A layer's weights; of the byte network, each output's rounded to 127ths of the largest, or coarser where the table's
    /// `byte_group` asks for it. `place` says whose a weight is, and of which input.
    private func weights(
        _ name: String, _ outputs: Int, isRounded: Bool, place: (Int) -> (output: Int, input: Int)
    ) -> [Double] {
        let all = tensor("\(name).weight")
        guard isRounded, ranges != nil else { return all }
        var largest = [Double](repeating: 0, count: outputs)
        for index in all.indices { largest[place(index).output] = max(largest[place(index).output], abs(all[index])) }
        var steps = largest.map { $0 / 127 }
        if byteGroup > 0 {
            var sums: [[Int]: Double] = [:]
            for index in all.indices {
                let (o, c) = place(index)
                sums[[o, index % 9, c / 4 / byteGroup, c / 2 % 2, all[index] < 0 ? 0 : 1], default: 0] += abs(
                    all[index])
            }
            for (key, sum) in sums { steps[key[0]] = max(steps[key[0]], sum / (128 - Double(byteGroup) - 0.01)) }
        }
        return all.indices.map { index in
            let step = steps[place(index).output]
            return (all[index] / step).rounded(.toNearestOrEven) * step
        }
    }

    private func convolution(_ input: Map, _ name: String, _ outputs: Int, stride: Int) -> Map {
        // The first layer and the last stay in floats.
        let w = weights(name, outputs, isRounded: stride == 2) { ($0 / 9 / input.channels, $0 / 9 % input.channels) }
        let side = input.side / stride
        var values: [Double] = []
        for o in 0..<outputs {
            for pixel in 0..<side * side {
                let (y, x) = (pixel / side * stride - 1, pixel % side * stride - 1)
                var sum = 0.0
                for c in 0..<input.channels {
                    for tap in 0..<9 {
                        sum += w[(o * input.channels + c) * 9 + tap] * input.at(c, y + tap / 3, x + tap % 3)
                    }
                }
                values.append(sum)
            }
        }
        return Map(channels: outputs, side: side, values: values)
    }

    private func transposed(_ input: Map, _ name: String, _ outputs: Int) -> Map {
        let w = weights(name, outputs, isRounded: true) { ($0 / 9 % outputs, $0 / 9 / outputs) }
        let side = 2 * input.side
        var out = Map(channels: outputs, side: side, values: Array(repeating: 0, count: outputs * side * side))
        for c in 0..<input.channels {
            for pixel in 0..<input.side * input.side {
                let value = input.values[c * input.side * input.side + pixel]
                for o in 0..<outputs {
                    for tap in 0..<9 {
                        let y = 2 * (pixel / input.side) - 1 + tap / 3
                        let x = 2 * (pixel % input.side) - 1 + tap % 3
                        guard y >= 0, y < side, x >= 0, x < side else { continue }
                        out.values[(o * side + y) * side + x] += value * w[(c * outputs + o) * 9 + tap]
                    }
                }
            }
        }
        return out
    }

    private func normalised(_ map: Map, _ name: String) -> Map {
        let (gamma, beta) = (tensor("\(name).weight"), tensor("\(name).bias"))
        let (mean, variance) = (tensor("\(name).running_mean"), tensor("\(name).running_var"))
        var out = map
        for index in out.values.indices {
            let c = index / (map.side * map.side)
            out.values[index] = (map.values[index] - mean[c]) / (variance[c] + 1e-5).squareRoot() * gamma[c] + beta[c]
        }
        return out
    }

    /// `isRounded`: whether the byte network has the weights in 16 bits.
    private func linear(_ input: [Double], _ weights: String, _ bias: String, isRounded: Bool = false) -> [Double] {
        let (exact, b) = (tensor(weights), tensor(bias))
        let w = isRounded && ranges != nil ? exact.map { Double(Float16($0)) } : exact
        return b.indices.map { row in
            input.indices.reduce(b[row]) { $0 + w[row * input.count + $1] * input[$1] }
        }
    }

    private func recurrent(_ x: [Double]) -> [Double] {
        let gi = linear(x, "gru.weight_ih_l0", "gru.bias_ih_l0")
        let gh = linear(state, "gru.weight_hh_l0", "gru.bias_hh_l0")
        func sigmoid(_ v: Double) -> Double { 1 / (1 + exp(-v)) }
        let n = state.count
        return state.indices.map { j in
            let (reset, update) = (sigmoid(gi[j] + gh[j]), sigmoid(gi[n + j] + gh[n + j]))
            return (1 - update) * tanh(gi[2 * n + j] + reset * gh[2 * n + j]) + update * state[j]
        }
    }
}
