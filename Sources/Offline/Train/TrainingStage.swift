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
    /// Why it does not get on: a camera that is lost; nil where it does.
    public var problem: String?

    /// The stage `phase`.
    public init(_ phase: Phase, done: Double? = nil, problem: String? = nil) {
        (self.phase, self.done, self.problem) = (phase, done, problem)
    }

    enum CodingKeys: String, CodingKey {
        case phase, done, loss, problem
        case secondsLeft = "seconds_left"
        case heldOut = "held_out"
    }
}

/// Thins stages out: the first of each phase and of each problem, and one a second.
struct StageTeller {
    private let time: any TimeSource
    private let tell: (TrainingStage) -> Void
    private var last: (stage: TrainingStage, at: MonotonicTime)?

    init(time: any TimeSource, tell: @escaping (TrainingStage) -> Void) { (self.time, self.tell) = (time, tell) }

    mutating func show(_ stage: TrainingStage) {
        let now = time.now()
        if let last, last.stage.phase == stage.phase, last.stage.problem == stage.problem, now - last.at < .seconds(1) {
            return
        }
        last = (stage, now)
        tell(stage)
    }
}
