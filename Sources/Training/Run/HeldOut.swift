public import Model

/// The held-out frames, streamed as the daemon would: a state of zeros, a lead-in that is not judged, then frame by frame.
public struct HeldOut: Sendable {
    /// The footage whose clips' ends are held out.
    public let footage: Footage
    /// Frames before a span that the state warms up on: as many as a detector passes over at least.
    public static let leadIn = 16

    /// One streamed frame. The pictures are borrowed until the next.
    public struct Frame {
        /// Index of its span in `Footage.heldOut`.
        public let span: Int
        /// Its number in its clip, from 0.
        public let index: Int
        /// Whether it is held out; false in the lead-in.
        public let isJudged: Bool
        /// What the model made of it.
        public let rebuilt: Reconstruction
        /// The frame itself, 0…255.
        public let luma: UnsafeBufferPointer<UInt8>
    }

    /// The held-out spans of `footage`.
    public init(_ footage: Footage) { self.footage = footage }

    /// Streams each span through `reconstructor`: of all spans together about `limit` frames at most, the first of each.
    ///
    /// `leadIn` frames before each come first, as far as the clip has them. Ends early where `each` returns false.
    public func stream(
        _ reconstructor: Reconstructor, leadIn: Int = Self.leadIn, limit: Int = .max, each: (Frame) throws -> Bool
    ) rethrows {
        let share = min(1, Double(limit) / Double(max(1, footage.heldOutCount)))
        for (number, span) in footage.heldOut.enumerated() {
            var state = StreamState(model: reconstructor.model)
            let count = max(1, Int((Double(span.frames.count) * share).rounded()))
            let first = max(0, span.frames.lowerBound - leadIn)
            for index in first..<min(span.frames.lowerBound + count, span.frames.upperBound) {
                let luma = footage.luma(span, index)
                let rebuilt = reconstructor.step(luma, &state)
                let frame = Frame(
                    span: number, index: index, isJudged: index >= span.frames.lowerBound, rebuilt: rebuilt, luma: luma)
                guard try each(frame) else { return }
            }
        }
    }

    /// The mean squared error over the judged frames, in [-1, 1] units; nil where nothing is held out, or where
    /// `shouldStop`, which is asked before each frame, ended it.
    public func error(
        _ reconstructor: Reconstructor, limit: Int = .max, shouldStop: () -> Bool = { false }
    ) -> Double? {
        var (sum, count, isStopped) = (0.0, 0, false)
        stream(reconstructor, limit: limit) { frame in
            isStopped = shouldStop()
            guard !isStopped else { return false }
            guard frame.isJudged else { return true }
            frame.rebuilt.addSquaredError(to: &sum)
            count += frame.rebuilt.input.count
            return true
        }
        return count > 0 && !isStopped ? sum / Double(count) : nil
    }
}
