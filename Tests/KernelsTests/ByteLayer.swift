import CKernels
import Kernels
import TestSupport

/// One convolution of bytes with random numbers, to be run by any table, guarded on both sides, and its exact sums.
struct ByteLayer {
    let shape: ConvolutionShape
    let zero: UInt8
    var input: [UInt8]
    /// Whole numbers in -127…127, in PyTorch's order.
    var weights: [Float]
    var scale, bias: [Float]

    /// `fits`: whether weights are held to what every table can add (`fit`); else any in -127…127.
    init(_ shape: ConvolutionShape, zero: UInt8, fits: Bool = true) {
        (self.shape, self.zero) = (shape, zero)
        var random = SplitMix(seed: shape.seed)
        input = (0..<shape.inputs * shape.inputHeight * shape.inputWidth).map { _ in
            UInt8.random(in: 0...255, using: &random)
        }
        weights = (0..<shape.outputs * shape.inputs * 9).map { _ in Float(Int.random(in: -127...127, using: &random)) }
        // So that outputs as bytes are spread over 0…255, some beyond.
        let spread = 80 / (75 * 73 * Float(9 * shape.inputs).squareRoot())
        scale = random.floats(shape.outputs, in: 0.5...2).map { $0 * spread }
        bias = random.floats(shape.outputs, in: -50...200)
        if fits { fit() }
    }

    /// Makes weights smaller, towards zero, where those of one sign in a group that AVX2 adds in 16 bits exceed 128 in all.
    mutating func fit() {
        let group = 4 * Int(ZANZO_BYTE_GROUP)
        for (output, tap) in (0..<shape.outputs).flatMap({ output in (0..<9).map { (output, $0) } }) {
            for first in stride(from: 0, to: shape.inputs, by: group) {
                for half in 0..<2 {
                    let places = (first..<min(first + group, shape.inputs)).filter { $0 / 2 % 2 == half }
                        .map { index(output, $0, tap) }
                    for sign in [Float(1), -1] {
                        let ones = places.filter { weights[$0] * sign > 0 }
                        let sum = ones.reduce(Float(0)) { $0 + abs(weights[$1]) }
                        guard sum > Float(ZANZO_BYTE_GROUP_LIMIT) else { continue }
                        for place in ones {
                            weights[place] =
                                (weights[place] * Float(ZANZO_BYTE_GROUP_LIMIT) / sum).rounded(.towardZero)
                        }
                    }
                }
            }
        }
    }

    /// Where a weight lies in PyTorch's order.
    private func index(_ output: Int, _ input: Int, _ tap: Int) -> Int {
        (shape.isTransposed ? input * shape.outputs + output : output * shape.inputs + input) * 9 + tap
    }

    /// Sums of (byte - zero) × weight, exact (whole numbers of far less than 2^53).
    func sums() -> Oracle.Map {
        shape.oracle(
            input.map { Float($0) - Float(zero) }, weights, Array(repeating: 0, count: shape.outputs))
    }

    /// The bordered maps that `table` makes of the inputs, one of each, the border `blank`; `Out` is Float or UInt8.
    func run<Out: BitwiseCopyable>(
        _ table: KernelTable, _ side: Guarded<UInt8>.Side, blank: Out, inputs: [[UInt8]]? = nil,
        cutBy random: SplitMix? = nil
    ) -> [Out] {
        let inputs = inputs ?? [input]
        let (padded, inStride) = (table.padded(shape.outputs), table.padded(shape.inputs))
        let floatSide: Guarded<Float>.Side = side == .start ? .start : .end
        let floats = Guarded<Float>(count: 9 * whole(shape.inputs) * padded, at: floatSide)
        shape.pack(floats.base, weights, Array(repeating: 1, count: shape.outputs), group: 4, table)
        let packed = Guarded<Int8>(count: floats.count, at: side == .start ? .start : .end)
        zanzo_bytes_of(packed.base, floats.base, floats.count)
        let first = Guarded<Int32>(firstSums(table), at: side == .start ? .start : .end)
        let padding = [Float](repeating: 0, count: padded - shape.outputs)
        let scales = Guarded<Float>(scale + padding, at: floatSide)
        let biases = Guarded<Float>(bias + padding, at: floatSide)
        let (inRow, outRow) = ((shape.inputWidth + 2) * inStride, (shape.outputWidth + 2) * padded)
        let (inMap, outMap) = ((shape.inputHeight + 2) * inRow, (shape.outputHeight + 2) * outRow)
        let from = Guarded<UInt8>(
            inputs.flatMap { Maps.bordered($0, shape.inputs, shape.inputHeight, shape.inputWidth, inStride, zero) },
            at: side)
        let to = Guarded<Out>(Array(repeating: blank, count: inputs.count * outMap), at: side == .start ? .start : .end)
        for share in shape.shares(maps: inputs.count, inMap: inMap, outMap: outMap, table, cutBy: random) {
            var layer = zanzo_convolution8(
                weights: packed.base, first_sums: first.base, scale: scales.base, bias: biases.base,
                height: shape.height, width: shape.width, in_channels: whole(shape.inputs), out_channels: padded,
                stride: shape.isTransposed ? 2 : shape.stride, in_row: inRow, in_pixel: inStride, out_row: outRow,
                out_pixel: padded, share: share, is_float: Out.self == Float.self ? 1 : 0)
            let start = shape.start(rowStride: inRow, pixelStride: inStride)
            (shape.isTransposed ? table.deconv3x3Bytes : table.conv3x3Bytes)(
                to.base + outRow + padded, from.base + start, &layer)
        }
        return to.values
    }

    /// Channels in whole fours.
    private func whole(_ channels: Int) -> Int { (channels + 3) / 4 * 4 }

    /// (the table's byte offset - zero) × each output's weights, of all taps or of those of each phase.
    private func firstSums(_ table: KernelTable) -> [Int32] {
        let (padded, factor) = (table.padded(shape.outputs), Int(table.layout.byte_offset) - Int(zero))
        let phases = shape.isTransposed ? [[4], [5, 3], [7, 1], [8, 6, 2, 0]] : [Array(0..<9)]
        return phases.flatMap { taps in
            (0..<padded).map { output in
                guard output < shape.outputs else { return 0 }
                let sum = (0..<shape.inputs).reduce(0) { sum, input in
                    let row = shape.isTransposed ? input * shape.outputs + output : output * shape.inputs + input
                    return taps.reduce(sum) { $0 + Int(weights[row * 9 + $1]) }
                }
                return Int32(factor * sum)
            }
        }
    }
}
