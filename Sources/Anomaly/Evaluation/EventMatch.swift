internal import Video

/// A detector's events on one clip, held against its labels.
public struct EventMatch: Sendable, Hashable {
    /// The events: frames from the first over the line to the last at or over the release level, counted from 0.
    public let events: [ClosedRange<Int>]
    /// The labelled stretches: runs of anomalous frames.
    public let stretches: [ClosedRange<Int>]
    /// Stretches that share a frame with an event.
    public let found: Int
    /// Events that share no frame with a stretch.
    public let falseAlarms: Int

    /// Plays `scores` (raw, one a frame, `rate` a second) through a detector with its alarm line at `threshold`.
    public init(scores: [Double], labels: [Bool], threshold: Double, rate: Double, settings: DetectorSettings) {
        self.init(
            events: Self.events(scores: scores, threshold: threshold, rate: rate, settings: settings), labels: labels)
    }

    /// Holds known `events` against `labels`, one a frame.
    public init(events: [ClosedRange<Int>], labels: [Bool]) {
        let stretches = Self.runs(labels)
        self.events = events
        self.stretches = stretches
        found = stretches.count { stretch in events.contains { $0.overlaps(stretch) } }
        falseAlarms = events.count { event in !stretches.contains { $0.overlaps(event) } }
    }

    /// The events that a detector raises, a running one cut off at the clip's end.
    public static func events(
        scores: [Double], threshold: Double, rate: Double, settings: DetectorSettings
    ) -> [ClosedRange<Int>] {
        precondition(threshold > 0 && rate > 0, "a threshold of \(threshold), a rate of \(rate)")
        var judge = Detector(settings: settings, rate: rate)
        var events: [ClosedRange<Int>] = []
        func note(_ transition: Transition?) {
            guard case .end = transition else { return }
            let first = Int(judge.startFrame)
            events.append(first...first + Int(judge.frameCount) - 1)
        }
        for (index, score) in scores.enumerated() {
            let time = MonotonicTime.zero + Duration(seconds: Double(index) / rate)
            note(judge.observe(score: score / threshold, frame: UInt64(index), time: time))
        }
        note(judge.interrupt(.stopped))
        return events
    }

    /// The runs of true in `labels`.
    static func runs(_ labels: [Bool]) -> [ClosedRange<Int>] {
        var runs: [ClosedRange<Int>] = []
        var start: Int?
        for index in labels.indices where labels[index] {
            let first = start ?? index
            start = first
            if index + 1 == labels.count || !labels[index + 1] {
                runs.append(first...index)
                start = nil
            }
        }
        return runs
    }
}
