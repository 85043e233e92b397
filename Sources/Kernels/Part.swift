internal import CKernels

/// One thread's part of a step over one or several frames: every layer is given it, and takes its share of the pixels or of
/// the outputs.
public struct Part: Sendable {
    /// Which of `count` parts, from 0.
    public let index: Int
    /// Parts in all: the threads of the step.
    public let count: Int
    /// Frames of the step: the first so many maps.
    public var frames: Int
    private let work: StepTeam.Work?

    /// The whole of a step over one frame, by one thread.
    public static let whole = Part(index: 0, count: 1, frames: 1, work: nil)

    init(index: Int, count: Int, frames: Int, work: StepTeam.Work?) {
        (self.index, self.count, self.frames, self.work) = (index, count, frames, work)
    }

    /// Waits until every part has come here: what the others wrote may now be read.
    public func meet() { work?.meet() }

    /// Does `layer` and waits for the other parts.
    public func then(_ layer: () -> Void) {
        layer()
        meet()
    }

    /// This part of `total` things that are dealt in groups of `group`.
    public func range(of total: Int, group: Int = 1) -> Range<Int> {
        let groups = (total + group - 1) / group
        return min(total, groups * index / count * group)..<min(total, groups * (index + 1) / count * group)
    }
}

extension KernelTable {
    /// A 3×3 layer's share for this part. Many pixels are dealt out by tiles; where there are few, as in the deep layers,
    /// outputs are, so that each thread streams its own weights. `areTiles`: of Winograd's, what is counted and dealt out are
    /// tiles of four pixels.
    func share<A, B>(
        of part: Part, _ input: ActivationMap<A>, _ output: ActivationMap<B>, pixelsEach: Int,
        areTiles: Bool = false
    ) -> zanzo_share {
        precondition(part.frames <= input.capacity && part.frames <= output.capacity, "Part: more frames than maps")
        let pixels = part.frames * pixelsEach / (areTiles ? 4 : 1)
        let dealsOutputs =
            part.frames * pixelsEach < 128 * part.count && output.pixelStride >= layout.block * part.count
        let whole = Part.whole
        let pixelRange = (dealsOutputs ? whole : part).range(of: pixels, group: areTiles ? 4 : 12)
        let outputRange = (dealsOutputs ? part : whole).range(of: output.pixelStride, group: layout.block)
        return zanzo_share(
            maps: part.frames, in_map: input.mapStride, out_map: output.mapStride, first_pixel: pixelRange.lowerBound,
            end_pixel: pixelRange.upperBound, first_output: outputRange.lowerBound, end_output: outputRange.upperBound)
    }
}
