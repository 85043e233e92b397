private import CKernels

/// A 3×3 convolution, stride 1, to a handful of channels (the picture), with tanh.
public final class PictureLayer: PixelLayer, Sendable {
    /// Multiply-adds for one output pixel.
    public var multiplyAddsPerPixel: Int { inputs * outputs * 9 }
    package var weightByteCount: Int { weights.count * MemoryLayout<Float>.size }
    package var multipliesBytes: Bool { false }
    private let inputs, outputs: Int
    private let weights, bias: AlignedBuffer<Float>
    private let kernels: KernelTable

    /// Packs `weights` of shape [outputs][inputs][3][3] (float32, any alignment), output o multiplied by scale[o].
    public init(
        weights source: UnsafeRawPointer, scale: [Float], bias: [Float], inputs: Int, outputs: Int, kernels: KernelTable
    ) {
        precondition(scale.count == outputs && bias.count == outputs)
        (self.inputs, self.outputs, self.kernels) = (inputs, outputs, kernels)
        var weights = AlignedBuffer<Float>(count: 9 * outputs * kernels.padded(inputs))
        var layout = kernels.layout
        zanzo_pack_conv3x3_few(weights.mutableBase, source, scale, outputs, inputs, &layout)
        self.weights = weights
        self.bias = AlignedBuffer(bias)
    }

    /// [height][width][inputs], bordered → [height][width][outputs], a picture.
    public func run(_ input: FloatMap, into output: FloatMap, _ part: Part = .whole) {
        precondition(
            input.channels == inputs && output.channels == outputs && input.height == output.height
                && input.width == output.width && output.pixelStride == outputs, "PictureLayer: maps of other shapes")
        let rows = part.range(of: part.frames * output.height)
        let share = zanzo_share(
            maps: part.frames, in_map: input.mapStride, out_map: output.mapStride,
            first_pixel: rows.lowerBound * output.width, end_pixel: rows.upperBound * output.width, first_output: 0,
            end_output: outputs)
        var shape = zanzo_convolution(
            weights: weights.base, bias: bias.base, height: output.height, width: output.width, in_channels: inputs,
            out_channels: outputs, stride: 1, in_row: input.rowStride, in_pixel: input.pixelStride,
            out_row: output.rowStride, out_pixel: output.pixelStride, activation: ZANZO_TANH,
            share: share, byte_scale: 0)
        kernels.conv3x3Few(output.mutablePixels, input.corner, &shape)
    }
}
