public import Anomaly
public import Capture
public import Model
import Video

/// One scored frame of a clip. The pictures are borrowed: valid until the next frame.
public struct ScoredFrame {
    /// The frame's number, counted from 1 as in the daemon's events.
    public let index: UInt64
    /// When it was taken, since the clip's first frame.
    public let time: Duration
    /// Width over height of the source's picture.
    public let aspect: Double
    /// The raw score.
    public let raw: Double
    /// Luma at the model's size, 0…255.
    public let luma: UnsafeBufferPointer<UInt8>
    /// The reconstruction, in [-1, 1].
    public let output: UnsafeBufferPointer<Float>
}

/// What `replay` and `calibrate` share with the daemon: a source, the shrinking, the network and the score, frame by
/// frame and without a drop, as fast as it goes.
public final class ClipScorer {
    private let reconstructor: Reconstructor
    private let scorer: Scorer
    private let rate: Double?
    private let modelSize: FrameSize

    /// Scores `rate` frames a second of a clip (all of them where it is nil) with `model` by `method`, where `scoring` has it
    /// look.
    public init(model: Model, method: ScoreMethod, rate: Double?, scoring: ScoringSettings = ScoringSettings()) {
        modelSize = FrameSize(width: model.topology.size, height: model.topology.size)
        reconstructor = Reconstructor(model: model)
        scorer = Scorer(size: modelSize, mask: scoring.mask(size: modelSize), method: method)
        self.rate = rate
    }

    /// Plays `source` from a state of zeros; `each` is given every scored frame, and returns whether to go on.
    /// Returns how many whole frames were read, scored or not.
    ///
    /// Throws what the source throws, or what `each` does. Damaged frames are left out, as the daemon does.
    @discardableResult
    public func play(_ source: any FrameSource, each: (ScoredFrame) throws -> Bool) throws -> UInt64 {
        var state = StreamState(model: reconstructor.model)
        var first: MonotonicTime?
        return try ClipReader(modelSize: modelSize, rate: rate).play(source) { step in
            guard case .frame(let slot, let frame, let index) = step else {
                state.reset()
                return true
            }
            let start = first ?? frame.time
            first = start
            let luma = UnsafeBufferPointer(slot.luma)
            let rebuilt = reconstructor.step(luma, &state)
            let raw = scorer.score(input: rebuilt.input, output: rebuilt.output)
            return try each(
                ScoredFrame(
                    index: index, time: frame.time - start,
                    aspect: Double(frame.view.size.width) / Double(frame.view.size.height), raw: raw, luma: luma,
                    output: rebuilt.output))
        }
    }
}
