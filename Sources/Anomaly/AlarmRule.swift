/// By which method, over which line and with which detector scores are judged: what was asked for, and for the rest what the
/// model's calibration says.
public struct AlarmRule: Sendable, Hashable {
    /// How errors become scores: as asked, else as calibrated, else the mean.
    public let method: ScoreMethod
    /// The raw score that is 1.0: as asked, else the calibration's where it is one of `method`. Nil: nothing is judged.
    public let threshold: Double?
    /// When an anomaly starts and ends: as asked, with a release level that normal scores of `method` can reach.
    public let detector: DetectorSettings
    /// The method that the calibration is of, where there is no threshold because it is not `method`.
    public let unfitMethod: ScoreMethod?

    /// The rule for what is asked for, nil where nothing is, with a model's calibration, nil where it has none.
    ///
    /// Normal scores of another method say nothing of this one's: neither their line nor their level is taken.
    public init(
        method asked: ScoreMethod?, threshold: Double?, detector: DetectorSettings, calibration: Calibration?
    ) {
        let method = asked ?? calibration?.method ?? .mean
        let fitting = calibration.flatMap { $0.method == method ? $0 : nil }
        self.method = method
        self.threshold = threshold ?? fitting?.threshold
        self.detector = fitting?.applied(to: detector, threshold: threshold) ?? detector
        unfitMethod = self.threshold == nil ? calibration?.method : nil
    }
}
