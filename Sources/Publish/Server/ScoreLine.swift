import FoundationEssentials
public import Video

/// One frame's score, for clients that asked for `scores`. It is not journaled and has no sequence.
public struct ScoreLine: Sendable, Hashable {
    /// The camera's name.
    public var camera: String
    /// The frame's number since the camera's pipeline started.
    public var frame: UInt64
    /// When the frame was taken.
    public var time: UTCTime
    /// The raw score.
    public var raw: Double
    /// The score, raw / threshold; nil where the camera has no threshold.
    public var score: Double?

    /// A frame's score.
    public init(camera: String, frame: UInt64, time: UTCTime, raw: Double, score: Double?) {
        self.camera = camera
        self.frame = frame
        self.time = time
        self.raw = raw
        self.score = score
    }

    /// Reads a line as a client gets it; nil for what is not a score.
    public init?(_ line: [UInt8]) {
        guard let wire = try? JSONDecoder().decode(Wire.self, from: Data(line)), wire.type == Self.type,
            let time = TimeText.parse(rfc3339: wire.time)
        else { return nil }
        self.init(camera: wire.camera, frame: wire.frame, time: time, raw: wire.raw, score: wire.score)
    }

    private static let type = "dev.zanzo.score.v1"

    private struct Wire: Decodable {
        var type, camera, time: String
        var frame: UInt64
        var raw: Double
        var score: Double?
    }

    /// The line, newline included.
    var bytes: [UInt8] {
        JSONText.object { text in
            text.string("type", Self.type)
            text.string("camera", camera)
            text.number("frame", frame)
            text.string("time", TimeText.rfc3339(time))
            text.number("score", score, digits: 4)
            text.number("raw", raw, digits: 4)
        } + [0x0A]
    }
}

/// Lines that are about the connection and not about an event.
enum Notice {
    /// The client read too slowly, and is cut off.
    static func tooSlow(resumeAfter sequence: UInt64) -> [UInt8] {
        notice("too_slow") { $0.string("resume_after", SequenceText.padded(sequence)) }
    }

    /// The daemon stops.
    static func shutdown(reason: String, resumeAfter sequence: UInt64) -> [UInt8] {
        notice("shutdown") { text in
            text.string("reason", reason)
            text.string("resume_after", SequenceText.padded(sequence))
        }
    }

    /// Lines between the two numbers are kept no longer; `next` is the next one that is.
    static func resumeGap(after: UInt64, next: UInt64) -> [UInt8] {
        notice("resume_gap") { text in
            text.string("after", SequenceText.padded(after))
            text.string("next", SequenceText.padded(next))
        }
    }

    /// The number that the client asked to go on from has not been given yet: it follows live, from `last`.
    static func resumeAhead(after: UInt64, last: UInt64) -> [UInt8] {
        notice("resume_ahead") { text in
            text.string("after", SequenceText.padded(after))
            text.string("last", SequenceText.padded(last))
        }
    }

    /// Score lines were left out because the client did not keep up.
    static func scoresDropped(_ count: UInt64) -> [UInt8] { notice("scores_dropped") { $0.number("count", count) } }

    /// Lines after `sequence` are in the journal and cannot be read now: the last line, and trying again later is right.
    static func unreadable(_ error: PublishError, resumeAfter sequence: UInt64) -> [UInt8] {
        JSONText.object { text in
            text.string("error", "events cannot be read now, and none is lost: \(error); resume later")
            text.string("resume_after", SequenceText.padded(sequence))
        } + [0x0A]
    }

    /// The last line of a connection that went wrong.
    static func error(_ message: String) -> [UInt8] { JSONText.object { $0.string("error", message) } + [0x0A] }

    private static func notice(_ name: String, _ body: (inout JSONText) -> Void) -> [UInt8] {
        JSONText.object { text in
            text.string("notice", name)
            body(&text)
        } + [0x0A]
    }
}
