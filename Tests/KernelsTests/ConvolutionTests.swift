import TestSupport
import CKernels
import Kernels
import Testing

@Suite("Convolutions against float64")
struct ConvolutionTests {
    struct Shape: CustomTestStringConvertible, Sendable {
        var inputs, outputs, height, width: Int
        var stride = 1
        var isRectified = true
        var testDescription: String { "\(inputs) to \(outputs) channels, \(height)x\(width) outputs, stride \(stride)" }
    }

    /// The article's kinds of layers at a size that a debug build gets through: few pixels and many channels, many
    /// pixels and few channels, weights that stay in the cache and weights that are streamed, tails of every kind.
    static let shapes: [Shape] = [
        Shape(inputs: 1, outputs: 32, height: 16, width: 16), Shape(inputs: 1, outputs: 8, height: 5, width: 3),
        Shape(inputs: 3, outputs: 5, height: 7, width: 9, stride: 2, isRectified: false),
        Shape(inputs: 32, outputs: 64, height: 8, width: 8, stride: 2),
        Shape(inputs: 272, outputs: 24, height: 4, width: 4, stride: 2),
        Shape(inputs: 130, outputs: 17, height: 11, width: 9), Shape(inputs: 1, outputs: 1, height: 1, width: 1),
        Shape(inputs: 8, outputs: 16, height: 2, width: 2, stride: 2),
        Shape(inputs: 9, outputs: 40, height: 1, width: 13),
    ]

    static let randomShapes: [Shape] = {
        var random = SplitMix(seed: 11)
        return (0..<24).map { _ in
            func count(_ limit: Int) -> Int { Int.random(in: 1...limit, using: &random) }
            return Shape(
                inputs: count(40), outputs: count(50), height: count(12), width: count(12), stride: count(2),
                isRectified: count(2) == 1)
        }
    }()

    static let tables = KernelTable.names.compactMap { KernelTable.named($0) }

    @Test("Convolution", arguments: shapes + randomShapes)
    func convolution(shape: Shape) {
        var random = SplitMix(seed: UInt64(shape.inputs * 131 + shape.outputs))
        let (height, width) = (shape.height * shape.stride, shape.width * shape.stride)
        let input = random.floats(shape.inputs * height * width)
        let weights = random.floats(shape.outputs * shape.inputs * 9)
        let scale = random.floats(shape.outputs, in: 0.5...2)
        let bias = random.floats(shape.outputs)
        let expected = Oracle.convolution(
            Oracle.Map(channels: shape.inputs, height: height, width: width, values: input.map(Double.init)),
            weights: Maps.scaled(weights, by: scale), bias: bias, outputs: shape.outputs, stride: shape.stride)
        for table in Self.tables {
            for side in Guarded<Float>.Side.allCases {
                var layout = table.layout
                let padded = table.padded(shape.outputs)
                let packed = Guarded<Float>(count: 9 * shape.inputs * padded, at: side)
                zanzo_pack_conv3x3(packed.base, weights, scale, shape.outputs, shape.inputs, 1, &layout)
                let biases = Guarded<Float>(bias + Array(repeating: 0, count: padded - shape.outputs), at: side)
                let inStride = shape.inputs == 1 ? 1 : table.padded(shape.inputs)
                let from = Maps.bordered(input, shape.inputs, height, width, inStride, side)
                let to = Maps.blank(shape.height, shape.width, padded, side)
                var layer = zanzo_convolution(
                    weights: packed.base, bias: biases.base, height: shape.height, width: shape.width,
                    in_channels: shape.inputs, out_channels: padded, stride: shape.stride,
                    in_row: (width + 2) * inStride, in_pixel: inStride, out_row: (shape.width + 2) * padded,
                    out_pixel: padded, activation: shape.isRectified ? ZANZO_RELU : ZANZO_IDENTITY,
                    share: Maps.whole(shape.height * shape.width, padded), byte_scale: 0)
                table.conv3x3(to.base + (shape.width + 3) * padded, from.base, &layer)
                Maps.expect(to, is: expected, pixelStride: padded, isRectified: shape.isRectified, table.name)
            }
        }
    }

    @Test("Transposed convolution", arguments: shapes + randomShapes)
    func transposed(shape: Shape) {
        var random = SplitMix(seed: UInt64(shape.inputs * 137 + shape.outputs))
        let (height, width) = (shape.height, shape.width)
        let input = random.floats(shape.inputs * height * width)
        let weights = random.floats(shape.outputs * shape.inputs * 9)
        let bias = random.floats(shape.outputs)
        let expected = Oracle.transposed(
            Oracle.Map(channels: shape.inputs, height: height, width: width, values: input.map(Double.init)),
            weights: weights, bias: bias, outputs: shape.outputs)
        for table in Self.tables {
            for side in Guarded<Float>.Side.allCases {
                var layout = table.layout
                let (padded, inStride) = (table.padded(shape.outputs), table.padded(shape.inputs))
                let packed = Guarded<Float>(count: 9 * shape.inputs * padded, at: side)
                let ones = [Float](repeating: 1, count: shape.outputs)
                zanzo_pack_deconv3x3(packed.base, weights, ones, shape.outputs, shape.inputs, 1, &layout)
                let biases = Guarded<Float>(bias + Array(repeating: 0, count: padded - shape.outputs), at: side)
                let from = Maps.bordered(input, shape.inputs, height, width, inStride, side)
                let to = Maps.blank(2 * height, 2 * width, padded, side)
                var layer = zanzo_convolution(
                    weights: packed.base, bias: biases.base, height: height, width: width, in_channels: shape.inputs,
                    out_channels: padded, stride: 2, in_row: (width + 2) * inStride, in_pixel: inStride,
                    out_row: (2 * width + 2) * padded, out_pixel: padded,
                    activation: shape.isRectified ? ZANZO_RELU : ZANZO_IDENTITY,
                    share: Maps.whole(height * width, padded), byte_scale: 0)
                table.deconv3x3(
                    to.base + (2 * width + 3) * padded, from.base + (width + 3) * inStride, &layer)
                Maps.expect(to, is: expected, pixelStride: padded, isRectified: shape.isRectified, table.name)
            }
        }
    }

    @Test("Convolution to a few channels, with tanh", arguments: shapes + randomShapes)
    func few(shape: Shape) {
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
                let from = Maps.bordered(input, shape.inputs, height, width, inStride, side)
                let to = Guarded<Float>(count: height * width * outputs, at: side)
                var layer = zanzo_convolution(
                    weights: packed.base, bias: biases.base, height: height, width: width, in_channels: shape.inputs,
                    out_channels: outputs, stride: 1, in_row: (width + 2) * inStride, in_pixel: inStride,
                    out_row: width * outputs, out_pixel: outputs, activation: ZANZO_TANH,
                    share: Maps.whole(height * width, outputs), byte_scale: 0)
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
