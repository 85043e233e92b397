public import Video

/// The kinds of events, by their CloudEvents type.
public enum EventType: String, CaseIterable, Sendable, Hashable, Codable {
    /// Scores have been over the alarm line for long enough: an anomaly has begun.
    case anomalyStart = "dev.zanzo.anomaly.start.v1"
    /// The anomaly goes on.
    case anomalyUpdate = "dev.zanzo.anomaly.update.v1"
    /// The anomaly is over; `reason` says why.
    case anomalyEnd = "dev.zanzo.anomaly.end.v1"
    /// The camera gives frames.
    case cameraOnline = "dev.zanzo.camera.online.v1"
    /// The camera gives no frames.
    case cameraOffline = "dev.zanzo.camera.offline.v1"
    /// The camera gives the same picture again and again.
    case cameraFrozen = "dev.zanzo.camera.frozen.v1"
    /// The scene is another: light, view, or an anomaly that would not end.
    case sceneChanged = "dev.zanzo.scene.changed.v1"
    /// Frames were lost, by reason.
    case framesDropped = "dev.zanzo.frames.dropped.v1"
    /// A model was loaded.
    case modelLoaded = "dev.zanzo.model.loaded.v1"
    /// Free space fell under its floor, or is over it again.
    case storageLow = "dev.zanzo.storage.low.v1"
    /// A new configuration is in force.
    case configReloaded = "dev.zanzo.config.reloaded.v1"
    /// A new configuration was refused; the old one stays in force.
    case configRejected = "dev.zanzo.config.rejected.v1"
}

/// Something that happened, before it has a place in the journal.
public struct Event: Sendable, Hashable {
    /// The event line's own identity (a ULID).
    public var id: String
    /// What kind of event.
    public var type: EventType
    /// When it happened.
    public var time: UTCTime
    /// What it says.
    public var data: EventData

    /// An event; `camera` and `event` (the anomaly's identity) go into its data.
    public init(id: String, type: EventType, camera: String?, event: String?, time: UTCTime, data: EventData) {
        self.id = id
        self.type = type
        self.time = time
        self.data = data
        self.data.camera = camera
        self.data.event = event
    }

    /// The camera's name; nil for an event of the daemon itself.
    public var camera: String? { data.camera }
    /// The identity of the anomaly which this is a part of.
    public var event: String? { data.event }

    /// The event as one line of CloudEvents 1.0 JSON, newline included.
    ///
    /// The order of keys is fixed and `data` is last: `LineScanner` and inline snapshots rely on it.
    public func line(sequence: UInt64, host: String) -> [UInt8] {
        let bytes = JSONText.object { text in
            text.string("specversion", "1.0")
            text.string("id", id)
            text.string("source", "/zanzo/" + Self.segment(host) + (camera.map { "/" + Self.segment($0) } ?? ""))
            text.string("type", type.rawValue)
            if let camera { text.string("subject", camera + (event.map { "/" + $0 } ?? "")) }
            text.string("time", TimeText.rfc3339(time))
            text.string("sequence", SequenceText.padded(sequence))
            text.object("data") { data.write(to: &$0) }
        }
        return bytes + [0x0A]
    }

    /// A path segment of a URI: everything but unreserved characters (RFC 3986) is percent-encoded.
    private static func segment(_ name: String) -> String {
        let hex = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in name.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                bytes.append(byte)
            default: bytes += [UInt8(ascii: "%"), hex[Int(byte >> 4)], hex[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// An event that is in the journal: its place, and the line as everyone gets it.
public struct PublishedLine: Sendable, Hashable {
    /// Its place: one more than the line before it.
    public var sequence: UInt64
    /// What kind of event; nil for a type that this version does not know.
    public var type: EventType?
    /// The camera's name; nil for an event of the daemon itself.
    public var camera: String?
    /// The line, newline included.
    public var bytes: [UInt8]

    /// An event's line.
    public init(sequence: UInt64, type: EventType?, camera: String?, bytes: [UInt8]) {
        self.sequence = sequence
        self.type = type
        self.camera = camera
        self.bytes = bytes
    }
}

/// Sequence numbers as text: 20 digits, so that their order as text is their order as numbers.
public enum SequenceText {
    /// "00000000000000001042".
    public static func padded(_ sequence: UInt64) -> String {
        let text = String(sequence)
        return String(repeating: "0", count: 20 - text.count) + text
    }

    /// Reads a sequence, padded or not; nil for what is not digits, or so large that counting on would overflow.
    public static func parse(_ text: some StringProtocol) -> UInt64? {
        guard 1...20 ~= text.utf8.count, text.utf8.allSatisfy({ 48...57 ~= $0 }) else { return nil }
        return UInt64(text).flatMap { $0 <= UInt64.max >> 1 ? $0 : nil }
    }
}
