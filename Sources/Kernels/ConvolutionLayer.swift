internal import CKernels

/// What a 3×3 layer does to the size of its map. Padding is 1.
public enum ConvolutionKind: Sendable {
    /// A convolution with stride 1 or 2: height and width are divided by it.
    case plain(stride: Int)
    /// A transposed convolution, stride 2, output padding 1: height and width are doubled.
    case transposed

    var isTransposed: Bool { if case .transposed = self { true } else { false } }

    /// Stride of the sums over the input; the transposed kind reads every input pixel.
    var stride: Int { if case .plain(let stride) = self { stride } else { 2 } }

    /// Whether the sums run over the input's pixels rather than the output's.
    var readsEveryPixel: Bool { if case .transposed = self { true } else { false } }

    /// Whether a layer of this kind turns a map of the one size into one of the other.
    func fits<A, B>(_ input: ActivationMap<A>, _ output: ActivationMap<B>) -> Bool {
        switch self {
        case .plain(let stride): input.height == stride * output.height && input.width == stride * output.width
        case .transposed: output.height == 2 * input.height && output.width == 2 * input.width
        }
    }
}

/// What any 3×3 layer costs.
package protocol PixelLayer {
    /// Multiply-adds for one output pixel; of the transposed kind, for one input pixel.
    var multiplyAddsPerPixel: Int { get }
    /// Bytes of weights that a run reads.
    var weightByteCount: Int { get }
    /// Whether it multiplies bytes, not floats.
    var multipliesBytes: Bool { get }
}

/// A 3×3 convolution or its transpose with its weights packed once, bias and ReLU included.
///
/// Immutable and shared by every thread that steps the model.
public final class ConvolutionLayer: PixelLayer, Sendable {
    /// Multiply-adds for one output pixel (of the transposed kind, for one input pixel) by the definition; by Winograd the
    /// layer makes 25 of 36 of them.
    public var multiplyAddsPerPixel: Int { inputs * outputs * 9 }
    package var weightByteCount: Int { weights.byteCount }
    package var multipliesBytes: Bool { false }
    private let kind: ConvolutionKind
    private let inputs, outputs: Int
    private let isRectified: Bool
    /// Side of the maps that the layer is packed for by Winograd's kernels; nil where it takes maps of any size.
    private let winogradSide: Int?
    private let weights: PackedWeights
    private let bias: AlignedBuffer<Float>
    private let kernels: KernelTable

    /// Packs float32 weights (any alignment) of shape [outputs][inputs][3][3] ([inputs][outputs][3][3] if transposed),
    /// output o multiplied by scale[o]. `side`: height and width of the maps that it will run on, counted as
    /// `multiplyAddsPerPixel` counts them; where that is known, the layer may be packed for faster kernels and then takes no
    /// other.
    public init(
        _ kind: ConvolutionKind, weights source: UnsafeRawPointer, scale: [Float], bias: [Float], inputs: Int,
        outputs: Int, isRectified: Bool = true, format: WeightFormat = .float32, side: Int? = nil, kernels: KernelTable
    ) {
        precondition(scale.count == outputs && bias.count == outputs && (1...2).contains(kind.stride))
        (self.kind, self.inputs, self.outputs) = (kind, inputs, outputs)
        self.isRectified = isRectified
        self.kernels = kernels
        let padded = kernels.padded(outputs)
        let usesWinograd = kernels.usesWinograd(kind, side: side ?? 0, inputs: inputs, outputs: outputs)
        winogradSide = usesWinograd ? side : nil
        let taps = usesWinograd ? Int(ZANZO_WINOGRAD_WEIGHTS) : 9
        weights = PackedWeights(count: taps * inputs * padded, as: format) { packed in
            if usesWinograd {
                kernels.packWinograd(kind, packed, source, scale, outputs, inputs)
            } else {
                kernels.pack(kind, packed, source, scale, outputs, inputs, group: 1)
            }
        }
        self.bias = AlignedBuffer(bias, paddedCount: padded)
    }

    /// [height][width][inputs], bordered → [height'][width'][outputs].
    public func run(_ input: FloatMap, into output: FloatMap, _ part: Part = .whole) {
        run(input, output.mutablePixels, output, byteScale: 0, part)
    }

    /// The same with outputs as bytes: the nearest to output / `step`.
    public func run(_ input: FloatMap, into output: ByteMap, step: Float, _ part: Part = .whole) {
        run(input, output.mutablePixels, output, byteScale: 1 / step, part)
    }

    private func run<Element>(
        _ input: FloatMap, _ pixels: UnsafeMutableRawPointer, _ output: ActivationMap<Element>, byteScale: Float,
        _ part: Part
    ) {
        precondition(
            input.channels == inputs && output.channels == outputs && kind.fits(input, output),
            "ConvolutionLayer: maps of other shapes")
        let (height, width) = kind.readsEveryPixel ? (input.height, input.width) : (output.height, output.width)
        let usesWinograd = winogradSide != nil
        precondition(
            !usesWinograd || (height == winogradSide && width == winogradSide), "ConvolutionLayer: maps of another size"
        )
        let share = kernels.share(of: part, input, output, pixelsEach: height * width, areTiles: usesWinograd)
        var shape = zanzo_convolution(
            weights: weights.base, bias: bias.base, height: height, width: width, in_channels: inputs,
            out_channels: output.pixelStride, stride: kind.stride, in_row: input.rowStride, in_pixel: input.pixelStride,
            out_row: output.rowStride, out_pixel: output.pixelStride,
            activation: isRectified ? ZANZO_RELU : ZANZO_IDENTITY, share: share, byte_scale: byteScale)
        let kernel = kernels.kernel(kind, isHalf: weights.format == .float16, byWinograd: usesWinograd)
        kernel(pixels, kind.isTransposed ? input.pixels : input.corner, &shape)
    }
}

extension KernelTable {
    /// Packs a layer's weights as the kernels of its kind read them.
    func pack(
        _ kind: ConvolutionKind, _ packed: UnsafeMutablePointer<Float>, _ source: UnsafeRawPointer, _ scale: [Float],
        _ outputs: Int, _ inputs: Int, group: Int
    ) {
        var layout = layout
        switch kind {
        case .plain: zanzo_pack_conv3x3(packed, source, scale, outputs, inputs, group, &layout)
        case .transposed: zanzo_pack_deconv3x3(packed, source, scale, outputs, inputs, group, &layout)
        }
    }

    /// The same for Winograd's kernels.
    func packWinograd(
        _ kind: ConvolutionKind, _ packed: UnsafeMutablePointer<Float>, _ source: UnsafeRawPointer, _ scale: [Float],
        _ outputs: Int, _ inputs: Int
    ) {
        var layout = layout
        switch kind {
        case .plain: zanzo_pack_conv3x3_winograd(packed, source, scale, outputs, inputs, &layout)
        case .transposed: zanzo_pack_deconv3x3_winograd(packed, source, scale, outputs, inputs, &layout)
        }
    }

    /// Whether Winograd's kernels are the faster ones for a layer of that kind, on maps of `side` × `side` pixels.
    ///
    /// Measured on AVX2 (Zen 3, medians of paired runs, float32 and float16 weights): the article's six layers with at
    /// least 16 tiles of 2×2 pixels and 32 channels take 0.81 to 0.92 of the time. The two with 4 tiles take 1.06 to 1.3
    /// times as long: all they do is to read weights, of which these kernels have 16 for 9.
    package func usesWinograd(_ kind: ConvolutionKind, side: Int, inputs: Int, outputs: Int) -> Bool {
        kind.stride == 2 && side >= 8 && side % 2 == 0 && min(inputs, outputs) >= 32
            && inputs <= Int(ZANZO_WINOGRAD_INPUTS)
            && Int(ZANZO_WINOGRAD_WEIGHTS) * inputs * outputs <= winogradWeights
    }

    /// The kernel of a layer of that kind.
    func kernel(_ kind: ConvolutionKind, isHalf: Bool, byWinograd: Bool) -> zanzo_conv3x3 {
        switch (kind.isTransposed, isHalf, byWinograd) {
        case (false, false, false): conv3x3
        case (false, true, false): conv3x3Half
        case (true, false, false): deconv3x3
        case (true, true, false): deconv3x3Half
        case (false, false, true): conv3x3Winograd
        case (false, true, true): conv3x3WinogradHalf
        case (true, false, true): deconv3x3Winograd
        case (true, true, true): deconv3x3WinogradHalf
        }
    }
}
