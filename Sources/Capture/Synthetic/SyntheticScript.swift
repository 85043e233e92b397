/// Something that happens in the synthetic street and never happens in its normal footage.
public struct SyntheticAnomaly: Sendable, Hashable, Codable {
    /// What happens.
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        /// Someone cycles along the pavement, four times as fast as people walk.
        case cyclist
        /// A van drives onto the pavement, stops, and drives on.
        case van
        /// A big case is left on the pavement, and taken away at the end.
        case dropped
        /// Someone who walks falls, lies there, and gets up again.
        case fallen
        /// Someone climbs up a house's wall to a window, and down again.
        case climber
        /// A fire burns on the pavement, with smoke above it.
        case fire
    }

    /// What happens.
    public var kind: Kind
    /// When it begins to show, after the scene's first frame.
    public var start: Duration
    /// How long it shows.
    public var duration: Duration

    /// `kind`, from `start` on for `duration`.
    public init(_ kind: Kind, start: Duration, duration: Duration) {
        self.kind = kind
        self.start = start
        self.duration = duration
    }

    /// When nothing of it is left to see.
    public var end: Duration { start + duration }
}

/// What happens in a synthetic scene and when: the ground truth that found events are held against.
public struct SyntheticScript: Sendable, Hashable, Codable {
    /// What happens, in order of start.
    public let anomalies: [SyntheticAnomaly]
    /// Where set, everything happens again after this long, for ever.
    public var period: Duration?

    /// A script of `anomalies`, in any order.
    public init(_ anomalies: [SyntheticAnomaly], period: Duration? = nil) {
        self.anomalies = anomalies.sorted { $0.start < $1.start }
        self.period = period
    }

    /// Nothing but people walking: what a model is trained and calibrated on.
    public static let normal = SyntheticScript([])

    /// Five things in 110 seconds, normal life between them: what `make demo` shows.
    public static let demo = SyntheticScript([
        SyntheticAnomaly(.cyclist, start: .seconds(16), duration: .seconds(3)),
        SyntheticAnomaly(.van, start: .seconds(30), duration: .seconds(7)),
        SyntheticAnomaly(.dropped, start: .seconds(48), duration: .seconds(7)),
        SyntheticAnomaly(.climber, start: .seconds(82), duration: .seconds(6)),
        SyntheticAnomaly(.fire, start: .seconds(97), duration: .seconds(6)),
    ])

    /// How long one pass of the demo takes, with some normal life after the last anomaly.
    public static let demoLength = Duration.seconds(110)

    /// The script of that name: "normal" or "demo".
    public static func named(_ name: String) -> SyntheticScript? {
        switch name {
        case "normal": .normal
        case "demo": .demo
        default: nil
        }
    }

    /// The anomaly that shows at `time` after the scene's first frame; nil where life is normal.
    public func anomaly(at time: Duration) -> SyntheticAnomaly? {
        let time = folded(time)
        return anomalies.first { $0.start <= time && time < $0.end }
    }

    /// `time` within one period.
    func folded(_ time: Duration) -> Duration {
        guard let period, period > .zero, time > .zero else { return time }
        return .nanoseconds(Int64((time / .nanoseconds(1)).truncatingRemainder(dividingBy: period / .nanoseconds(1))))
    }
}

/// A fault of the synthetic camera itself: what a test of the daemon sends it through.
public struct SyntheticFault: Sendable, Hashable, Codable {
    /// What goes wrong.
    public enum Kind: Sendable, Hashable, Codable {
        /// The same picture again and again, byte for byte, with new time stamps.
        case freeze
        /// Luma is multiplied by this from one frame to the next (a lamp goes on or off).
        case lightingJump(Double)
        /// The camera goes away and cannot be opened until the fault is over.
        case sourceLoss
        /// It is open and gives nothing.
        case stall
        /// Every frame is damaged.
        case corrupt
        /// Frames come in another size, after a `.formatChanged`.
        case resize(width: Int, height: Int)
    }

    /// What goes wrong.
    public var kind: Kind
    /// When, after the scene's first frame.
    public var start: Duration
    /// For how long.
    public var duration: Duration

    /// `kind`, from `start` on for `duration`.
    public init(_ kind: Kind, start: Duration, duration: Duration) {
        self.kind = kind
        self.start = start
        self.duration = duration
    }

    func covers(_ time: Duration) -> Bool { start <= time && time < start + duration }
}
