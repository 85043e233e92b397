/// The daemon's state, as `{"status":true}` on the socket answers and `zanzo status` prints it.
public struct DaemonStatus: Sendable, Hashable, Codable {
    /// Zanzo's version.
    public var version: String
    /// The host that events name as their source.
    public var host: String
    /// Seconds since the start.
    public var uptime: Double = 0
    /// Every configured camera that is enabled, by name.
    public var cameras: [CameraStatus] = []
    /// Clients at the socket now.
    public var subscribers: Int = 0
    /// The last event's sequence number.
    public var sequence: UInt64 = 0
    /// False where a worker or the writer has stood still.
    public var isAlive = true

    /// A daemon that has just started.
    public init(version: String, host: String) {
        self.version = version
        self.host = host
    }

    enum CodingKeys: String, CodingKey {
        case version, host, cameras, subscribers, sequence
        case uptime = "uptime_s"
        case isAlive = "alive"
    }
}

/// One camera's state.
public struct CameraStatus: Sendable, Hashable, Codable {
    /// Its name.
    public var name: String
    /// starting, online, frozen, offline or ended; learning, where it has no model yet.
    public var state: String
    /// Where its frames come from, without credentials.
    public var source: String
    /// Seconds since the last whole frame; nil before the first.
    public var frameAge: Double?
    /// Frames a second that the source gives.
    public var framesPerSecondIn: Double = 0
    /// Frames a second that are scored.
    public var framesPerSecondScored: Double = 0
    /// Frames a second that are to be scored.
    public var rate: Double?
    /// Why fewer are scored, for half a minute or longer; nil where all is well.
    public var shortfall: String?
    /// Frames since the start, by what became of them: received, scored, and lost by reason.
    public var frames: [String: UInt64] = [:]
    /// Frames lost in all.
    public var drops: UInt64 = 0
    /// The latest score (1.0 is the alarm line); nil without a threshold, or before the first.
    public var score: Double?
    /// The raw score that is 1.0; nil where the model was not calibrated.
    public var threshold: Double?
    /// The model's file.
    public var model: String
    /// Times that the source was opened.
    public var sessions: UInt64 = 0
    /// The last event, RFC 3339 in UTC; nil where there was none since the start.
    public var lastEvent: String?
    /// How far it is with learning its model; nil where it has one.
    public var learning: LearningStatus?

    /// A camera that has just started.
    public init(name: String, state: String, source: String, model: String) {
        self.name = name
        self.state = state
        self.source = source
        self.model = model
    }

    enum CodingKeys: String, CodingKey {
        case name, state, source, rate, shortfall, frames, drops, score, threshold, model, sessions, learning
        case frameAge = "frame_age_s"
        case framesPerSecondIn = "fps_in"
        case framesPerSecondScored = "fps_scored"
        case lastEvent = "last_event"
    }
}
