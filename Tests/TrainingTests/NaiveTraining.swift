import Glibc
import Model

/// A step's loss from the network's definition in training mode, in float64, on PyTorch's layouts and tensors.
struct NaiveTraining {
    let topology: Topology
    let batch, window: Int
    var usesBatchStatistics = true
    /// By PyTorch's names.
    var tensors: [String: [Double]]
    /// [batch][window][size][size] and [batch][hidden].
    var frames, hidden: [Double]

    /// [frames][channels][side][side].
    private struct Map {
        var channels, side: Int
        var values: [Double]
        var area: Int { side * side }
    }

    private var count: Int { batch * window }

    /// The loss, and the states after the last frames.
    func run() -> (loss: Double, output: [Double], hidden: [Double]) {
        var map = Map(channels: 1, side: topology.size, values: frames)
        for layer in 0..<5 {
            map = convolution(map, "encoder.\(3 * layer)", topology.widths[layer], stride: layer == 0 ? 1 : 2)
            if layer < 4 { normalise(&map, "encoder.\(3 * layer + 1)") }
            map.values = map.values.map { max(0, $0) }
        }
        let flat = map.channels * map.area
        var states = (0..<batch).map { Array(hidden[$0 * topology.hidden..<($0 + 1) * topology.hidden]) }
        var decoded: [Double] = []
        for b in 0..<batch {
            for t in 0..<window {
                let start = (b * window + t) * flat
                let latent = linear(Array(map.values[start..<start + flat]), "fc1.0.weight", "fc1.0.bias")
                states[b] = recurrent(latent, states[b])
                decoded += linear(states[b], "fc3.0.weight", "fc3.0.bias")
            }
        }
        map = Map(channels: map.channels, side: map.side, values: decoded)
        for layer in 0..<4 {
            map = transposed(map, "decoder.\(3 * layer)", topology.widths[3 - layer])
            normalise(&map, "decoder.\(3 * layer + 1)")
            map.values = map.values.map { max(0, $0) }
        }
        map = convolution(map, "decoder.12", 1, stride: 1)
        let output = map.values.map { tanh($0) }
        let loss = zip(output, frames).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / Double(frames.count)
        return (loss, output, states.flatMap { $0 })
    }

    /// dloss / d(element), by the difference of two runs: so near one another that hardly a ReLU turns between them.
    func derivative(of name: String, _ index: Int, step: Double = 1e-7) -> Double {
        func loss(_ change: Double) -> Double {
            var copy = self
            copy.tensors[name]?[index] += change
            return copy.run().loss
        }
        return (loss(step) - loss(-step)) / (2 * step)
    }

    private func tensor(_ name: String) -> [Double] { tensors[name] ?? [] }

    private func convolution(_ input: Map, _ name: String, _ outputs: Int, stride: Int) -> Map {
        let w = tensor("\(name).weight"), side = input.side / stride
        var out = Map(channels: outputs, side: side, values: Array(repeating: 0, count: count * outputs * side * side))
        for frame in 0..<count {
            for o in 0..<outputs {
                for c in 0..<input.channels {
                    let from = (frame * input.channels + c) * input.area, to = (frame * outputs + o) * out.area
                    for pixel in 0..<out.area {
                        let (top, left) = (pixel / side * stride - 1, pixel % side * stride - 1)
                        for tap in 0..<9 {
                            let (y, x) = (top + tap / 3, left + tap % 3)
                            guard y >= 0, y < input.side, x >= 0, x < input.side else { continue }
                            out.values[to + pixel] +=
                                w[(o * input.channels + c) * 9 + tap] * input.values[from + y * input.side + x]
                        }
                    }
                }
            }
        }
        return out
    }

    private func transposed(_ input: Map, _ name: String, _ outputs: Int) -> Map {
        let w = tensor("\(name).weight"), side = 2 * input.side
        var out = Map(channels: outputs, side: side, values: Array(repeating: 0, count: count * outputs * side * side))
        for frame in 0..<count {
            for c in 0..<input.channels {
                for o in 0..<outputs {
                    let from = (frame * input.channels + c) * input.area, to = (frame * outputs + o) * out.area
                    for pixel in 0..<input.area {
                        for tap in 0..<9 {
                            let y = 2 * (pixel / input.side) - 1 + tap / 3, x = 2 * (pixel % input.side) - 1 + tap % 3
                            guard y >= 0, y < side, x >= 0, x < side else { continue }
                            out.values[to + y * side + x] += w[(c * outputs + o) * 9 + tap] * input.values[from + pixel]
                        }
                    }
                }
            }
        }
        return out
    }

    private func normalise(_ map: inout Map, _ name: String) {
        let (gamma, beta) = (tensor("\(name).weight"), tensor("\(name).bias"))
        for c in 0..<map.channels {
            let places = (0..<count).flatMap { frame in
                (0..<map.area).map { (frame * map.channels + c) * map.area + $0 }
            }
            var (mean, variance) = (tensor("\(name).running_mean")[c], tensor("\(name).running_var")[c])
            if usesBatchStatistics {
                mean = places.reduce(0) { $0 + map.values[$1] } / Double(places.count)
                variance =
                    places.reduce(0) { $0 + (map.values[$1] - mean) * (map.values[$1] - mean) } / Double(places.count)
            }
            for place in places {
                map.values[place] = (map.values[place] - mean) / (variance + 1e-5).squareRoot() * gamma[c] + beta[c]
            }
        }
    }

    private func linear(_ input: [Double], _ weights: String, _ bias: String) -> [Double] {
        let (w, b) = (tensor(weights), tensor(bias))
        return b.indices.map { row in
            var sum = b[row]
            for index in input.indices { sum += w[row * input.count + index] * input[index] }
            return sum
        }
    }

    private func recurrent(_ x: [Double], _ state: [Double]) -> [Double] {
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
