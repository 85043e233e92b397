/// A part of the frame that differs: where, and by how much.
public struct EventRegion: Sendable, Hashable, Codable {
    /// x, y, width, height relative to the frame, 0…1, from its top left corner.
    public var box: [Double]
    /// The region's score, in units of the threshold.
    public var score: Double

    /// A region of the frame.
    public init(box: [Double], score: Double) {
        self.box = box
        self.score = score
    }
}

/// What an event says of itself: the `data` of its CloudEvents line. docs/events.md tells which type has which.
///
/// Absent values are left out of the line. Numbers that are not finite are left out as well.
public struct EventData: Sendable, Hashable, Codable {
    /// The camera's name.
    public var camera: String?
    /// The anomaly's identity (a ULID), the same in its start, updates and end.
    public var event: String?
    /// The score: raw / threshold, 1 being the alarm line.
    public var score: Double?
    /// The threshold that the camera's raw scores are divided by.
    public var threshold: Double?
    /// The raw score: mean squared error, or that of the worst tiles.
    public var raw: Double?
    /// The highest score of the event so far.
    public var peak: Double?
    /// The frame's number since the camera's pipeline started.
    public var frame: UInt64?
    /// Seconds: of an event since its start, of a frozen or lost picture since it was last seen to live.
    public var duration: Double?
    /// Where the frame differs, the worst first.
    public var regions: [EventRegion]?
    /// The model's identity: "sha256:…".
    public var model: String?
    /// The model's mean squared error on frames that it was not trained on.
    public var error: Double?
    /// The path of the picture frame | reconstruction | error.
    public var snapshot: String?
    /// The path of the frame in colour.
    public var picture: String?
    /// The path of the strip of frames around the event.
    public var strip: String?
    /// Why: "released", "max_length", "source_lost", …
    public var reason: String?
    /// In words, for people.
    public var message: String?
    /// Frames lost since the last such event, by reason.
    public var dropped: [String: UInt64]?
    /// The cameras that a reload touched.
    public var cameras: [String]?
    /// Bytes free on the file system.
    public var free: UInt64?
    /// The configured floor under the free space, in bytes.
    public var floor: UInt64?
    /// Bytes that snapshots take.
    public var used: UInt64?

    /// Data with nothing but, perhaps, a camera's name.
    public init(camera: String? = nil) { self.camera = camera }

    /// The data as a JSON object, in the order of docs/events.md.
    func write(to text: inout JSONText) {
        text.string("camera", camera)
        text.string("event", event)
        text.number("score", score, digits: 4)
        text.number("threshold", threshold, digits: 4)
        text.number("raw", raw, digits: 4)
        text.number("peak", peak, digits: 4)
        text.number("frame", frame)
        text.number("duration", duration, digits: 6)
        text.array("regions", regions) { text, region in
            text.braces { text in
                text.array("box", region.box) { text, side in text.element(side, digits: 3) }
                text.number("score", region.score, digits: 3)
            }
        }
        text.string("model", model)
        text.number("error", error, digits: 4)
        text.string("snapshot", snapshot)
        text.string("picture", picture)
        text.string("strip", strip)
        text.string("reason", reason)
        text.string("message", message)
        if let dropped {
            text.object("dropped") { text in
                for (reason, count) in dropped.sorted(by: { $0.key < $1.key }) { text.number(reason, count) }
            }
        }
        text.array("cameras", cameras) { text, camera in text.quote(camera) }
        text.number("free", free)
        text.number("floor", floor)
        text.number("used", used)
    }
}
