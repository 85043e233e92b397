public import Anomaly
public import Model

/// What a user should know of a freshly trained model, good or bad: as JSON (`report.json`, `--json`), as text and as a
/// picture.
public struct TrainingReport: Sendable, Hashable, Codable {
    /// The model's file.
    public var model: String
    /// How it came to be.
    public var training: TrainingRecord
    /// Whether the model is better than no model, by its held-out error: for scripts, one word.
    public var verdict: TrainingSummary.Verdict
    /// Held-out frames that were scored, and their seconds.
    public var scoredFrames: Int, scoredSeconds: Double
    /// The alarm line, and what it rests on; nil where there was too little footage for one.
    public var calibration: Calibration?
    /// Why there is no alarm line, or what to know before trusting it.
    public var warning: String?
    /// What to expect of the alarm line.
    public var alerts: Alerts?
    /// The held-out frames' scores, in units of the threshold (raw units without one).
    public var histogram: Histogram
    /// The smallest things that are found.
    public var detectable: [Patch]

    /// False alarms: what the calibration expects of a day, and the events that the detector raised on the scored frames.
    public struct Alerts: Sendable, Hashable, Codable {
        /// Events in the scored frames, which the alarm line was fitted to.
        public var events: Int
        /// Events a day that are to be expected: `Calibration.expected`.
        public var perDay: Double
        /// The 95 % interval of it.
        public var low: Double, high: Double

        enum CodingKeys: String, CodingKey {
            case events, low, high
            case perDay = "per_day"
        }

        /// What the calibration says; nil where it says nothing of a day.
        init?(_ calibration: Calibration) {
            guard let expected = calibration.expected else { return nil }
            (events, perDay) = (calibration.events, expected.alertsPerDay)
            (low, high) = (expected.low, expected.high)
        }
    }

    /// A square that is found.
    public struct Patch: Sendable, Hashable, Codable {
        /// Its side in pixels of the model's frame, and as a share of the picture's height.
        public var pixels: Int, share: Double
        /// Its difference from the background in levels of 255; nil: not found at any.
        public var contrast: Int?
        /// The share of trials that found it at that contrast (at the strongest where that was not enough), 0…1.
        public var found: Double
    }

    enum CodingKeys: String, CodingKey {
        case model, training, verdict, calibration, warning, alerts, histogram, detectable
        case scoredFrames = "scored_frames"
        case scoredSeconds = "scored_seconds"
    }
}

/// How often which value came: bins of equal width.
public struct Histogram: Sendable, Hashable, Codable {
    /// The first bin's lower end, and the last one's upper end.
    public var low: Double, high: Double
    /// Values in each bin; a value beyond the ends counts in the nearest.
    public var counts: [Int]

    /// A histogram from 0 to just over the greatest value.
    init(_ values: [Double], bins: Int = 48) {
        let top = max(1e-12, (values.filter(\.isFinite).max() ?? 0) * 1.000001)
        self.init(values, in: 0...top, bins: bins)
    }

    init(_ values: [Double], in range: ClosedRange<Double>, bins: Int = 48) {
        (low, high) = (range.lowerBound, range.upperBound)
        counts = [Int](repeating: 0, count: bins)
        for value in values where value.isFinite {
            let place = (value - low) / (high - low) * Double(bins)
            counts[Int(max(0, min(Double(bins - 1), place)))] += 1
        }
    }
}
