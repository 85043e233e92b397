import CKernels
import Kernels
import TestSupport

/// One float convolution with random numbers, to be run by any table, guarded on both sides.
struct FloatLayer {
    let shape: ConvolutionShape
    var input, weights, scale, bias: [Float]

    init(_ shape: ConvolutionShape) {
        self.shape = shape
        var random = SplitMix(seed: shape.seed)
        input = random.floats(shape.inputs * shape.inputHeight * shape.inputWidth)
        weights = random.floats(shape.outputs * shape.inputs * 9)
        // Weights that are multiplied before they are packed: a transposed layer's outputs do not lie in rows.
        scale =
            shape.isTransposed ? Array(repeating: 1, count: shape.outputs) : random.floats(shape.outputs, in: 0.5...2)
        bias = random.floats(shape.outputs)
    }

    /// What comes out of its definition; `half`: of the rounded weights.
    func expected(half: Bool = false) -> Oracle.Map {
        let scaled = shape.isTransposed ? weights : Maps.scaled(weights, by: scale)
        return shape.oracle(input, half ? scaled.map { Float(Float16($0)) } : scaled, bias)
    }

    /// The bordered maps that `table` makes of the inputs, one of each, the border `blank`; of bytes if `byteScale` > 0.
    func run<Out: BitwiseCopyable>(
        _ table: KernelTable, _ side: Guarded<Float>.Side, half: Bool = false, byteScale: Float = 0, blank: Out,
        byWinograd: Bool = false, inputs: [[Float]]? = nil, cutBy random: SplitMix? = nil
    ) -> [Out] {
        let inputs = inputs ?? [input]
        let (padded, inStride) = (table.padded(shape.outputs), shape.inputs == 1 ? 1 : table.padded(shape.inputs))
        let packed = Guarded<Float>(count: (byWinograd ? 16 : 9) * shape.inputs * padded, at: side)
        if byWinograd {
            shape.packWinograd(packed.base, weights, scale, table)
        } else {
            shape.pack(packed.base, weights, scale, group: 1, table)
        }
        let halves = Guarded<UInt16>(count: half ? packed.count : 0, at: side == .start ? .start : .end)
        if half { zanzo_halves_of(halves.base, packed.base, packed.count) }
        let biases = Guarded<Float>(bias + Array(repeating: 0, count: padded - shape.outputs), at: side)
        let (inRow, outRow) = ((shape.inputWidth + 2) * inStride, (shape.outputWidth + 2) * padded)
        let (inMap, outMap) = ((shape.inputHeight + 2) * inRow, (shape.outputHeight + 2) * outRow)
        let from = Guarded<Float>(
            inputs.flatMap { Maps.bordered($0, shape.inputs, shape.inputHeight, shape.inputWidth, inStride, 0) },
            at: side)
        let to = Guarded<Out>(Array(repeating: blank, count: inputs.count * outMap), at: side == .start ? .start : .end)
        let shares = shape.shares(
            maps: inputs.count, inMap: inMap, outMap: outMap, table, byWinograd: byWinograd, cutBy: random)
        for share in shares {
            var layer = zanzo_convolution(
                weights: half ? UnsafeRawPointer(halves.base) : UnsafeRawPointer(packed.base), bias: biases.base,
                height: shape.height, width: shape.width, in_channels: shape.inputs, out_channels: padded,
                stride: shape.isTransposed ? 2 : shape.stride, in_row: inRow, in_pixel: inStride, out_row: outRow,
                out_pixel: padded, activation: shape.isRectified ? ZANZO_RELU : ZANZO_IDENTITY, share: share,
                byte_scale: byteScale)
            let start = shape.start(rowStride: inRow, pixelStride: inStride)
            kernel(table, half, byWinograd)(to.base + outRow + padded, from.base + start, &layer)
        }
        return to.values
    }

    private func kernel(_ table: KernelTable, _ half: Bool, _ byWinograd: Bool) -> zanzo_conv3x3 {
        if byWinograd {
            return shape.isTransposed
                ? (half ? table.deconv3x3WinogradHalf : table.deconv3x3Winograd)
                : (half ? table.conv3x3WinogradHalf : table.conv3x3Winograd)
        }
        return shape.isTransposed
            ? (half ? table.deconv3x3Half : table.deconv3x3) : (half ? table.conv3x3Half : table.conv3x3)
    }
}
