/// A calibration that can't be made or can't be read.
public struct CalibrationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of fault it is.
    public enum Code: Sendable, Hashable {
        /// Too few frames, or too short a time.
        case tooLittle
        /// A score is not a number, infinite or negative.
        case badScore
        /// The scores say nothing: they are all the same.
        case constant
        /// The rate, the budget or the detector's settings can't be used.
        case badSetting
        /// The text is not a calibration.
        case badText
    }
    /// What kind of fault it is.
    public let code: Code
    /// What is wrong, where, and what to do.
    public let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// One line.
    public var description: String { "calibration: \(message)" }
}

/// The alarm line of one model on one camera, found on normal footage: `Calibration.fit`.
public struct Calibration: Sendable, Hashable {
    /// How the far end of the normal scores was read.
    public enum TailKind: String, Sendable, Hashable, Codable {
        /// By counting: there was enough footage for the budget, or too little for a tail.
        case quantile
        /// An exponential tail over the highest peaks (peaks over threshold with shape 0): in older model files.
        case exponential
        /// A generalised Pareto tail over the highest peaks (peaks over threshold).
        case pareto
    }

    /// The tail over a high level u: a peak that is over u exceeds it by more than y with probability
    /// (1 + shape·y / scale)^(-1 / shape), or exp(-y / scale) where shape is 0.
    public struct Tail: Sendable, Hashable, Codable {
        /// How the tail was read; `level`, `scale` and `shape` describe it where that is not `quantile`.
        public let kind: TailKind
        /// u, in raw units.
        public let level: Double
        /// In raw units: how far peaks go over u, as a mean where shape is 0. Of a Pareto tail its mean over all that
        /// the footage leaves possible, of an exponential one the upper end of its 95 % range.
        public let scale: Double
        /// 0 for an exponential tail; over 0 the tail is heavier, under 0 it ends. A mean as `scale`.
        public let shape: Double
        /// Peaks over u that were seen, or that were counted.
        public let peaks: Int
        /// How much more unevenly peaks fall over the footage than independent ones: 1 or more; nil in older files.
        public let dispersion: Double?
    }

    /// False alarms a day that are to be expected of the threshold.
    public struct ExpectedAlerts: Sendable, Hashable, Codable {
        /// More and fewer are equally likely: the budget, but where footage holds higher peaks than its tail explains.
        /// Where events were counted: their number.
        public let alertsPerDay: Double
        /// The ends of the 95 % interval.
        public let low: Double, high: Double

        enum CodingKeys: String, CodingKey {
            case alertsPerDay = "alerts_per_day"
            case low, high
        }
    }

    /// The alarm line in raw units: the published score is raw / threshold.
    public let threshold: Double
    /// How frames were scored; the threshold holds for this method alone.
    public let method: ScoreMethod
    /// The budget: false alarms a day.
    public let alertsPerDay: Double
    /// Frames that were judged (warm-ups left out).
    public let frames: Int
    /// Frames a second.
    public let rate: Double
    /// The share of judged frames whose score was under the threshold, 0…1.
    public let quantile: Double
    /// What a quiet scene stays under, in raw units: three in four normal stretches of a merge gap have no frame over
    /// it. `applied(to:threshold:)` makes use of it.
    public let quiet: Double
    /// Events that the detector raises on the same footage with this threshold.
    public let events: Int
    /// How the far end of the scores was read.
    public let tail: Tail
    /// What is to be expected of the threshold; nil in older model files.
    public let expected: ExpectedAlerts?
    /// What the judged scores were like.
    public let statistics: ScoreStatistics
    /// When it was made, as ISO 8601 in UTC; nil where the caller did not say.
    public let created: String?

    /// The judged footage's length in seconds.
    public var seconds: Double { Double(frames) / rate }

    /// `settings` with a release level that this camera can reach: where normal scores lie close under the threshold
    /// (a busy picture is never rebuilt well), a level of 0.8 would lie among them, no event would ever end, and each
    /// would blind the camera by its maximum length. `threshold` is the one in use, where that is not the
    /// calibration's.
    public func applied(to settings: DetectorSettings, threshold: Double? = nil) -> DetectorSettings {
        Self.settings(settings, quiet: quiet, threshold: threshold ?? self.threshold)
    }

    static func settings(_ settings: DetectorSettings, quiet: Double, threshold: Double) -> DetectorSettings {
        var settings = settings
        if threshold > 0 { settings.releaseLevel = max(settings.releaseLevel, min(1, quiet / threshold)) }
        return settings
    }

    /// Whether the budget allows less than one event in the footage: the threshold then lies over everything that was
    /// seen, as far as the tail says, and how well it keeps the budget is the interval's business.
    public var isExtrapolated: Bool { alertsPerDay * seconds < 86_400 }

    /// What the user should know before trusting the threshold; nil where all is well.
    public var warning: String? {
        guard isExtrapolated else { return nil }
        let needed = 86_400 / alertsPerDay
        let tooFew = tail.kind == .quantile ? ", with too few peaks to say how far up they go" : ""
        return
            "calibrated on \(Self.length(seconds)) of footage, in which a budget of \(Self.short(alertsPerDay)) alerts "
            + "a day allows less than one event\(tooFew): the threshold is extrapolated and may be off in both "
            + "directions; calibrate again with \(Self.length(needed)) or more of normal footage, night and bad weather "
            + "included"
    }

    /// `90 s`, `12 min`, `3.5 h` or `2 days`.
    private static func length(_ seconds: Double) -> String {
        if seconds < 120 { return "\(short(seconds)) s" }
        if seconds < 7200 { return "\(short(seconds / 60)) min" }
        return seconds < 172_800 ? "\(short(seconds / 3600)) h" : "\(short(seconds / 86_400)) days"
    }

    /// With one digit after the point, or none where that is 0; three digits under 0.1.
    private static func short(_ value: Double) -> String {
        let step = value < 0.1 ? 1000.0 : 10.0
        let rounded = (value * step).rounded() / step
        return rounded == rounded.rounded() && rounded < 1e15 ? "\(Int(rounded))" : "\(rounded)"
    }
}

/// What a series of scores was like, in raw units.
public struct ScoreStatistics: Sendable, Hashable, Codable {
    /// The least and the greatest score.
    public let minimum: Double, maximum: Double
    /// Their mean and standard deviation.
    public let mean: Double, deviation: Double
    /// The scores under which 50, 90, 99 and 99.9 % of the frames lie.
    public let p50: Double, p90: Double, p99: Double, p999: Double

    /// Of scores in ascending order, at least one.
    init(sorted: [Double]) {
        precondition(!sorted.isEmpty, "statistics of no scores")
        minimum = sorted[0]
        maximum = sorted[sorted.count - 1]
        let mean = sorted.reduce(0, +) / Double(sorted.count)
        self.mean = mean
        deviation = (sorted.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(sorted.count)).squareRoot()
        p50 = Self.quantile(0.5, sorted)
        p90 = Self.quantile(0.9, sorted)
        p99 = Self.quantile(0.99, sorted)
        p999 = Self.quantile(0.999, sorted)
    }

    /// The score at share `q` of `sorted`, between the two nearest ones in proportion (Hyndman and Fan's type 7,
    /// NumPy's default).
    static func quantile(_ q: Double, _ sorted: [Double]) -> Double {
        let place = q * Double(sorted.count - 1)
        let below = Int(place)
        guard below + 1 < sorted.count else { return sorted[sorted.count - 1] }
        return sorted[below] + (place - Double(below)) * (sorted[below + 1] - sorted[below])
    }
}
