import CKernels
import Kernels
import Testing
import TestSupport

@Suite("Convolutions of bytes against exact sums")
struct ByteConvolutionTests {
    static let tables = KernelTable.names.compactMap { KernelTable.named($0) }
    /// Those that take any weights, and those that add a group's products in 16 bits, too.
    static func tables(fits: Bool) -> [KernelTable] { tables.filter { fits || $0.layout.byte_group == 0 } }

    @Test("Sums are exact, their floats rounded once", arguments: ConvolutionShape.all, [UInt8(0), 128])
    func floats(shape: ConvolutionShape, zero: UInt8) {
        for fits in [false, true] { floats(ByteLayer(shape, zero: zero, fits: fits), Self.tables(fits: fits)) }
    }

    private func floats(_ given: ByteLayer, _ tables: [KernelTable]) {
        var layer = given
        let shape = layer.shape
        let sums = layer.sums()
        var plain = layer
        plain.scale = Array(repeating: 1, count: shape.outputs)
        plain.bias = Array(repeating: 0, count: shape.outputs)
        layer.bias[0] = -1e6  // everything rectified away
        for table in tables {
            for side in Guarded<UInt8>.Side.allCases {
                let found = plain.run(table, side, blank: Maps.sentinel)
                Maps.expect(found, like: sums, blank: Maps.sentinel, table.name) { value, index in
                    value == max(0, Float(sums.values[index])) ? 0 : 2
                }
                let scaled = layer.run(table, side, blank: Maps.sentinel)
                Maps.expect(scaled, like: sums, blank: Maps.sentinel, table.name) { value, index in
                    let output = index / (sums.height * sums.width)
                    let product = sums.values[index] * Double(layer.scale[output])
                    let wanted = max(0, product + Double(layer.bias[output]))
                    let allowed = 2e-7 * (abs(product) + abs(Double(layer.bias[output])))
                    return abs(Double(value) - wanted) / allowed
                }
            }
        }
    }

    @Test("Bytes are the nearest, and the same from every table", arguments: ConvolutionShape.all, [UInt8(0), 128])
    func bytes(shape: ConvolutionShape, zero: UInt8) {
        let layer = ByteLayer(shape, zero: zero)
        let sums = layer.sums()
        var first: [UInt8] = []
        for table in Self.tables {
            for side in Guarded<UInt8>.Side.allCases {
                let found: [UInt8] = layer.run(table, side, blank: 77)
                Maps.expect(found, like: sums, blank: 77, table.name) { byte, index in
                    let output = index / (sums.height * sums.width)
                    let exact = sums.values[index] * Double(layer.scale[output]) + Double(layer.bias[output])
                    return Maps.distance(byte, from: exact, doubt: 1e-4)
                }
                let padded = table.padded(shape.outputs)
                let values = found.indices.filter { $0 % padded < shape.outputs }.map { found[$0] }
                if first.isEmpty { first = values }
                #expect(values == first, "\(table.name) differs from \(Self.tables[0].name)")
            }
        }
    }

    @Test(
        "The largest bytes and weights, and scales that pass every limit", arguments: [false, true], [UInt8(0), 128])
    func extremes(isTransposed: Bool, zero: UInt8) {
        for fits in [false, true] { extremes(isTransposed, zero, fits: fits) }
    }

    private func extremes(_ isTransposed: Bool, _ zero: UInt8, fits: Bool) {
        let shape = ConvolutionShape(inputs: 1024, outputs: 9, height: 3, width: 3, isTransposed: isTransposed)
        var layer = ByteLayer(shape, zero: zero)
        layer.bias = Array(repeating: 0, count: shape.outputs)
        for byte in [UInt8(0), 255] {
            layer.input = Array(repeating: byte, count: layer.input.count)
            // An output of +127, one of -127, and one whose neighbours in a pair have both signs.
            for index in layer.weights.indices {
                let row = index / 9
                let (output, input) =
                    isTransposed ? (row % shape.outputs, row / shape.outputs) : (row / shape.inputs, row % shape.inputs)
                layer.weights[index] = [127, -127, input % 2 == 0 ? 127 : -127][output % 3]
            }
            if fits { layer.fit() }  // 32 and -32: four of them, times 255, are just what 16 bits hold
            let sums = layer.sums()
            for scale in [Float(1), 1e30, 1e-30] {
                layer.scale = Array(repeating: scale, count: shape.outputs)
                for table in Self.tables(fits: fits) {
                    let floats = layer.run(table, .end, blank: Maps.sentinel)
                    Maps.expect(floats, like: sums, blank: Maps.sentinel, table.name) { value, index in
                        value == max(0, Float(sums.values[index]) * scale) ? 0 : 2
                    }
                    let bytes: [UInt8] = layer.run(table, .end, blank: 77)
                    Maps.expect(bytes, like: sums, blank: 77, table.name) { byte, index in
                        Maps.distance(byte, from: sums.values[index] * Double(scale), doubt: 0)
                    }
                }
            }
        }
    }

    @Test(
        "However the work on several maps is cut, the bits are those of one map alone", arguments: ConvolutionShape.some
    )
    func shares(shape: ConvolutionShape) {
        let layer = ByteLayer(shape, zero: 128)
        let inputs = [layer.input, layer.input.map { 255 - $0 }, Array(layer.input.reversed())]
        for table in Self.tables {
            let alone: [[UInt8]] = inputs.map { layer.run(table, .end, blank: 77, inputs: [$0]) }
            for seed in 0..<2 {
                let random = SplitMix(seed: shape.seed + UInt64(seed))
                let found: [UInt8] = layer.run(table, .end, blank: 77, inputs: inputs, cutBy: random)
                #expect(found == alone.flatMap { $0 }, "\(table.name)")
            }
        }
    }

    /// A quantised layer differs from the layer by half a step of each weight and of the output, and no more.
    @Test("A layer's own quantisation keeps within its steps", arguments: ConvolutionShape.all, [UInt8(0), 128])
    func layer(shape: ConvolutionShape, zero: UInt8) {
        var random = SplitMix(seed: shape.seed)
        let bytes = (0..<shape.inputs * shape.inputHeight * shape.inputWidth).map { _ in
            UInt8.random(in: 0...255, using: &random)
        }
        let from = ByteScale(step: 0.02, zero: zero)
        let input = bytes.map { from.step * (Float($0) - Float(zero)) }
        var weights = random.floats(shape.outputs * shape.inputs * 9)
        // Outputs that training switched off or turned round, and one whose weights are as good as none.
        var scale = random.floats(shape.outputs, in: 0.5...2)
        for output in scale.indices where output % 4 > 0 { scale[output] = [0, -scale[output], 1e30][output % 4 - 1] }
        for index in weights.indices {
            let row = index / 9
            let output = shape.isTransposed ? row % shape.outputs : row / shape.inputs
            if output % 4 == 3 { weights[index] *= 0x1p-130 }
        }
        let bias = random.floats(shape.outputs, in: 0...3)
        let folded = weights.indices.map { index in
            let row = index / 9
            return weights[index] * scale[shape.isTransposed ? row % shape.outputs : row / shape.inputs]
        }
        let expected = shape.oracle(input, folded, bias)
        let reach = shape.oracle(input.map { abs($0) }, folded.map { _ in 1 }, bias.map { _ in 0 })
        for table in Self.tables {
            let source = ByteMap(
                height: shape.inputHeight, width: shape.inputWidth, channels: shape.inputs, zero: zero, kernels: table)
            let target = FloatMap(
                height: shape.outputHeight, width: shape.outputWidth, channels: shape.outputs, kernels: table)
            Self.fill(source, bytes)
            let layer = ByteConvolutionLayer(
                shape.isTransposed ? .transposed : .plain(stride: shape.stride), weights: weights, scale: scale,
                bias: bias, inputs: shape.inputs, outputs: shape.outputs, from: from, outputStep: nil, kernels: table)
            layer.run(source, into: target)
            let steps = Self.steps(shape, weights, group: table.layout.byte_group)
            Maps.expect(Array(target.elements()), like: expected, blank: 0, table.name) { value, index in
                let output = index / (expected.height * expected.width)
                let step = abs(Double(scale[output])) * (output % 4 == 3 ? 1e-36 : steps[output])
                let allowed = 0.501 * step * reach.values[index] + 1e-5 * (1 + expected.magnitude[index])
                return abs(Double(value) - max(0, expected.values[index])) / allowed
            }
        }
    }

    /// The most that a weight's step may be for each output, before batch norm: where no group of a table has to fit in 16
    /// bits, a 127th of the largest weight that these tests make, 1.
    private static func steps(_ shape: ConvolutionShape, _ weights: [Float], group: Int) -> [Double] {
        guard group > 0 else { return Array(repeating: 1.0 / 127, count: shape.outputs) }
        var largest = [Double](repeating: 0, count: shape.outputs)
        for (output, tap) in (0..<shape.outputs).flatMap({ output in (0..<9).map { (output, $0) } }) {
            var sums: [[Int]: Double] = [:]
            for input in 0..<shape.inputs {
                let row = shape.isTransposed ? input * shape.outputs + output : output * shape.inputs + input
                let w = Double(weights[row * 9 + tap])
                sums[[input / 4 / group, input / 2 % 2, w < 0 ? 0 : 1], default: 0] += abs(w)
            }
            largest[output] = max(largest[output], sums.values.max() ?? 0)
        }
        // A fiftieth of what 16 bits hold may be lost to rounding each weight of a group.
        return largest.map { max(1.0 / 127, $0 / (Double(ZANZO_BYTE_GROUP_LIMIT) * 0.98)) }
    }

    private static func fill(_ map: ByteMap, _ values: [UInt8]) {
        for c in 0..<map.channels {
            for y in 0..<map.height {
                for x in 0..<map.width {
                    map.mutablePixels[y * map.rowStride + x * map.pixelStride + c] =
                        values[(c * map.height + y) * map.width + x]
                }
            }
        }
    }
}
