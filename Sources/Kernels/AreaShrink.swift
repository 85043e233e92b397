private import CKernels

/// Resizes planes of 8-bit samples by area average, exactly: integer weights, halves rounded up.
///
/// A target pixel is the average of the source under its area; source pixels that an edge cuts count in proportion. An
/// input of the target's own size passes through untouched. Enlarging works by the same rule. All memory is allocated
/// in `init`, so `run` neither allocates nor reads outside the rows it is given. For one thread at a time.
public final class AreaShrink {
    /// Samples a row and rows of the source.
    public let sourceWidth, sourceHeight: Int
    /// Samples a row and rows of the target.
    public let width, height: Int

    private let kernels: KernelTable
    private let rows: [zanzo_shrink_span]
    private let rowWeight: UInt32  // of a row wholly inside a target row
    private let spans: AlignedBuffer<zanzo_shrink_span>
    private var columns16: AlignedBuffer<UInt16>
    private var columns32: AlignedBuffer<UInt32>
    private var axis: zanzo_shrink_axis  // points into `spans`

    /// Tables for a pair of sizes, each 1…8192 in both directions.
    public convenience init(sourceWidth: Int, sourceHeight: Int, width: Int, height: Int) {
        self.init(sourceWidth: sourceWidth, sourceHeight: sourceHeight, width: width, height: height, kernels: .best)
    }

    /// Tables for a pair of sizes, each 1…8192 in both directions, and the kernels to use.
    public init(sourceWidth: Int, sourceHeight: Int, width: Int, height: Int, kernels: KernelTable) {
        let sizes = 1...8192
        precondition(
            sizes.contains(sourceWidth) && sizes.contains(sourceHeight) && sizes.contains(width)
                && sizes.contains(height), "AreaShrink: sizes must be 1…8192")
        (self.sourceWidth, self.sourceHeight, self.width, self.height) = (sourceWidth, sourceHeight, width, height)
        self.kernels = kernels
        let (fx, tx) = Self.reduced(sourceWidth, width)
        let (fy, ty) = Self.reduced(sourceHeight, height)
        rows = Self.spans(count: height, from: fy, to: ty)
        rowWeight = UInt32(ty)
        spans = AlignedBuffer(Self.spans(count: width, from: fx, to: tx))
        // Sums of a column reach 255 * fy; 16 bits are enough for most cameras and twice as fast.
        let isNarrow = 255 * fy <= Int(UInt16.max)
        columns16 = AlignedBuffer(count: isNarrow ? sourceWidth : 0)
        columns32 = AlignedBuffer(count: isNarrow ? 0 : sourceWidth)
        let divisor = UInt64(fx * fy)
        axis = zanzo_shrink_axis(
            spans: spans.base, count: width, f: UInt32(fx), t: UInt32(tx),
            divisor: UInt32(divisor), rounding: UInt32(divisor / 2),
            // ceil(2^64 / divisor); 1 divides everything and needs no reciprocal: see `copies`.
            reciprocal: divisor > 1 ? UInt64.max / divisor + 1 : 0)
    }

    /// Shrinks one plane.
    ///
    /// - Parameters:
    ///   - source: the first sample; `(sourceWidth - 1) * step + 1` bytes are read of each row.
    ///   - stride: bytes from one source row to the next (negative where the picture is upside down).
    ///   - step: bytes from one sample to the next in a row (2 for the luma of packed YUYV), 1 or more.
    ///   - target: the target's first sample; `width` bytes are written of each row.
    ///   - targetStride: bytes from one target row to the next.
    public func run(
        source: UnsafePointer<UInt8>, stride: Int, step: Int, into target: UnsafeMutablePointer<UInt8>,
        destinationStride targetStride: Int
    ) {
        precondition(step >= 1, "AreaShrink: a step of no bytes")
        for index in 0..<height {
            let row = rows[index]
            let to = target + index * targetStride
            if axis.divisor == 1 {
                copy(source + Int(row.first) * stride, step, to)
            } else if columns32.count == 0 {
                columns16.clear()
                sum(row, source, stride, step, columns16.mutableBase, kernels.shrinkAddRow16)
                kernels.shrinkFinish16(to, columns16.base, &axis)
            } else {
                columns32.clear()
                sum(row, source, stride, step, columns32.mutableBase, kernels.shrinkAddRow32)
                kernels.shrinkFinish32(to, columns32.base, &axis)
            }
        }
    }

    /// Adds up the source rows under one target row, each by its weight.
    private func sum<Column>(
        _ row: zanzo_shrink_span, _ source: UnsafePointer<UInt8>, _ stride: Int, _ step: Int,
        _ columns: UnsafeMutablePointer<Column>,
        _ add: (UnsafeMutablePointer<Column>, UnsafePointer<UInt8>, Int, Int, UInt32) -> Void
    ) {
        let (first, last) = (Int(row.first), Int(row.last))
        for y in first...last {
            let weight = y == first ? row.first_weight : y == last ? row.last_weight : rowWeight
            add(columns, source + y * stride, sourceWidth, step, weight)
        }
    }

    /// Both sizes are the same, or whole multiples of the source: every target sample lies in one source sample.
    private func copy(_ source: UnsafePointer<UInt8>, _ step: Int, _ target: UnsafeMutablePointer<UInt8>) {
        if step == 1, sourceWidth == width {
            target.update(from: source, count: width)
            return
        }
        let spans = spans.base
        for index in 0..<width { target[index] = source[Int(spans[index].first) * step] }
    }

    private static func reduced(_ from: Int, _ to: Int) -> (Int, Int) {
        var (a, b) = (from, to)
        while b != 0 { (a, b) = (b, a % b) }
        return (from / a, to / a)
    }

    /// Target sample i covers [i f, (i + 1) f), source sample x covers [x t, (x + 1) t); weights are the overlaps.
    private static func spans(count: Int, from f: Int, to t: Int) -> [zanzo_shrink_span] {
        (0..<count).map { index in
            let (start, end) = (index * f, (index + 1) * f)
            let (first, last) = (start / t, (end - 1) / t)
            return zanzo_shrink_span(
                first: UInt32(first), last: UInt32(last), first_weight: UInt32(min(end, (first + 1) * t) - start),
                last_weight: UInt32(first == last ? 0 : end - last * t))
        }
    }
}
