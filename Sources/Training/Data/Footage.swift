/// A store's clips, each cut in two by time: what is trained on, and its end, which is only judged.
public struct Footage: Sendable {
    /// The frames.
    public let store: FrameStore
    /// The share of each clip's end that is held out, 0…0.5.
    public let holdOut: Double
    /// What is trained on.
    public let training: [Span]
    /// What is held out.
    public let heldOut: [Span]

    /// Frames of one clip.
    public struct Span: Sendable, Hashable {
        /// The clip, an index into the store's.
        public let clip: Int
        /// Frames of it.
        public let frames: Range<Int>
    }

    /// A clip shorter than this is trained on as a whole: nothing can be judged on so little.
    static let shortestSplit = 16

    /// Cuts the clips of `store`; of each, the last `holdOut` is held out.
    public init(store: FrameStore, holdOut: Double) {
        precondition((0...0.5).contains(holdOut), "more than half is held out")
        (self.store, self.holdOut) = (store, holdOut)
        var (training, heldOut): ([Span], [Span]) = ([], [])
        for (index, clip) in store.clips.enumerated() {
            let held = clip.count < Self.shortestSplit ? 0 : Int((Double(clip.count) * holdOut).rounded())
            training.append(Span(clip: index, frames: 0..<clip.count - held))
            if held > 0 { heldOut.append(Span(clip: index, frames: clip.count - held..<clip.count)) }
        }
        (self.training, self.heldOut) = (training, heldOut)
    }

    /// Frames that are trained on.
    public var trainingCount: Int { training.reduce(0) { $0 + $1.frames.count } }
    /// Frames that are held out.
    public var heldOutCount: Int { heldOut.reduce(0) { $0 + $1.frames.count } }

    /// Frames a second: the median over all frames.
    public var rate: Double {
        let rates = store.clips.sorted { $0.rate < $1.rate }
        var before = 0
        for clip in rates {
            before += clip.count
            if 2 * before >= store.frameCount { return clip.rate }
        }
        return rates.last?.rate ?? 1
    }

    /// The luma of a span's frame, counted from the clip's start.
    public func luma(_ span: Span, _ frame: Int) -> UnsafeBufferPointer<UInt8> {
        store.luma(store.clips[span.clip], frame)
    }
}
