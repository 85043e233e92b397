private import CKernels

/// A 3×3 convolution with its weights packed once: bias, and ReLU or nothing, included. Padding 1, stride 1 or 2.
///
/// Immutable and shared by every thread that steps the model.
public final class ConvolutionLayer: Sendable {
    /// Multiply-adds for one output pixel.
    public var multiplyAddsPerPixel: Int { inputs * outputs * 9 }
    private let inputs, outputs, stride: Int
    private let isRectified: Bool
    private let weights, bias: AlignedBuffer<Float>
    private let kernels: KernelTable

    /// Packs `weights` of shape [outputs][inputs][3][3] (float32, any alignment), output o multiplied by scale[o].
    public init(
        weights source: UnsafeRawPointer, scale: [Float], bias: [Float], inputs: Int, outputs: Int, stride: Int,
        isRectified: Bool = true, kernels: KernelTable
    ) {
        precondition(scale.count == outputs && bias.count == outputs && (1...2).contains(stride))
        (self.inputs, self.outputs, self.stride) = (inputs, outputs, stride)
        self.isRectified = isRectified
        self.kernels = kernels
        let padded = kernels.padded(outputs)
        var weights = AlignedBuffer<Float>(count: 9 * inputs * padded)
        var layout = kernels.layout
        zanzo_pack_conv3x3(weights.mutableBase, source, scale, outputs, inputs, &layout)
        self.weights = weights
        self.bias = AlignedBuffer(bias, paddedCount: padded)
    }

    /// [height][width][inputs], bordered → [height / stride][width / stride][outputs].
    public func run(_ input: ActivationMap, into output: ActivationMap) {
        precondition(
            input.channels == inputs && output.channels == outputs && input.height == stride * output.height
                && input.width == stride * output.width, "ConvolutionLayer: maps of other shapes")
        var shape = zanzo_convolution(
            weights: weights.base, bias: bias.base, height: output.height, width: output.width, in_channels: inputs,
            out_channels: output.pixelStride, stride: stride, in_row: input.rowStride, in_pixel: input.pixelStride,
            out_row: output.rowStride, out_pixel: output.pixelStride,
            activation: isRectified ? ZANZO_RELU : ZANZO_IDENTITY)
        kernels.conv3x3(output.mutablePixels, input.corner, &shape)
    }
}

/// A 3×3 convolution, stride 1, to a handful of channels (the picture), with tanh.
public final class PictureLayer: Sendable {
    /// Multiply-adds for one output pixel.
    public var multiplyAddsPerPixel: Int { inputs * outputs * 9 }
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
    public func run(_ input: ActivationMap, into output: ActivationMap) {
        precondition(
            input.channels == inputs && output.channels == outputs && input.height == output.height
                && input.width == output.width && output.pixelStride == outputs, "PictureLayer: maps of other shapes")
        var shape = zanzo_convolution(
            weights: weights.base, bias: bias.base, height: output.height, width: output.width, in_channels: inputs,
            out_channels: outputs, stride: 1, in_row: input.rowStride, in_pixel: input.pixelStride,
            out_row: output.rowStride, out_pixel: output.pixelStride, activation: ZANZO_TANH)
        kernels.conv3x3Few(output.mutablePixels, input.corner, &shape)
    }
}

/// A transposed 3×3 convolution, stride 2, padding 1, output padding 1, with bias and ReLU: doubles height and width.
public final class TransposedLayer: Sendable {
    /// Multiply-adds for one input pixel: each weight is used once.
    public var multiplyAddsPerPixel: Int { inputs * outputs * 9 }
    private let inputs, outputs: Int
    private let weights, bias: AlignedBuffer<Float>
    private let kernels: KernelTable

    /// Packs `weights` of shape [inputs][outputs][3][3] (float32, any alignment), output o multiplied by scale[o].
    public init(
        weights source: UnsafeRawPointer, scale: [Float], bias: [Float], inputs: Int, outputs: Int, kernels: KernelTable
    ) {
        precondition(scale.count == outputs && bias.count == outputs)
        (self.inputs, self.outputs, self.kernels) = (inputs, outputs, kernels)
        let padded = kernels.padded(outputs)
        var weights = AlignedBuffer<Float>(count: 9 * inputs * padded)
        var layout = kernels.layout
        zanzo_pack_deconv3x3(weights.mutableBase, source, scale, outputs, inputs, &layout)
        self.weights = weights
        self.bias = AlignedBuffer(bias, paddedCount: padded)
    }

    /// [height][width][inputs], bordered → [2 height][2 width][outputs].
    public func run(_ input: ActivationMap, into output: ActivationMap) {
        precondition(
            input.channels == inputs && output.channels == outputs && output.height == 2 * input.height
                && output.width == 2 * input.width, "TransposedLayer: maps of other shapes")
        var shape = zanzo_convolution(
            weights: weights.base, bias: bias.base, height: input.height, width: input.width, in_channels: inputs,
            out_channels: output.pixelStride, stride: 2, in_row: input.rowStride, in_pixel: input.pixelStride,
            out_row: output.rowStride, out_pixel: output.pixelStride, activation: ZANZO_RELU)
        kernels.deconv3x3(output.mutablePixels, input.pixels, &shape)
    }
}
