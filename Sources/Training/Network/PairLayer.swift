internal import CKernels
import Kernels

/// A 3×3 layer with its backward pass: it joins a big map and a small one, of half its height and width (or as large, with
/// stride 1).
///
/// The way down is a convolution, the way up its transpose; an encoder's layer goes down and its gradient up, a decoder's
/// the other way round. The weights' gradient is the same sum for both: small pixels times what of the big map lies under
/// the kernel there.
final class PairLayer {
    private let small, big, stride: Int
    private let weights, gradients: UnsafeMutablePointer<Float>
    private let upWeights: Memory<Float>
    private let noBias: Memory<Float>
    private let kernels: KernelTable
    private let panels: Panels

    /// `small` and `big` are maps of the shapes that it will run on. Its weights are `entry` of the store.
    init(
        _ entry: ParameterStore.Entry, _ store: ParameterStore, small: FloatMap, big: FloatMap, stride: Int,
        kernels: KernelTable
    ) {
        precondition(big.height == stride * small.height && big.width == stride * small.width, "PairLayer: sizes")
        (self.small, self.big, self.stride, self.kernels) = (small.channels, big.channels, stride, kernels)
        weights = store.weights.base + entry.offset
        gradients = store.gradients.base + entry.offset
        upWeights = Memory(count: stride == 2 ? 9 * small.channels * kernels.padded(big.channels) : 0)
        noBias = Memory(count: max(kernels.padded(small.channels), kernels.padded(big.channels)))
        panels = Panels(small: small, big: big, stride: stride)
    }

    /// Turns the weights for the way up, after they have changed; a part of it.
    func repack(_ part: Part) {
        guard stride == 2 else { return }
        let outputs = part.range(of: kernels.padded(big), group: kernels.layout.block)
        zanzo_repack_up(
            upWeights.base, weights, small, big, outputs.lowerBound, outputs.upperBound, kernels.layout.lanes,
            kernels.layout.block)
    }

    /// Big, bordered → small, for some frames.
    func down(_ big: FloatMap, into small: FloatMap, _ frames: Range<Int>, isRectified: Bool = false) {
        var shape = shape(weights, big, small, frames, area: small.height * small.width)
        (shape.height, shape.width, shape.in_channels, shape.stride) = (small.height, small.width, self.big, stride)
        if isRectified { shape.activation = ZANZO_RELU }
        kernels.conv3x3(small.mutablePixels, big.corner, &shape)
    }

    /// Small, bordered → big, for some frames.
    func up(_ small: FloatMap, into big: FloatMap, _ frames: Range<Int>) {
        var shape = shape(upWeights.base, small, big, frames, area: small.height * small.width)
        (shape.height, shape.width, shape.in_channels, shape.stride) = (small.height, small.width, self.small, 2)
        kernels.deconv3x3(big.mutablePixels, small.pixels, &shape)
    }

    private func shape(
        _ weights: UnsafeMutablePointer<Float>, _ from: FloatMap, _ to: FloatMap, _ frames: Range<Int>, area: Int
    ) -> zanzo_convolution {
        let share = zanzo_share(
            maps: frames.upperBound, in_map: from.mapStride, out_map: to.mapStride,
            first_pixel: frames.lowerBound * area, end_pixel: frames.upperBound * area, first_output: 0,
            end_output: to.pixelStride)
        return zanzo_convolution(
            weights: weights, bias: noBias.base, height: 0, width: 0, in_channels: 0, out_channels: to.pixelStride,
            stride: 1, in_row: from.rowStride, in_pixel: from.pixelStride, out_row: to.rowStride,
            out_pixel: to.pixelStride, activation: ZANZO_IDENTITY, share: share, byte_scale: 0)
    }

    /// The gradient of the weights, over all frames: a part of its elements. `scratch` has room for `scratchCount` floats.
    func gradient(
        big: FloatMap, small: FloatMap, frames: Int, _ part: Part, scratch: UnsafeMutablePointer<Float>
    ) {
        let block = kernels.layout.block, all = kernels.padded(self.small), rowCount = 9 * self.big
        // By outputs where there are enough of them, else by rows; by rows, too, where these are copied, so that each is
        // copied once. An element's sum is the same either way.
        let dealsColumns = !panels.areDeep && all >= part.count * block
        let columns = dealsColumns ? part.range(of: all, group: block) : 0..<all
        let rows = dealsColumns ? 0..<rowCount : part.range(of: rowCount)
        if columns.isEmpty || rows.isEmpty { return }
        let packedCount = panels.depth * padded(columns.count, to: block)
        let room = UnsafeMutableBufferPointer(
            start: scratch + packedCount, count: panels.areDeep ? Self.roomCount : 0)
        for index in 0..<panels.count(frames: frames) {
            let panel = panels.panel(index, frames: frames, small: small, big: big)
            let packedBlock = panel.depth * block
            zanzo_pack_panel(
                scratch, packedBlock, small.pixels + panel.small + columns.lowerBound, panels.smallSteps.base,
                panel.depth, columns.count, block)
            // Rows of a narrower last block are narrower.
            let whole = columns.lowerBound..<columns.lowerBound + columns.count / block * block
            for step in 0..<2 {
                let columnRange = step == 0 ? whole : whole.upperBound..<columns.upperBound
                let width = min(block, columnRange.count)
                Products(
                    sums: gradients + rowCount * columnRange.lowerBound + rows.lowerBound * width, sumsRow: 0,
                    sumsBlock: rowCount * block, a: big.corner + panel.big, rows: panels.rows.base + rows.lowerBound,
                    rowCount: rows.count, steps: panels.bigSteps.base, depth: panel.depth,
                    b: scratch + (columnRange.lowerBound - columns.lowerBound) / block * packedBlock,
                    bBlock: packedBlock, columns: columnRange.count, isFirst: index == 0, room: room
                ).run(kernels)
            }
        }
    }

    /// Floats that `gradient` needs as scratch.
    var scratchCount: Int {
        panels.depth * padded(kernels.padded(small), to: kernels.layout.block) + (panels.areDeep ? Self.roomCount : 0)
    }

    /// 256 KiB: half of a second-level cache.
    private static let roomCount = 1 << 16
}
