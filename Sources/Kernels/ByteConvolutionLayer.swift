internal import CKernels

/// How the bytes of a map stand for numbers: step × (byte - zero).
public struct ByteScale: Sendable {
    /// The number that one byte more means.
    public var step: Float
    /// The byte that means 0: 0 for a map that is never negative, 128 for one that is.
    public var zero: UInt8

    /// A scale.
    public init(step: Float, zero: UInt8 = 0) { (self.step, self.zero) = (step, zero) }
}

/// A 3×3 convolution or its transpose of bytes, with bias and ReLU: weights as signed bytes with a step for each output,
/// exact sums in 32 bits.
///
/// Jacob et al., Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference, 2018.
public final class ByteConvolutionLayer: PixelLayer, Sendable {
    /// Multiply-adds for one output pixel; of the transposed kind, for one input pixel.
    public var multiplyAddsPerPixel: Int { inputs * outputs * 9 }
    package var weightByteCount: Int { weights.count }
    package var multipliesBytes: Bool { true }
    private let kind: ConvolutionKind
    private let inputs, outputs: Int
    private let weights: AlignedBuffer<Int8>
    private let firstSums: AlignedBuffer<Int32>
    private let scale, bias: AlignedBuffer<Float>
    private let writesFloats: Bool
    private let kernels: KernelTable

    /// Quantises and packs float32 weights (any alignment) of shape [outputs][inputs][3][3] ([inputs][outputs][3][3] if
    /// transposed), output o multiplied by scale[o].
    ///
    /// - Parameters:
    ///   - input: what the input's bytes mean.
    ///   - outputStep: the step of the output's bytes, whose zero is 0; nil for floats.
    public init(
        _ kind: ConvolutionKind, weights source: UnsafeRawPointer, scale: [Float], bias: [Float], inputs: Int,
        outputs: Int, from input: ByteScale, outputStep: Float?, kernels: KernelTable
    ) {
        precondition(scale.count == outputs && bias.count == outputs)
        (self.kind, self.inputs, self.outputs, self.kernels) = (kind, inputs, outputs, kernels)
        writesFloats = outputStep == nil
        let padded = kernels.padded(outputs)
        var largest = [Float](repeating: 0, count: outputs)
        zanzo_largest_conv3x3(&largest, source, outputs, inputs, kind.isTransposed ? 1 : 0)
        // How many steps make the largest weight.
        var reach = [Float](repeating: 127, count: outputs)
        if kernels.layout.byte_group > 0 {
            reach = kernels.reach(of: largest, source, inputs: inputs, isTransposed: kind.isTransposed)
        }
        let steps = (0..<outputs).map { largest[$0] * abs(scale[$0]) / reach[$0] }
        // A row of zeros, or of what 127 cannot be divided by, is a row of zero bytes. An output that batch norm scales by
        // zero has bytes of which no multiple counts.
        let factors = (0..<outputs).map {
            largest[$0] < 1e-36 ? 0 : (scale[$0] < 0 ? -reach[$0] : reach[$0]) / largest[$0]
        }
        let count = 9 * ((inputs + 3) / 4 * 4) * padded
        var floats = AlignedBuffer<Float>(uninitializedCount: count)
        kernels.pack(kind, floats.mutableBase, source, factors, outputs, inputs, group: 4)
        var weights = AlignedBuffer<Int8>(uninitializedCount: count)
        zanzo_bytes_of(weights.mutableBase, floats.base, count)
        // What the kernels see as zero: the input's, less what they take from each byte.
        var layout = kernels.layout
        var firstSums = AlignedBuffer<Int32>(count: (kind.isTransposed ? 4 : 1) * padded)
        zanzo_first_sums(
            firstSums.mutableBase, weights.base, Int32(input.zero) - layout.byte_offset, outputs, inputs,
            kind.isTransposed ? 1 : 0, &layout)
        self.firstSums = firstSums
        self.weights = weights
        let outputStep = outputStep ?? 1
        self.scale = AlignedBuffer(steps.map { $0 * input.step / outputStep }, paddedCount: padded)
        self.bias = AlignedBuffer(bias.map { $0 / outputStep }, paddedCount: padded)
    }

    /// [height][width][inputs] of bytes, bordered → [height'][width'][outputs] of bytes.
    public func run(_ input: ByteMap, into output: ByteMap, _ part: Part = .whole) {
        run(input, output.mutablePixels, output, part)
    }

    /// [height][width][inputs] of bytes, bordered → [height'][width'][outputs] of floats.
    public func run(_ input: ByteMap, into output: FloatMap, _ part: Part = .whole) {
        run(input, output.mutablePixels, output, part)
    }

    private func run<Element>(
        _ input: ByteMap, _ pixels: UnsafeMutableRawPointer, _ output: ActivationMap<Element>,
        _ part: Part
    ) {
        precondition(
            input.channels == inputs && output.channels == outputs && kind.fits(input, output)
                && writesFloats == (Element.self == Float.self), "ByteConvolutionLayer: maps of other shapes")
        let pixelsEach = kind.readsEveryPixel ? input.height * input.width : output.height * output.width
        let share = kernels.share(of: part, input, output, pixelsEach: pixelsEach)
        var shape = zanzo_convolution8(
            weights: weights.base, first_sums: firstSums.base, scale: scale.base, bias: bias.base,
            height: output.height, width: output.width, in_channels: (inputs + 3) / 4 * 4,
            out_channels: output.pixelStride, stride: kind.stride, in_row: input.rowStride, in_pixel: input.pixelStride,
            out_row: output.rowStride, out_pixel: output.pixelStride, share: share,
            is_float: writesFloats ? 1 : 0)
        switch kind {
        case .plain: kernels.conv3x3Bytes(pixels, input.corner, &shape)
        case .transposed:
            (shape.height, shape.width) = (input.height, input.width)
            kernels.deconv3x3Bytes(pixels, input.pixels, &shape)
        }
    }
}

extension KernelTable {
    /// How many steps the largest weight of each output may have so that no sum in 16 bits runs over (`byte_group`), and
    /// 127 where it may have all of them.
    fileprivate func reach(
        of largest: [Float], _ source: UnsafeRawPointer, inputs: Int, isTransposed: Bool
    ) -> [Float] {
        var sums = largest
        zanzo_largest_group_conv3x3(
            &sums, source, largest.count, inputs, isTransposed ? 1 : 0, layout.byte_group)
        // Each of the 2 * `byte_group` weights in a sum may be rounded up by half a step; the last part is the floats'.
        let limit = Float(ZANZO_BYTE_GROUP_LIMIT) - Float(layout.byte_group) - 0.01
        let least = limit / Float(2 * layout.byte_group)  // all of a sum as large as the largest
        return zip(largest, sums).map { min(127, max(least, $1 < 1e-36 ? 127 : limit * ($0 / $1))) }
    }

    /// Floats as bytes of that scale. [height][width][channels] without border → the same, bordered or not.
    public func quantise(_ source: FloatMap, into target: ByteMap, _ scale: ByteScale, _ part: Part = .whole) {
        precondition(source.pixelStride == target.pixelStride && source.width == target.width, "quantise: other maps")
        for row in part.range(of: part.frames * source.height) {
            let (map, y) = row.quotientAndRemainder(dividingBy: source.height)
            quantise(
                target.mutablePixels + map * target.mapStride + y * target.rowStride,
                source.pixels + map * source.mapStride + y * source.rowStride,
                source.width * source.pixelStride, 1 / scale.step, Int32(scale.zero))
        }
    }
}
