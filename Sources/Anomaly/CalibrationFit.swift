internal import FoundationEssentials
public import Video

extension Calibration {
    /// Frames and seconds (warm-ups left out) under which nothing can be said about a tail.
    static let minimumFrames = 100
    static let minimumSeconds = 30.0
    /// The threshold is never under this quantile of the frames, however large the budget: an alarm line that one
    /// normal frame in twenty reaches means nothing.
    static let lowestQuantile = 0.95

    /// Finds the threshold at which the detector raises at most `alertsPerDay` events a day on normal footage that
    /// the model was not trained on: `scores` are raw, in order, one a frame, `rate` frames a second, from one
    /// uninterrupted clip.
    ///
    /// The detector is to run with `applied(to:)`, as it does here.
    ///
    /// - Throws: `CalibrationError` where there are fewer than 100 frames or 30 s beside the warm-up, a score is not a
    ///   finite number of 0 or more, all scores are the same, or an argument can't be used.
    public static func fit(
        scores: [Double], rate: Double, alertsPerDay: Double, detector: DetectorSettings,
        method: ScoreMethod = .mean, created: UTCTime? = nil
    ) throws(CalibrationError) -> Calibration {
        try fit(
            clips: [scores], rate: rate, alertsPerDay: alertsPerDay, detector: detector, method: method,
            created: created)
    }

    /// As above, from several clips: each has its own warm-up, and no event goes over from one to the next.
    ///
    /// What counts is events, not frames: frames over the line come in runs, and the detector makes one event of each.
    /// - An event needs k of n frames over the line, so first the scores become *sustained scores*: the k-th greatest
    ///   of the last n. A threshold that the sustained score never reaches raises nothing.
    /// - Where the budget allows ten events or more in this footage, they are counted: the threshold is the lowest peak
    ///   such that the real detector raises no more than that many. The search starts at the top: deep in the body of
    ///   the scores the count falls again, as everything becomes one long event, and the least score would look like a
    ///   fine threshold.
    /// - Where it allows fewer, a generalised Pareto tail is laid over the highest peaks (peaks over threshold; Coles
    ///   2001, chapter 4; Siffer et al. 2017), and the threshold is where that expects as many as the budget allows. It
    ///   is no lower than what the footage itself asks for: where one event or more is allowed, by counting as above,
    ///   else over everything that was seen.
    /// - Peaks are declustered by runs (Coles 2001, §5.3.3): exceedances of u that lie less apart than the quiet which
    ///   ends an event are one peak, their greatest.
    /// - Where there are too few peaks for a tail (ten), the threshold lies over everything that was seen, and what can
    ///   be expected is only what a count of none says.
    public static func fit(
        clips: [[Double]], rate: Double, alertsPerDay: Double, detector: DetectorSettings,
        method: ScoreMethod = .mean, created: UTCTime? = nil
    ) throws(CalibrationError) -> Calibration {
        try check(clips, rate: rate, alertsPerDay: alertsPerDay, detector: detector)
        let footage = Footage(clips: clips, rate: rate, detector: detector)
        let seconds = Double(footage.frames) / rate
        guard isEnough(frames: footage.frames, rate: rate) else {
            throw CalibrationError(
                .tooLittle,
                "\(footage.frames) frames (\(Int(saturating: seconds)) s) are left beside the warm-up; it takes \(minimumFrames) "
                    + "frames and \(Int(minimumSeconds)) s at the least: give it more normal footage")
        }
        let sorted = footage.clips.flatMap { $0 }.sorted()
        let statistics = ScoreStatistics(sorted: sorted)
        guard statistics.maximum > statistics.minimum else {
            throw CalibrationError(
                .constant,
                "all \(footage.frames) scores are \(statistics.minimum): the picture is frozen or masked, or the model "
                    + "answers with its input; look at the footage and the masks")
        }
        guard let line = AlarmLine(footage, statistics, allowed: alertsPerDay * seconds / 86_400) else {
            throw mostlyZero(0)
        }
        let threshold = max(line.threshold, ScoreStatistics.quantile(lowestQuantile, sorted))
        guard threshold > 0, threshold.isFinite else { throw mostlyZero(threshold) }
        let under = sorted.partitioningIndex { $0 >= threshold }
        let events = footage.outcome(threshold: threshold).events
        return Calibration(
            threshold: threshold, method: method, alertsPerDay: alertsPerDay, frames: footage.frames, rate: rate,
            quantile: Double(under) / Double(sorted.count), quiet: footage.quiet, events: events,
            tail: line.described, expected: line.expected(at: threshold, events: events, days: seconds / 86_400),
            statistics: statistics, created: created.map(iso8601))
    }

    /// Whether so many frames, the warm-up left out, at `rate` frames a second are enough for `fit`.
    public static func isEnough(frames: Int, rate: Double) -> Bool {
        frames >= minimumFrames && Double(frames) / rate >= minimumSeconds
    }

    private static func mostlyZero(_ threshold: Double) -> CalibrationError {
        CalibrationError(
            .constant,
            "the threshold comes out as \(threshold), as nearly all scores are 0: the picture is frozen or masked, or "
                + "the model answers with its input; look at the footage and the masks")
    }

    private static func check(
        _ clips: [[Double]], rate: Double, alertsPerDay: Double, detector: DetectorSettings
    ) throws(CalibrationError) {
        if let problem = detector.problem { throw CalibrationError(.badSetting, "the detector's \(problem)") }
        guard rate.isFinite, (0.01...1000).contains(rate) else {
            throw CalibrationError(.badSetting, "the rate is \(rate) frames a second; it may be 0.01 to 1000")
        }
        guard alertsPerDay.isFinite, (0.001...100_000).contains(alertsPerDay) else {
            throw CalibrationError(
                .badSetting, "the budget is \(alertsPerDay) alerts a day; it may be 0.001 to 100000 (2 is usual)")
        }
        for (number, clip) in clips.enumerated() {
            for (index, score) in clip.enumerated() where !(score.isFinite && score >= 0) {
                throw CalibrationError(
                    .badScore,
                    "frame \(index)\(clips.count > 1 ? " of clip \(number + 1)" : "") has the score \(score); scores "
                        + "are squared errors, 0 or more: the model file may be damaged")
            }
        }
    }

    private static func iso8601(_ time: UTCTime) -> String {
        Date(timeIntervalSince1970: Double(time.microseconds) * 1e-6).ISO8601Format()
    }
}

extension Array where Element == Double {
    /// The first index of a sorted array for whose element `belongs` holds, as for all after it; by bisection.
    fileprivate func partitioningIndex(_ belongs: (Double) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if belongs(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
