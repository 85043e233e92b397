public import Video

/// Why an event ended; the raw value is what is published.
public enum EndReason: String, Sendable, Hashable, CaseIterable, Codable {
    /// The score fell and stayed low: the anomaly is over.
    case released
    /// The event reached its maximum length: this is how the scene looks now.
    case tooLong = "max_length"
    /// The camera was lost while the event ran.
    case sourceLost = "source_lost"
    /// The daemon was stopped.
    case stopped
    /// The camera's configuration, model or threshold changed.
    case reconfigured
    /// The picture as a whole changed: a lamp, a moved camera.
    case sceneChanged = "scene_changed"
    /// The daemon ended without a stop (a crash, a power cut): told by the next start, never by a detector.
    case interrupted
}

/// What a frame's score, or an interruption, did to the event life cycle.
public enum Transition: Sendable, Hashable {
    /// An event starts.
    case start
    /// The running event goes on, and it is time to say so.
    case update
    /// The running event is over.
    case end(EndReason)
}

/// Turns a camera's scores, frame by frame, into events: pure arithmetic, no clock, no allocation.
///
///     warming up ──▶ idle ──start──▶ active ──end(released)──▶ idle
///                                      └─────end(tooLong)────▶ disarmed ──quiet──▶ idle
///     interrupt: active ──end(reason)──▶ warming up
///
/// *Quiet* means one thing everywhere: `releaseFrames` frames in a row under `releaseLevel`, and `mergeGap` since the
/// last frame that was not. A disarmed detector (after `tooLong`) waits for quiet before it can start again: a scene
/// that has changed for good would else start an event every few minutes for hours. A lost camera does not arm it
/// again, as the scene is the same when it comes back; `stopped` and `reconfigured` do.
///
/// A score that is not finite counts as 1.0, the alarm line: a finite model gives none, so the model, the threshold
/// or the memory is broken, and a broken detector must not look like a quiet street. `unscorableFrames` counts them.
/// Holes in the frames' numbers and times are fine: windows count frames seen, and frames that lie further apart than
/// twice what the camera's rate says are not taken together for a start. Times that run backwards count as standing
/// still.
public struct Detector: Sendable {
    /// What the detector goes by.
    public let settings: DetectorSettings

    private enum Phase { case idle, active, disarmed }

    /// A frame at or over 1.0, for the k-of-n start.
    private struct Over {
        var observation: UInt64
        var frame: UInt64
        var time: MonotonicTime
        var score: Double
    }

    private var phase = Phase.idle
    private var observation: UInt64 = 0  // frames seen in all
    private var latest: MonotonicTime?  // nil before the first frame, and after an interruption
    private var warmUpLeft: Int
    private var warmUpStart: MonotonicTime?
    private var overs: [Over]  // the last k, a ring; its memory never changes size
    private var overCount: UInt64 = 0  // written since the detector became idle
    private let windowSpan: Int64  // ns; the time that a start's frames may span
    private var quietFrames = 0
    private var startObservation: UInt64 = 0
    private var lastLoudTime = MonotonicTime.zero  // last frame at or over the release level, or the warm-up's start
    private var endObservation: UInt64 = 0  // the event's last frame at or over the release level
    private var endTime = MonotonicTime.zero
    private var nextUpdate = MonotonicTime.zero

    /// The number of the event's first frame: the first of those at or over 1.0 that made it start.
    public private(set) var startFrame: UInt64 = 0
    /// When the event's first frame was taken.
    public private(set) var startTime = MonotonicTime.zero
    /// The event's highest score.
    public private(set) var peak = 0.0
    /// The number of the frame with the highest score.
    public private(set) var peakFrame: UInt64 = 0
    /// When the frame with the highest score was taken.
    public private(set) var peakTime = MonotonicTime.zero
    /// When the event's last frame at or over 1.0 was taken.
    public private(set) var lastOverTime = MonotonicTime.zero
    /// Updates that the event has had.
    public private(set) var updates = 0
    /// Frames whose score was not finite, since the detector was made.
    public private(set) var unscorableFrames: UInt64 = 0

    /// A detector for a camera scored `rate` times a second (nil: unknown), which starts with a warm-up.
    ///
    /// Settings must have no `problem`.
    public init(settings: DetectorSettings, rate: Double? = nil) {
        precondition(settings.problem == nil, "detector: \(settings.problem ?? "")")
        self.settings = settings
        warmUpLeft = settings.warmUpFrames
        overs = Array(
            repeating: Over(observation: 0, frame: 0, time: .zero, score: 0), count: settings.startFrames)
        // Twice the nominal time, for jitter and single drops; a day at most, and no limit where the rate is unknown.
        if let rate, rate.isFinite, rate > 0 {
            windowSpan = Int64(min(2 * Double(settings.startWindow) / rate, 86_400) * 1e9)
        } else {
            windowSpan = .max
        }
    }

    /// Whether an event is running.
    public var isActive: Bool { phase == .active }

    /// Whether scores are not judged yet.
    public var isWarmingUp: Bool { warmUpLeft > 0 || warmUpStart == nil || isInWarmUpTime }

    /// Whether the last event was too long and the score has not been quiet since: nothing can start.
    public var isDisarmed: Bool { phase == .disarmed }

    /// From the event's first frame to its last one at or over the release level, so without the quiet time at its end.
    public var duration: Duration { endTime - startTime }

    /// Scored frames from the event's first to its last one at or over the release level.
    public var frameCount: UInt64 { endObservation - startObservation + 1 }

    /// Judges one frame: its score over the threshold, its number and when it was taken.
    public mutating func observe(score: Double, frame: UInt64, time: MonotonicTime) -> Transition? {
        let now = max(time, latest ?? time)
        latest = now
        observation += 1
        if !score.isFinite { unscorableFrames += 1 }
        let value = score.isFinite ? score : 1
        if warmsUp(now) { return nil }
        switch phase {
        case .idle: return watch(value, frame, now)
        case .active: return follow(value, frame, now)
        case .disarmed:
            if isQuiet(value, now) { becomeIdle() }
            return nil
        }
    }

    /// The stream of frames is cut (source lost, stop, new configuration, changed scene): ends a running event, and
    /// starts the warm-up anew. Values such as `peak` and `duration` stay those of the event until the next one
    /// starts.
    public mutating func interrupt(_ reason: EndReason) -> Transition? {
        let wasActive = isActive
        if wasActive || reason == .stopped || reason == .reconfigured { becomeIdle() }
        overCount = 0
        quietFrames = 0
        latest = nil
        warmUpLeft = settings.warmUpFrames
        warmUpStart = nil
        return wasActive ? .end(reason) : nil
    }

    private var isInWarmUpTime: Bool {
        guard let warmUpStart, let latest else { return true }
        return latest.nanoseconds - warmUpStart.nanoseconds < settings.warmUpTime.nanoseconds
    }

    /// Counts a frame of the warm-up; false once that is over.
    private mutating func warmsUp(_ now: MonotonicTime) -> Bool {
        if warmUpStart == nil {
            warmUpStart = now
            lastLoudTime = now  // Where it is disarmed: no quiet was seen while the camera was away.
        }
        if warmUpLeft > 0 {
            warmUpLeft -= 1
            return true
        }
        return isInWarmUpTime
    }

    private mutating func becomeIdle() {
        phase = .idle
        overCount = 0
        quietFrames = 0
    }

    private mutating func watch(_ value: Double, _ frame: UInt64, _ now: MonotonicTime) -> Transition? {
        guard value >= 1 else { return nil }
        let count = UInt64(overs.count)
        overs[Int(overCount % count)] = Over(observation: observation, frame: frame, time: now, score: value)
        overCount += 1
        guard overCount >= count else { return nil }
        let first = overs[Int(overCount % count)]  // The oldest of the last k.
        guard observation - first.observation < UInt64(settings.startWindow),
            now.nanoseconds - first.time.nanoseconds <= windowSpan
        else { return nil }
        phase = .active
        startFrame = first.frame
        startTime = first.time
        startObservation = first.observation
        peak = 0
        for over in 0..<count { notePeak(overs[Int((overCount + over) % count)]) }
        updates = 0
        nextUpdate = now + settings.updateEvery
        lastOverTime = now
        noteLoud(now)
        return .start
    }

    private mutating func follow(_ value: Double, _ frame: UInt64, _ now: MonotonicTime) -> Transition? {
        notePeak(Over(observation: observation, frame: frame, time: now, score: value))
        if value >= 1 { lastOverTime = now }
        if isQuiet(value, now) {
            becomeIdle()
            return .end(.released)
        }
        // Only a frame that is not quiet proves that the scene has changed: after a long hole, the first frames may
        // show that it is all over.
        if quietFrames == 0, now.nanoseconds - startTime.nanoseconds >= settings.maximumLength.nanoseconds {
            phase = .disarmed
            return .end(.tooLong)
        }
        guard quietFrames == 0, updates < settings.maximumUpdates, now >= nextUpdate else { return nil }
        updates += 1
        nextUpdate = now + settings.updateEvery
        return .update
    }

    private mutating func notePeak(_ over: Over) {
        guard over.score > peak else { return }
        peak = over.score
        peakFrame = over.frame
        peakTime = over.time
    }

    private mutating func noteLoud(_ now: MonotonicTime) {
        quietFrames = 0
        lastLoudTime = now
        guard phase == .active else { return }
        endTime = now
        endObservation = observation
    }

    /// Takes a frame of an active or disarmed detector in; whether it has now been quiet for long enough.
    private mutating func isQuiet(_ value: Double, _ now: MonotonicTime) -> Bool {
        guard value < settings.releaseLevel else {
            noteLoud(now)
            return false
        }
        quietFrames += 1
        return quietFrames >= settings.releaseFrames
            && now.nanoseconds - lastLoudTime.nanoseconds >= settings.mergeGap.nanoseconds
    }
}
