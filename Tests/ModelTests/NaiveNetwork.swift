import Glibc
import Model

/// The network from its definition, in float64, on PyTorch's layouts and tensors: slow and plain, to be believed.
struct NaiveNetwork {
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

    init(_ topology: Topology, _ tensors: [Safetensors.Tensor]) {
        self.topology = topology
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
        }
        let latent = linear(map.values, "fc1.0.weight", "fc1.0.bias")
        state = recurrent(latent)
        let side = topology.size / 16
        map = Map(channels: topology.widths[4], side: side, values: linear(state, "fc3.0.weight", "fc3.0.bias"))
        for layer in 0..<4 {
            map = transposed(map, "decoder.\(3 * layer)", topology.widths[3 - layer])
            map = normalised(map, "decoder.\(3 * layer + 1)")
            map.values = map.values.map { max(0, $0) }
        }
        map = convolution(map, "decoder.12", 1, stride: 1)
        return Step(latent: latent, hidden: state, output: map.values.map { tanh($0) })
    }

    private func tensor(_ name: String) -> [Double] { tensors[name] ?? [] }

    private func convolution(_ input: Map, _ name: String, _ outputs: Int, stride: Int) -> Map {
        let w = tensor("\(name).weight")
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
        let w = tensor("\(name).weight")
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

    private func linear(_ input: [Double], _ weights: String, _ bias: String) -> [Double] {
        let (w, b) = (tensor(weights), tensor(bias))
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
