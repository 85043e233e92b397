import Pictures
import Video

/// Whether and how a camera without a model gets one by itself. A camera's section `learn`.
public struct LearnSettings: Sendable, Hashable {
    /// How long normal footage is recorded before the training; nil: the camera does not learn, and needs its model.
    public var recordFor: Duration?
    /// How long the training takes.
    public var trainFor = Duration.seconds(1800)
    /// False alarms a day that the user will bear: the calibration's budget.
    public var alertsPerDay = 2.0
    /// Threads that train.
    public var threads = 1

    /// Frames that are recorded at the least: an eighth of them is held out of the training, and lays the alarm line, for
    /// which a hundred are too few to go by.
    static let fewestFrames = 1000

    /// What is wrong with recording at `rate` frames a second; nil where that gives enough.
    func problem(rate: Double) -> String? {
        guard let recordFor, recordFor.seconds * rate < Double(Self.fewestFrames) else { return nil }
        let needed = Duration.seconds((Double(Self.fewestFrames) / rate / 60).rounded(.up) * 60)
        return "\(Quantity.show(recordFor)) at \(NumberText.short(rate)) frames a second are "
            + "\(Int(saturating: recordFor.seconds * rate)) frames; it takes \(Self.fewestFrames): write \(Quantity.show(needed)) or more"
    }

    /// What to know before so short a recording is trusted; nil for a day or more.
    var doubt: String? {
        guard let recordFor, recordFor < .seconds(86_400) else { return nil }
        return "\(Quantity.show(recordFor)) do not see a whole day: what comes only at other hours, as the dark or the "
            + "evening's light, will be unusual; 24h sees both"
    }

    /// The defaults: the camera does not learn.
    public init() {}
}

extension Schema<LearnSettings> {
    private static let day = Duration.seconds(86_400)

    /// The keys of a camera's `learn`.
    static let learn = Schema([
        Field("for", \.recordFor, .duration.within(.seconds(300)...day * 30), or: "off"),
        Field("train_for", \.trainFor, .duration.within(.seconds(60)...day * 7)),
        Field("alerts_per_day", \.alertsPerDay, .number.within(0.01...1000)),
        Field("threads", \.threads, .integer.within(1...64)),
    ])
}
