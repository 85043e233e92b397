internal import Video

/// A detector's events on one clip, held against its labels.
public struct EventMatch: Sendable, Hashable {
    /// The events: frames from the first over the line to the last at or over the release level, counted from 0.
    public let events: [ClosedRange<Int>]
    /// The labelled stretches: runs of anomalous frames.
    public let stretches: [ClosedRange<Int>]
    /// Stretches that share a frame with an event that is no false alarm.
    public let found: Int
    /// Events that begin when nothing is odd: neither in a stretch nor so shortly before one that they reach it.
    public let falseAlarms: Int

    /// Plays `scores` (raw, one a frame, `rate` a second) through a detector with its alarm line at `threshold`.
    public init(scores: [Double], labels: [Bool], threshold: Double, rate: Double, settings: DetectorSettings) {
        self.init(
            events: Self.events(scores: scores, threshold: threshold, rate: rate, settings: settings), labels: labels,
            early: Int(saturating: rate.rounded()))
    }

    /// Holds known `events` against `labels`, one a frame.
    ///
    /// What counts is where an event begins, for that is when somebody is told: one that runs on from before would find
    /// everything, and a model that is always over its line would be perfect. Labels are as exact as the hand that made
    /// them, so an event may begin up to `early` frames before its stretch (`init(scores:…)`: a second).
    public init(events: [ClosedRange<Int>], labels: [Bool], early: Int) {
        let stretches = Self.runs(labels)
        let right = events.filter { event in
            stretches.contains { $0.overlaps(event) && event.lowerBound >= $0.lowerBound - early }
        }
        self.events = events
        self.stretches = stretches
        found = stretches.count { stretch in right.contains { $0.overlaps(stretch) } }
        falseAlarms = events.count - right.count
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
