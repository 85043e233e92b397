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
    private let upWeights: SharedBuffer<Float>
    private let noBias: SharedBuffer<Float>
    private let kernels: KernelTable
    private let panels: Panels
    private let pixels: Int  // of the small map
    private let groups: Int
    private let partial: SharedBuffer<Float>  // [groups], each like the gradient
    private let groupSteps: SharedBuffer<UInt32>

    /// `small` and `big` are maps of the shapes that its gradient will be of. Its weights are `entry` of the store. Frames are
    /// in `groups` groups.
    init(
        _ entry: ParameterStore.Entry, _ store: ParameterStore, small: FloatMap, big: FloatMap, stride: Int,
        groups: Int, kernels: KernelTable
    ) {
        precondition(big.height == stride * small.height && big.width == stride * small.width, "PairLayer: sizes")
        (self.small, self.big, self.stride, self.kernels) = (small.channels, big.channels, stride, kernels)
        weights = store.weights.base + entry.offset
        gradients = store.gradients.base + entry.offset
        upWeights = SharedBuffer(count: stride == 2 ? 9 * small.channels * kernels.padded(big.channels) : 0)
        noBias = SharedBuffer(count: max(kernels.padded(small.channels), kernels.padded(big.channels)))
        panels = Panels(small: small, big: big, stride: stride)
        pixels = small.height * small.width
        self.groups = groups
        partial = SharedBuffer(count: panels.areDeep ? 0 : groups * entry.count)
        groupSteps = multiples(of: entry.count, count: groups)
    }

    /// Turns the weights for the way up, after they have changed; a part of it.
    func repack(_ part: Part) {
        guard stride == 2 else { return }
        let outputs = part.range(of: kernels.padded(big), group: kernels.layout.block)
        zanzo_repack_up(
            upWeights.base, weights, small, big, outputs.lowerBound, outputs.upperBound, kernels.layout.lanes,
            kernels.layout.block)
    }

    /// Big, bordered → small: `count` maps from `from` on to those from `to` on.
    func down(
        _ big: FloatMap, _ from: Int, into small: FloatMap, _ to: Int, count: Int = 1, isRectified: Bool = false
    ) {
        var shape = shape(weights, big, small, count)
        (shape.height, shape.width, shape.in_channels, shape.stride) = (small.height, small.width, self.big, stride)
        if isRectified { shape.activation = ZANZO_RELU }
        kernels.conv3x3(
            small.mutablePixels + to * small.mapStride, big.corner + from * big.mapStride, &shape)
    }

    /// Small, bordered → big: `count` maps from `from` on to those from `to` on.
    func up(_ small: FloatMap, _ from: Int, into big: FloatMap, _ to: Int, count: Int = 1) {
        var shape = shape(upWeights.base, small, big, count)
        (shape.height, shape.width, shape.in_channels, shape.stride) = (small.height, small.width, self.small, 2)
        kernels.deconv3x3(big.mutablePixels + to * big.mapStride, small.pixels + from * small.mapStride, &shape)
    }

    private func shape(
        _ weights: UnsafeMutablePointer<Float>, _ from: FloatMap, _ to: FloatMap, _ count: Int
    ) -> zanzo_convolution {
        let share = zanzo_share(
            maps: count, in_map: from.mapStride, out_map: to.mapStride, first_pixel: 0, end_pixel: count * pixels,
            first_output: 0, end_output: to.pixelStride)
        return zanzo_convolution(
            weights: weights, bias: noBias.base, height: 0, width: 0, in_channels: 0, out_channels: to.pixelStride,
            stride: 1, in_row: from.rowStride, in_pixel: from.pixelStride, out_row: to.rowStride,
            out_pixel: to.pixelStride, activation: ZANZO_IDENTITY, share: share, byte_scale: 0)
    }

    // MARK: The weights' gradient

    /// Whether it is summed over all frames at once (`gradient`), each thread some of its elements; otherwise frame by frame
    /// while they are in the cache (`addGradient`), group by group of frames, and then over the groups.
    var isDeep: Bool { panels.areDeep }

    /// One frame's share in the gradient of `group`: the big map at `bigIndex`, the small one at `smallIndex`.
    func addGradient(
        big: FloatMap, _ bigIndex: Int, small: FloatMap, _ smallIndex: Int, group: Int, isFirst: Bool,
        scratch: UnsafeMutablePointer<Float>
    ) {
        let all = kernels.padded(self.small), rowCount = 9 * self.big
        for index in 0..<panels.count(frames: 1) {
            let panel = panels.panel(index, frames: 1, small: small, big: big)
            add(
                panel.depth, big.corner + bigIndex * big.mapStride + panel.big,
                small.pixels + smallIndex * small.mapStride + panel.small, to: partial.base + group * rowCount * all,
                rows: 0..<rowCount, isFirst: isFirst && index == 0, scratch)
        }
    }

    /// The gradient out of its groups: a part of its elements.
    func sumGroups(_ part: Part) {
        let count = 9 * big * kernels.padded(small), range = part.range(of: count, group: 64)
        (gradients + range.lowerBound).update(from: partial.base + range.lowerBound, count: range.count)
        zanzo_add_rows(
            gradients + range.lowerBound, partial.base + range.lowerBound, groupSteps.base + 1, groups - 1, range.count)
    }

    /// The gradient over all frames: a part of its elements. `scratch` has room for `scratchCount` floats.
    func gradient(
        big: FloatMap, small: FloatMap, frames: Int, _ part: Part, scratch: UnsafeMutablePointer<Float>
    ) {
        // By rows: so each of them is copied by one thread only.
        let rows = part.range(of: 9 * self.big)
        for index in 0..<panels.count(frames: frames) {
            let panel = panels.panel(index, frames: frames, small: small, big: big)
            add(
                panel.depth, big.corner + panel.big, small.pixels + panel.small, to: gradients, rows: rows,
                isFirst: index == 0, scratch)
        }
    }

    /// One panel's share in some elements of a gradient that lies at `sums`.
    private func add(
        _ depth: Int, _ big: UnsafePointer<Float>, _ small: UnsafePointer<Float>,
        to sums: UnsafeMutablePointer<Float>, rows: Range<Int>, isFirst: Bool,
        _ scratch: UnsafeMutablePointer<Float>
    ) {
        let block = kernels.layout.block, rowCount = 9 * self.big, columns = kernels.padded(self.small)
        zanzo_pack_panel(scratch, depth * block, small, panels.smallSteps.base, depth, columns, block)
        let room = UnsafeMutableBufferPointer(
            start: scratch + panels.depth * padded(columns, to: block), count: isDeep ? Self.roomCount : 0)
        // Rows of a narrower last block are narrower.
        let whole = columns / block * block
        for step in 0..<2 {
            let range = step == 0 ? 0..<whole : whole..<columns
            Products(
                sums: sums + rowCount * range.lowerBound + rows.lowerBound * min(block, range.count), sumsRow: 0,
                sumsBlock: rowCount * block, a: big, rows: panels.rows.base + rows.lowerBound, rowCount: rows.count,
                steps: panels.bigSteps.base, depth: depth, b: scratch + whole / block * step * depth * block,
                bBlock: depth * block, columns: range.count, isFirst: isFirst, room: room
            ).run(kernels)
        }
    }

    /// Floats that the gradient needs as scratch.
    var scratchCount: Int {
        panels.depth * padded(kernels.padded(small), to: kernels.layout.block) + (panels.areDeep ? Self.roomCount : 0)
    }

    /// 256 KiB: half of a second-level cache.
    private static let roomCount = 1 << 16
}
