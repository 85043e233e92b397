import CKernels
import Kernels
import Testing
import TestSupport

/// A 3×3 layer's sizes. `height` and `width` are of the output; of the input where the layer is transposed.
struct ConvolutionShape: CustomTestStringConvertible, Sendable {
    var inputs, outputs, height, width: Int
    var stride = 1
    var isRectified = true
    var isTransposed = false

    var testDescription: String {
        let kind = isTransposed ? "transposed" : "stride \(stride)"
        return "\(inputs) to \(outputs) channels, \(height)x\(width), \(kind)\(isRectified ? "" : ", no ReLU")"
    }

    var inputHeight: Int { isTransposed ? height : height * stride }
    var inputWidth: Int { isTransposed ? width : width * stride }
    var outputHeight: Int { isTransposed ? 2 * height : height }
    var outputWidth: Int { isTransposed ? 2 * width : width }
    var seed: UInt64 { UInt64(inputs * 131 + outputs * 7 + height) }

    /// The article's kinds of layers at a size that a debug build gets through: few pixels and many channels, many
    /// pixels and few channels, weights that stay in the cache and weights that are streamed, tails of every kind.
    static let chosen: [ConvolutionShape] = [
        ConvolutionShape(inputs: 1, outputs: 32, height: 16, width: 16),
        ConvolutionShape(inputs: 1, outputs: 8, height: 5, width: 3),
        ConvolutionShape(inputs: 3, outputs: 5, height: 7, width: 9, stride: 2, isRectified: false),
        ConvolutionShape(inputs: 32, outputs: 64, height: 8, width: 8, stride: 2),
        ConvolutionShape(inputs: 272, outputs: 24, height: 4, width: 4, stride: 2),
        ConvolutionShape(inputs: 130, outputs: 17, height: 11, width: 9),
        ConvolutionShape(inputs: 1, outputs: 1, height: 1, width: 1),
        ConvolutionShape(inputs: 8, outputs: 16, height: 2, width: 2, stride: 2),
        ConvolutionShape(inputs: 9, outputs: 40, height: 1, width: 13),
        // More units than a slice, also of bytes, and more pixels than a panel.
        ConvolutionShape(inputs: 1030, outputs: 6, height: 2, width: 1),
        ConvolutionShape(inputs: 70, outputs: 33, height: 10, width: 11),
    ]

    static let random: [ConvolutionShape] = {
        var random = SplitMix(seed: 11)
        return (0..<20).map { _ in
            func count(_ limit: Int) -> Int { Int.random(in: 1...limit, using: &random) }
            return ConvolutionShape(
                inputs: count(40), outputs: count(50), height: count(12), width: count(12), stride: count(2),
                isRectified: count(2) == 1)
        }
    }()

    /// Convolutions and transposed ones of all those sizes.
    static let all = (chosen + random).flatMap { [$0, $0.transposed] }

    /// Those that Winograd's kernels take, stride 2 and transposed: their sizes doubled, for they are even, so that there are
    /// few tiles and many, tiles that are more than a panel's, and channels of every remainder.
    static let winograd: [ConvolutionShape] = {
        let many = ConvolutionShape(inputs: 5, outputs: 9, height: 12, width: 14)
        let deep = ConvolutionShape(inputs: 520, outputs: 18, height: 2, width: 2)
        return (chosen + random + [many, deep]).filter { $0.inputs > 1 && $0.inputs < 1000 }.flatMap { shape in
            var strided = shape
            strided.stride = 2
            if shape.height * shape.width < 200 {
                (strided.height, strided.width) = (2 * shape.height, 2 * shape.width)
            }
            if strided.inputs > 100 { (strided.height, strided.width) = (4, 2) }
            return [strided, strided.transposed]
        }
    }()

    /// Some of each kind, for tests that run a layer many times.
    static let some = (chosen + random.prefix(4)).filter { $0.inputs < 200 }.flatMap { [$0, $0.transposed] }

    private var transposed: ConvolutionShape {
        var shape = self
        (shape.stride, shape.isTransposed) = (1, true)
        return shape
    }

    func oracle(_ input: [Float], _ weights: [Float], _ bias: [Float]) -> Oracle.Map {
        let map = Oracle.Map(channels: inputs, height: inputHeight, width: inputWidth, values: input.map(Double.init))
        return isTransposed
            ? Oracle.transposed(map, weights: weights, bias: bias, outputs: outputs)
            : Oracle.convolution(map, weights: weights, bias: bias, outputs: outputs, stride: stride)
    }

    /// The weights as the kernels of that table read them, output o multiplied by scale[o].
    func pack(
        _ packed: UnsafeMutablePointer<Float>, _ weights: [Float], _ scale: [Float], group: Int, _ table: KernelTable
    ) {
        var layout = table.layout
        if isTransposed {
            zanzo_pack_deconv3x3(packed, weights, scale, outputs, inputs, group, &layout)
        } else {
            zanzo_pack_conv3x3(packed, weights, scale, outputs, inputs, group, &layout)
        }
    }

    /// The same for Winograd's kernels.
    func packWinograd(
        _ packed: UnsafeMutablePointer<Float>, _ weights: [Float], _ scale: [Float], _ table: KernelTable
    ) {
        var layout = table.layout
        if isTransposed {
            zanzo_pack_deconv3x3_winograd(packed, weights, scale, outputs, inputs, &layout)
        } else {
            zanzo_pack_conv3x3_winograd(packed, weights, scale, outputs, inputs, &layout)
        }
    }

    /// The first pixel that the kernel is given: a convolution begins at the border's corner.
    func start(rowStride: Int, pixelStride: Int) -> Int { isTransposed ? rowStride + pixelStride : 0 }

    /// The work on `maps` maps dealt out in parts: all at once, or cut at random between pixels and between blocks.
    /// `byWinograd`: between tiles of 2×2 pixels.
    func shares(
        maps: Int, inMap: Int, outMap: Int, _ table: KernelTable, byWinograd: Bool = false, cutBy random: SplitMix?
    ) -> [zanzo_share] {
        let (pixels, padded) = (maps * height * width / (byWinograd ? 4 : 1), table.padded(outputs))
        func share(_ pixels: Range<Int>, _ outputs: Range<Int>) -> zanzo_share {
            zanzo_share(
                maps: maps, in_map: inMap, out_map: outMap, first_pixel: pixels.lowerBound,
                end_pixel: pixels.upperBound, first_output: outputs.lowerBound, end_output: outputs.upperBound)
        }
        guard var random else { return [share(0..<pixels, 0..<padded)] }
        let (pixel, block) = (Int.random(in: 0...pixels, using: &random), table.layout.block)
        let output = min(padded, Int.random(in: 0...padded / block, using: &random) * block)
        return [0..<pixel, pixel..<pixels].flatMap { pixels in
            [share(pixels, 0..<output), share(pixels, output..<padded)]
        }
    }
}
