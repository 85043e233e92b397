import CKernels
import Kernels
import Testing
import TestSupport

@Suite("Convolutions against float64")
struct ConvolutionTests {
    static let tables = KernelTable.names.compactMap { KernelTable.named($0) }

    @Test("Floats, also transposed", arguments: ConvolutionShape.all)
    func floats(shape: ConvolutionShape) {
        let layer = FloatLayer(shape)
        let expected = layer.expected()
        for table in Self.tables {
            for side in Guarded<Float>.Side.allCases {
                let found = layer.run(table, side, blank: Maps.sentinel)
                Maps.expect(found, is: expected, isRectified: shape.isRectified, table.name)
            }
        }
    }

    @Test("Weights in 16 bits, also transposed: the definition of the rounded weights", arguments: ConvolutionShape.all)
    func halves(shape: ConvolutionShape) {
        let layer = FloatLayer(shape)
        let expected = layer.expected(half: true)
        for table in Self.tables {
            for side in Guarded<Float>.Side.allCases {
                let found = layer.run(table, side, half: true, blank: Maps.sentinel)
                Maps.expect(found, is: expected, isRectified: shape.isRectified, table.name)
            }
        }
    }

    @Test("Outputs as bytes, of weights in 32 and 16 bits", arguments: ConvolutionShape.all, [false, true])
    func byteOutputs(shape: ConvolutionShape, half: Bool) {
        let layer = FloatLayer(shape)
        let expected = layer.expected(half: half)
        // So that some of the outputs are above 255.
        let byteScale = 200 / Float(expected.values.max { abs($0) < abs($1) }.map { abs($0) } ?? 1)
        for table in Self.tables {
            for side in Guarded<Float>.Side.allCases {
                for scale in [byteScale, 2 * byteScale] {
                    let found: [UInt8] = layer.run(table, side, half: half, byteScale: scale, blank: 77)
                    Maps.expect(found, like: expected, blank: 77, table.name) { byte, index in
                        let doubt = 1e-4 + 1e-6 * expected.magnitude[index] * Double(scale)
                        return Maps.distance(byte, from: expected.values[index] * Double(scale), doubt: doubt)
                    }
                }
            }
        }
    }

    /// Sums that overflow 32 bits as integers, numbers that have no more digits, and both in one sum.
    @Test(
        "Tiny and huge numbers", arguments: ConvolutionShape.some, [Float(0x1p-133), 1e-30, 1e30])
    func extremes(shape: ConvolutionShape, size: Float) {
        var layer = FloatLayer(shape)
        layer.input = layer.input.map { $0 * size }
        layer.bias = layer.bias.map { $0 * size }
        for index in stride(from: 0, to: layer.input.count, by: 3) { layer.input[index] /= 1000 }
        for half in [false, true] {
            let expected = layer.expected(half: half)
            for table in Self.tables {
                let found = layer.run(table, .end, half: half, blank: Maps.sentinel)
                // A product of tiny numbers is rounded to the last digit that there is, each for itself.
                let digits = Double(9 * shape.inputs) * Double(Float.leastNonzeroMagnitude)
                Maps.expect(found, like: expected, blank: Maps.sentinel, table.name) { value, index in
                    let wanted = shape.isRectified ? max(0, expected.values[index]) : expected.values[index]
                    return abs(Double(value) - wanted) / (2e-6 * expected.magnitude[index] + digits)
                }
                let bytes: [UInt8] = layer.run(table, .end, half: half, byteScale: 1, blank: 77)
                Maps.expect(bytes, like: expected, blank: 77, table.name) { byte, index in
                    let doubt = 1e-4 + 1e-6 * expected.magnitude[index]
                    return Maps.distance(byte, from: expected.values[index], doubt: doubt)
                }
            }
        }
    }

    @Test(
        "However the work on several maps is cut, the bits are those of one map alone", arguments: ConvolutionShape.some
    )
    func shares(shape: ConvolutionShape) {
        let layer = FloatLayer(shape)
        let inputs = [layer.input, layer.input.map { 0.5 - $0 }, Array(layer.input.reversed())]
        for table in Self.tables {
            for half in [false, true] {
                let alone: [[Float]] = inputs.map {
                    layer.run(table, .end, half: half, blank: Maps.sentinel, inputs: [$0])
                }
                for seed in 0..<2 {
                    let found = layer.run(
                        table, .end, half: half, blank: Maps.sentinel, inputs: inputs,
                        cutBy: SplitMix(seed: shape.seed + UInt64(seed)))
                    #expect(found == alone.flatMap { $0 }, "\(table.name)")
                }
            }
        }
    }

    @Test("Convolution to a few channels, with tanh", arguments: ConvolutionShape.chosen + ConvolutionShape.random)
    func few(shape: ConvolutionShape) {
        var random = SplitMix(seed: UInt64(shape.inputs * 139 + shape.outputs))
        let (height, width) = (shape.height, shape.width)
        let outputs = 1 + shape.outputs % 3
        let input = random.floats(shape.inputs * height * width)
        let weights = random.floats(outputs * shape.inputs * 9, in: -0.1...0.1)
        let bias = random.floats(outputs)
        let expected = Oracle.convolution(
            Oracle.Map(channels: shape.inputs, height: height, width: width, values: input.map(Double.init)),
            weights: weights, bias: bias, outputs: outputs, stride: 1)
        for table in Self.tables {
            for side in Guarded<Float>.Side.allCases {
                var layout = table.layout
                let inStride = table.padded(shape.inputs)
                let packed = Guarded<Float>(count: 9 * outputs * inStride, at: side)
                let ones = [Float](repeating: 1, count: outputs)
                zanzo_pack_conv3x3_few(packed.base, weights, ones, outputs, shape.inputs, &layout)
                let biases = Guarded<Float>(bias, at: side)
                let from = Guarded<Float>(
                    Maps.bordered(input, shape.inputs, height, width, inStride, 0), at: side)
                let to = Guarded<Float>(count: height * width * outputs, at: side)
                var layer = zanzo_convolution(
                    weights: packed.base, bias: biases.base, height: height, width: width, in_channels: shape.inputs,
                    out_channels: outputs, stride: 1, in_row: (width + 2) * inStride, in_pixel: inStride,
                    out_row: width * outputs, out_pixel: outputs, activation: ZANZO_TANH,
                    share: zanzo_share(
                        maps: 1, in_map: 0, out_map: 0, first_pixel: 0, end_pixel: height * width, first_output: 0,
                        end_output: outputs), byte_scale: 0)
                table.conv3x3Few(to.base, from.base, &layer)
                var worst = 0.0
                for pixel in 0..<height * width {
                    for o in 0..<outputs {
                        let index = o * height * width + pixel
                        let error = abs(Double(to.base[pixel * outputs + o]) - Maps.tanh(expected.values[index]))
                        worst = max(worst, error / (1e-6 * (1 + expected.magnitude[index])))
                    }
                }
                #expect(worst <= 1, "\(table.name)")
            }
        }
    }
}
