internal import FoundationEssentials
internal import Glibc
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
    /// - Peaks are the greatest sustained scores of stretches as long as the merge gap (or the window, where that is
    ///   longer): nearly independent, and if two are the same event, the threshold only comes out higher.
    /// - Where the budget allows one event or more in this footage, the threshold is the lowest peak such that the real
    ///   detector raises no more than that many. The search starts at the top: deep in the body of the scores the count
    ///   falls again, as everything becomes one long event, and the least score would look like a fine threshold.
    /// - Where it allows less than one, an exponential tail is laid over the highest peaks, with the upper 95 % limit
    ///   of its scale, and the threshold is where that says the budget is; always over everything that was seen.
    public static func fit(
        clips: [[Double]], rate: Double, alertsPerDay: Double, detector: DetectorSettings,
        method: ScoreMethod = .mean, created: UTCTime? = nil
    ) throws(CalibrationError) -> Calibration {
        try check(clips, rate: rate, alertsPerDay: alertsPerDay, detector: detector)
        let footage = Footage(clips: clips, rate: rate, detector: detector)
        let seconds = Double(footage.frames) / rate
        guard footage.frames >= minimumFrames, seconds >= minimumSeconds else {
            throw CalibrationError(
                .tooLittle,
                "\(footage.frames) frames (\(Int(seconds)) s) are left beside the warm-up; it takes \(minimumFrames) "
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
        let peaks = footage.peaks()
        guard !peaks.isEmpty else { throw mostlyZero(0) }
        let allowed = alertsPerDay * seconds / 86_400
        let floor = ScoreStatistics.quantile(lowestQuantile, sorted)
        let (found, tail) =
            allowed >= 1
            ? seen(peaks, allowed: Int(min(allowed, 1e9)), footage) : extrapolated(peaks, allowed, statistics)
        let threshold = max(found, floor)
        guard threshold > 0, threshold.isFinite else { throw mostlyZero(threshold) }
        let under = sorted.partitioningIndex { $0 >= threshold }
        return Calibration(
            threshold: threshold, method: method, alertsPerDay: alertsPerDay, frames: footage.frames, rate: rate,
            quantile: Double(under) / Double(sorted.count), quiet: footage.quiet,
            events: footage.outcome(threshold: threshold).events, tail: tail,
            statistics: statistics, created: created.map(iso8601))
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

    /// The lowest peak at which the detector raises at most `allowed` events.
    private static func seen(_ peaks: [Double], allowed: Int, _ footage: Footage) -> (Double, Tail) {
        // An event that is too long blinds the detector, and so hides others: no threshold for normal footage.
        func isWithin(_ index: Int) -> Bool {
            let (events, tooLong) = footage.outcome(threshold: peaks[index])
            return events <= allowed && tooLong == 0
        }
        // Each event holds a peak of its own, so at the `allowed`th peak it is within the budget, but for events that
        // begin in one stretch: go up until it is, by an eighth at a time. Then go down, as several peaks may be one
        // event, no further than to four times as many peaks, by bisection.
        var good = min(allowed, peaks.count) - 1
        while good > 0, !isWithin(good) { good = good * 7 / 8 }
        var bad = min(4 * allowed, peaks.count)
        while bad - good > 1 {
            let middle = (good + bad) / 2
            if isWithin(middle) { good = middle } else { bad = middle }
        }
        return (peaks[good], Tail(kind: .quantile, level: peaks[good], scale: 0, shape: 0, peaks: good + 1))
    }

    /// Where the tail says that `allowed` (under 1) peaks lie over in footage of this length; over all that was seen.
    private static func extrapolated(
        _ peaks: [Double], _ allowed: Double, _ statistics: ScoreStatistics
    ) -> (Double, Tail) {
        // The highest tenth of the peaks, but 10 to 50 of them, or all but one where there are fewer.
        let count = max(1, min(peaks.count - 1, min(50, max(10, peaks.count / 10))))
        let level = peaks[min(count, peaks.count - 1)]
        let mean = peaks.prefix(count).reduce(0) { $0 + ($1 - level) } / Double(count)
        // The mean of m exponential values has a relative standard error of 1 / sqrt(m); 1.645 of them is 95 %,
        // one-sided.
        let scale = mean * (1 + 1.645 / Double(count).squareRoot())
        let tail = Tail(kind: .exponential, level: level, scale: scale, shape: 0, peaks: count)
        // Peaks may lie together more closely than their tail goes (footage that loops): a margin is kept all the same.
        let margin = max(0.05 * peaks[0], 0.1 * (peaks[0] - statistics.p50))
        return (max(level + scale * log(Double(count) / allowed), peaks[0] + margin), tail)
    }

    private static func iso8601(_ time: UTCTime) -> String {
        Date(timeIntervalSince1970: Double(time.microseconds) * 1e-6).ISO8601Format()
    }
}

/// Clips of raw scores without their warm-ups, as the detector judges them.
struct Footage {
    let clips: [[Double]]
    let rate: Double
    let detector: DetectorSettings
    /// What three in four stretches of a merge gap stay under, so that an event over normal footage soon ends.
    let quiet: Double

    init(clips: [[Double]], rate: Double, detector: DetectorSettings) {
        let warmUp = max(detector.warmUpFrames, Int((detector.warmUpTime.seconds * rate).rounded(.up)))
        let judged = clips.map { Array($0.dropFirst(warmUp)) }
        self.clips = judged
        self.rate = rate
        var settings = detector
        settings.warmUpFrames = 0
        settings.warmUpTime = .zero
        self.detector = settings
        let pause = max(detector.releaseFrames, Int((detector.mergeGap.seconds * rate).rounded(.up)))
        let greatest = judged.flatMap { Self.greatest(of: $0, every: pause) }.sorted()
        quiet = greatest.isEmpty ? 0 : ScoreStatistics.quantile(0.75, greatest)
    }

    var frames: Int { clips.reduce(0) { $0 + $1.count } }

    /// Events that the detector raises where `threshold` is the alarm line, and those of them that were too long.
    func outcome(threshold: Double) -> (events: Int, tooLong: Int) {
        let settings = Calibration.settings(detector, quiet: quiet, threshold: threshold)
        var (events, tooLong) = (0, 0)
        for clip in clips {
            var judge = Detector(settings: settings, rate: rate)
            for index in clip.indices {
                let time = MonotonicTime(nanoseconds: Int64(Double(index) / rate * 1e9))
                switch judge.observe(score: clip[index] / threshold, frame: UInt64(index), time: time) {
                case .start: events += 1
                case .end(.tooLong): tooLong += 1
                default: break
                }
            }
        }
        return (events, tooLong)
    }

    /// The greatest sustained score of each stretch of a merge gap (or a start window, where that is longer),
    /// descending; stretches of which nothing is over 0 are left out.
    func peaks() -> [Double] {
        let stretch = max(detector.startWindow, Int((detector.mergeGap.seconds * rate).rounded(.up)))
        let peaks = clips.flatMap { Self.greatest(of: sustained($0), every: stretch) }
        return peaks.filter { $0 > 0 }.sorted(by: >)
    }

    private static func greatest(of scores: [Double], every stretch: Int) -> [Double] {
        stride(from: 0, to: scores.count, by: stretch).map { start in
            scores[start..<min(start + stretch, scores.count)].reduce(0, max)
        }
    }

    /// For each frame the k-th greatest score of the last n frames: 0 before there are k.
    private func sustained(_ clip: [Double]) -> [Double] {
        let (k, n) = (detector.startFrames, detector.startWindow)
        var window = [Double]()  // The last n scores, descending.
        window.reserveCapacity(n + 1)
        var sustained = [Double]()
        sustained.reserveCapacity(clip.count)
        for (index, score) in clip.enumerated() {
            if index >= n, let old = window.firstIndex(of: clip[index - n]) { window.remove(at: old) }
            window.insert(score, at: window.firstIndex { $0 < score } ?? window.count)
            sustained.append(window.count >= k ? window[k - 1] : 0)
        }
        return sustained
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
