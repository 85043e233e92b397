import TestSupport
import CKernels
import Glibc
import Kernels
import Testing

@Suite("Vectors against float64")
struct VectorTests {
    static let tables = KernelTable.names.compactMap { KernelTable.named($0) }

    struct Shape: CustomTestStringConvertible, Sendable {
        var inputs, runs, columns: Int
        var testDescription: String { "\(inputs) inputs, \(runs) runs of \(columns)" }
    }

    static let shapes: [Shape] = {
        var random = SplitMix(seed: 3)
        return [
            Shape(inputs: 1, runs: 1, columns: 1), Shape(inputs: 512, runs: 1, columns: 64),
            Shape(inputs: 100, runs: 4, columns: 96), Shape(inputs: 7, runs: 3, columns: 33),
            Shape(inputs: 64, runs: 1, columns: 300), Shape(inputs: 5, runs: 2, columns: 31),
        ]
            + (0..<12).map { _ in
                func count(_ limit: Int) -> Int { Int.random(in: 1...limit, using: &random) }
                return Shape(inputs: count(70), runs: count(3), columns: count(90))
            }
    }()

    @Test(
        "Linear layers, with rows and columns in another order and padding between them", arguments: shapes,
        [false, true])
    func linear(shape: Shape, half: Bool) {
        var random = SplitMix(seed: UInt64(shape.inputs + 1000 * shape.columns))
        let outputs = shape.runs * shape.columns
        let weights = random.floats(outputs * shape.inputs)
        let bias = random.floats(outputs)
        let input = random.floats(shape.inputs)
        let (rows, columns) = ((0..<outputs).shuffled(using: &random), (0..<shape.inputs).shuffled(using: &random))
        let reordered = rows.flatMap { row in columns.map { weights[row * shape.inputs + $0] } }
        let expected = Oracle.linear(
            input.map(Double.init), weights: half ? reordered.map { Float(Float16($0)) } : reordered, bias: bias)
        let gap = 3
        for table in Self.tables {
            for side in Guarded<Float>.Side.allCases {
                var layout = table.layout
                let padded = (shape.columns + layout.linear_block - 1) / layout.linear_block * layout.linear_block
                let packed = Guarded<Float>(count: shape.runs * padded * shape.inputs, at: side)
                zanzo_pack_linear(
                    packed.base, weights, shape.inputs, rows.map { UInt32($0) }, columns.map { UInt32($0) }, shape.runs,
                    shape.columns, shape.inputs, &layout)
                let halves = Guarded<UInt16>(count: half ? packed.count : 0, at: side == .start ? .start : .end)
                if half { zanzo_halves_of(halves.base, packed.base, packed.count) }
                let biases = Guarded<Float>(count: shape.runs * padded, at: side)
                for index in 0..<outputs {
                    biases.base[index / shape.columns * padded + index % shape.columns] = bias[index]
                }
                let from = Guarded<Float>(input, at: side)
                let stride = shape.columns + gap
                let to = Guarded<Float>(
                    Array(repeating: Maps.sentinel, count: shape.runs * stride - gap), at: side)
                var layer = zanzo_linear_layer(
                    weights: half ? UnsafeRawPointer(halves.base) : UnsafeRawPointer(packed.base), bias: biases.base,
                    inputs: shape.inputs, runs: shape.runs, columns: shape.columns, out_stride: stride)
                (half ? table.linearHalf : table.linear)(to.base, from.base, &layer)
                for place in 0..<to.count {
                    let (run, column) = (place / stride, place % stride)
                    guard column < shape.columns else {
                        #expect(to.base[place] == Maps.sentinel, "\(table.name) wrote between two runs")
                        continue
                    }
                    let index = run * shape.columns + column
                    let error = abs(Double(to.base[place]) - expected.values[index])
                    #expect(error <= 1e-6 * expected.magnitude[index], "\(table.name)")
                }
            }
        }
    }

    @Test("The GRU's gates alone, guarded, of any size", arguments: [1, 7, 8, 9, 16, 33, 100])
    func gates(hidden: Int) {
        var random = SplitMix(seed: UInt64(hidden))
        let (gi, gh) = (random.floats(3 * hidden, in: -6...6), random.floats(3 * hidden, in: -6...6))
        let state = random.floats(hidden)
        func sigmoid(_ v: Double) -> Double { 1 / (1 + exp(-v)) }
        let expected = (0..<hidden).map { j in
            let (r, z) = (
                sigmoid(Double(gi[j]) + Double(gh[j])), sigmoid(Double(gi[hidden + j]) + Double(gh[hidden + j]))
            )
            let n = tanh(Double(gi[2 * hidden + j]) + r * Double(gh[2 * hidden + j]))
            return (1 - z) * n + z * Double(state[j])
        }
        for table in Self.tables {
            for side in Guarded<Float>.Side.allCases {
                let h = Guarded(state, at: side)
                let i = Guarded(gi, at: side)
                let s = Guarded(gh, at: side)
                table.gru(h.base, i.base, s.base, hidden)
                let worst = (0..<hidden).map { abs(Double(h.base[$0]) - expected[$0]) }.max() ?? 0
                #expect(worst < 1e-6, "\(table.name)")
            }
        }
    }

    @Test("GRU cell, PyTorch's equations", arguments: [(1, 1), (64, 100), (6, 10), (33, 7), (5, 16), (16, 129)])
    func gru(inputs: Int, hidden: Int) {
        var random = SplitMix(seed: UInt64(inputs * 1009 + hidden))
        let (wi, wh) = (random.floats(3 * hidden * inputs), random.floats(3 * hidden * hidden, in: -0.2...0.2))
        let (bi, bh) = (random.floats(3 * hidden), random.floats(3 * hidden))
        let x = random.floats(inputs, in: -2...2)
        for table in Self.tables {
            let layer = RecurrentLayer(
                inputWeights: wi, inputBias: bi, stateWeights: wh, stateBias: bh, inputs: inputs, hidden: hidden,
                kernels: table)
            var expected = [Double](repeating: 0, count: hidden)
            for side in Guarded<Float>.Side.allCases {
                let state = Guarded<Float>(count: hidden, at: side)
                let scratch = Guarded<Float>(count: 6 * hidden, at: side)
                let input = Guarded<Float>(x, at: side)
                expected = Array(repeating: 0, count: hidden)
                for _ in 0..<5 {
                    layer.run(input.base, state.base, scratch: scratch.base)
                    expected = Self.gruOracle(x.map(Double.init), expected, wi, wh, bi, bh)
                }
                let worst = (0..<hidden).map { abs(Double(state.base[$0]) - expected[$0]) }.max() ?? 0
                #expect(worst < 2e-6, "\(table.name)")
            }
        }
    }

    static func gruOracle(
        _ x: [Double], _ h: [Double], _ wi: [Float], _ wh: [Float], _ bi: [Float], _ bh: [Float]
    ) -> [Double] {
        let (gi, gh) = (Oracle.linear(x, weights: wi, bias: bi).values, Oracle.linear(h, weights: wh, bias: bh).values)
        func sigmoid(_ v: Double) -> Double { 1 / (1 + exp(-v)) }
        return h.indices.map { j in
            let (r, z) = (sigmoid(gi[j] + gh[j]), sigmoid(gi[h.count + j] + gh[h.count + j]))
            let n = tanh(gi[2 * h.count + j] + r * gh[2 * h.count + j])
            return (1 - z) * n + z * h[j]
        }
    }

    @Test("Saturated gates give whole numbers, not NaN")
    func saturation() {
        for table in Self.tables {
            let layer = RecurrentLayer(
                inputWeights: [1e30, -1e30, 1e30] as [Float], inputBias: [0, 0, 0],
                stateWeights: [0, 0, 0] as [Float], stateBias: [0, 0, 0], inputs: 1, hidden: 1, kernels: table)
            var state: Float = 0.5
            let scratch = Guarded<Float>(count: 6)
            layer.run([1], &state, scratch: scratch.base)
            #expect(state == 1, "\(table.name)")
            layer.run([-1], &state, scratch: scratch.base)
            #expect(state == 1, "\(table.name)")
        }
    }

    @Test("Luma becomes -1…1", arguments: [(1, 1), (16, 16), (3, 13), (5, 40)])
    func normalise(height: Int, width: Int) {
        var random = SplitMix(seed: UInt64(height * width))
        let luma = [0, 255] + (2..<max(2, height * width)).map { _ in UInt8.random(in: 0...255, using: &random) }
        for table in Self.tables {
            for side in Guarded<UInt8>.Side.allCases {
                let from = Guarded<UInt8>(Array(luma.prefix(height * width)), at: side)
                let to = Guarded<Float>(count: height * width, at: side == .start ? .start : .end)
                table.normalise(to.base, from.base, height, width, width)
                #expect(to.values == from.values.map { Float($0) / 127.5 - 1 }, "\(table.name)")
            }
        }
    }

    @Test("Numbers that are not finite are found at any alignment")
    func finite() {
        for (index, bad) in [Float.nan, .infinity, -.infinity].enumerated() {
            var bytes = [UInt8](repeating: 0, count: 4 * 9 + 1)
            bytes.withUnsafeMutableBytes { $0.storeBytes(of: bad, toByteOffset: 1 + 4 * (3 * index), as: Float.self) }
            bytes.withUnsafeBytes { raw in
                guard let base = raw.baseAddress else { return }
                #expect(Numbers.firstNotFinite(base + 1, count: 9) == 3 * index)
            }
        }
        #expect(Numbers.firstNotFinite([1, -2, .leastNonzeroMagnitude] as [Float], count: 3) == nil)
    }
}

@Suite("The table")
struct KernelTableTests {
    @Test("Names are known or explained")
    func names() {
        #expect(KernelTable.named("scalar")?.name == "scalar")
        #expect(KernelTable.named("mmx") == nil)
        #expect(KernelTable.problem(with: "mmx")?.contains(KernelTable.names.joined(separator: ", ")) == true)
        #expect(KernelTable.problem(with: "scalar") == nil)
        #expect(KernelTable.names.contains(KernelTable.best.name))
    }

    @Test("Denormals are flushed inside and only inside")
    func denormals() {
        for table in KernelTable.names.compactMap({ KernelTable.named($0) }) {
            let layer = LinearLayer(weights: [0.5] as [Float], bias: [0], inputs: 1, outputs: 1, kernels: table)
            func half(_ x: Float) -> Float {
                var half: Float = -1
                withUnsafePointer(to: x) { layer.run($0, into: &half) }
                return half
            }
            let smallest = Float.leastNormalMagnitude
            #expect(half(smallest) == smallest / 2, "\(table.name)")
            #expect(Numbers.flushingDenormals { half(smallest) } == 0, "\(table.name)")
            #expect(half(smallest) == smallest / 2, "\(table.name)")
        }
    }
}
