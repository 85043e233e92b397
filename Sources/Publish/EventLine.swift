import FoundationEssentials
public import Video

/// An event line as a client reads it.
public struct EventLine: Sendable, Hashable, Codable {
    /// The line's own identity.
    public var id: String
    /// "/zanzo/HOST/CAMERA".
    public var source: String
    /// The CloudEvents type, which may be one that this version does not know.
    public var type: String
    /// "CAMERA/EVENTID"; nil for an event of the daemon itself.
    public var subject: String?
    /// When it happened, RFC 3339.
    public var time: String
    /// Its place, 20 digits.
    public var sequence: String
    /// What it says.
    public var data: EventData

    /// Reads a line; nil for what is not an event (a score, a notice, an error).
    public init?(_ line: [UInt8]) {
        guard let decoded = try? JSONDecoder().decode(EventLine.self, from: Data(line)) else { return nil }
        self = decoded
    }

    /// The type, where this version knows it.
    public var eventType: EventType? { EventType(rawValue: type) }

    /// When it happened.
    public var utc: UTCTime? { TimeText.parse(rfc3339: time) }
}
