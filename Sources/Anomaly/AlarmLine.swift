/// Where the alarm line of some footage lies, and by what: the three ways of `Calibration.fit`.
struct AlarmLine {
    /// In raw units.
    let threshold: Double
    /// How it was found.
    let described: Calibration.Tail
    private let tail: ParetoTail?
    private let dispersion: Double

    /// Events in the footage from which on they are counted: fewer say too little of their mean (ten: a factor of 2).
    static let eventsToCount = 10.0
    /// Peaks over u that a tail needs at the least.
    static let fewestPeaks = 10
    /// Peaks over u that are wanted: a tenth of all stretches, but so many of them.
    static let peaksWanted = 30...200

    /// The line at which `allowed` events are expected in this footage; nil where no score is over 0 for long enough.
    init?(_ footage: Footage, _ statistics: ScoreStatistics, allowed: Double) {
        let peaks = footage.peaks()
        guard let highest = peaks.first else { return nil }
        // Footage that loops has peaks more alike than a tail knows: over all that was seen means by a margin.
        let over = highest + max(0.05 * highest, 0.1 * (highest - statistics.p50))
        let counted = allowed >= 1 ? Self.counted(peaks, allowed: Int(min(allowed, 1e9)), footage) : nil
        let tail = allowed < Self.eventsToCount ? Self.tail(peaks, footage) : nil
        self.tail = tail
        if let tail {
            threshold = max(tail.threshold(expected: allowed), counted?.level ?? over)
            dispersion = tail.dispersion
            described = Calibration.Tail(
                kind: .pareto, level: tail.level, scale: tail.scale, shape: tail.shape, peaks: tail.count,
                dispersion: tail.dispersion)
            return
        }
        let level = counted?.level ?? over
        threshold = level
        dispersion = counted == nil ? 1 : footage.dispersion(of: footage.clusters(over: level.nextDown))
        described = Calibration.Tail(
            kind: .quantile, level: level, scale: 0, shape: 0, peaks: counted?.peaks ?? 0, dispersion: dispersion)
    }

    /// What can be expected of `threshold`, at which the detector raises `events` in this footage of `days`.
    func expected(at threshold: Double, events: Int, days: Double) -> Calibration.ExpectedAlerts {
        guard let tail else {
            let (low, high) = PoissonInterval.of(count: events, dispersion: dispersion)
            return Calibration.ExpectedAlerts(alertsPerDay: Double(events) / days, low: low / days, high: high / days)
        }
        func alerts(_ quantile: Double) -> Double { tail.expected(at: threshold, quantile: quantile) / days }
        return Calibration.ExpectedAlerts(alertsPerDay: alerts(0.5), low: alerts(0.025), high: alerts(0.975))
    }

    /// The lowest peak at which the detector raises at most `allowed` (1 or more) events, and how many peaks reach it.
    private static func counted(_ peaks: [Double], allowed: Int, _ footage: Footage) -> (level: Double, peaks: Int) {
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
        return (peaks[good], good + 1)
    }

    /// The tail over the lowest level from which on the peaks look like one; nil where there are too few of them.
    ///
    /// The first level tried has a tenth of the stretches' peaks over it, 30 at least (of short footage, half of them)
    /// and 200 at most. Where the peaks fit no tail, as where a few swells stand out of noise, it goes up, a third
    /// fewer peaks at a time, while 30 are left; the last one tried is taken.
    private static func tail(_ peaks: [Double], _ footage: Footage) -> ParetoTail? {
        let few = min(peaksWanted.lowerBound, peaks.count / 2)
        var count = min(peaksWanted.upperBound, max(peaks.count / 10, few))
        var last: ParetoTail?
        while count > 0, count >= few {
            let level = peaks[count]
            let clusters = footage.clusters(over: level)
            guard clusters.count >= fewestPeaks,
                let tail = ParetoTail(
                    peaks: clusters.map(\.peak), level: level, dispersion: footage.dispersion(of: clusters))
            else { return last }
            last = tail
            if tail.misfit <= ParetoTail.largestMisfit { return tail }
            count = count * 2 / 3
        }
        return last
    }
}
