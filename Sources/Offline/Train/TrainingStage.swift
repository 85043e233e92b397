import Service
import Video

/// How far a session is, as `zanzo train --unattended` says it in a line of JSON: what the daemon reads of a camera that learns.
public struct TrainingStage: Sendable, Hashable, Encodable {
    /// What it does.
    public enum Phase: String, Sendable, Encodable {
        case recording, waiting, training, calibrating, done
    }

    /// What it does.
    public var phase: Phase
    /// The share of it that is done, 0…1; nil where that is not known.
    public var done: Double?
    /// Seconds until its end; nil where that is not known.
    public var secondsLeft: Double?
    /// The mean of the last 50 losses.
    public var loss: Double?
    /// The last judgement of held-out frames.
    public var heldOut: Double?

    /// The stage `phase`.
    public init(_ phase: Phase, done: Double? = nil) { (self.phase, self.done) = (phase, done) }

    enum CodingKeys: String, CodingKey {
        case phase, done, loss
        case secondsLeft = "seconds_left"
        case heldOut = "held_out"
    }
}

/// Thins stages out: the first of each phase, and one a second.
struct StageTeller {
    private let time: any TimeSource
    private let tell: (TrainingStage) -> Void
    private var last: (phase: TrainingStage.Phase, at: MonotonicTime)?

    init(time: any TimeSource, tell: @escaping (TrainingStage) -> Void) { (self.time, self.tell) = (time, tell) }

    mutating func show(_ stage: TrainingStage) {
        let now = time.now()
        if let last, last.phase == stage.phase, now - last.at < .seconds(1) { return }
        last = (stage.phase, now)
        tell(stage)
    }
}
