import Anomaly
import Capture
import FoundationEssentials
import Glibc
import Model
import Testing
import Video

@testable import Publish
@testable import Service

/// docs/events.md says what the code does: every example in it is the line that the code writes.
@Suite struct EventDocumentTests {
    static let text: String = {
        let package = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return (try? String(contentsOfFile: "/\(package)/docs/events.md", encoding: .utf8)) ?? ""
    }()

    static let lines = Set(text.split(separator: "\n").map(String.init))

    static let start = UTCTime(microseconds: 1_788_228_184_123_456)
    static let event = "01K42GQ5VV3Y7Z8N4M2C6B9D1E"

    /// An example of every type, made by what makes the daemon's own.
    static func events() throws -> [Event] {
        var settings = DaemonFixture.camera("porch", seconds: 1)
        settings.threshold = 0.0121
        let identity = "sha256:" + String(repeating: "0123456789abcdef", count: 4)
        let training = TrainingSummary(error: 0.00213, errorOfMeanPicture: 0.0094)
        let camera = try CameraFixture(settings, identity: identity, training: training).camera
        func report(_ seconds: Int64) -> Report {
            Report(
                kind: .score, frame: UInt64(88_121 + 5 * seconds), time: .zero + .seconds(100 + seconds),
                utc: start + .seconds(seconds))
        }
        var running = report(0)
        (running.raw, running.score, running.peak) = (0.0201, 1.66, 1.66)
        running.began = running.time
        running.regions = [Region(x: 0.4, y: 0.5, width: 0.1, height: 0.2, score: 2.9)]
        var (later, last) = (running, running)
        (later.time, later.utc, later.frame) = (report(10).time, report(10).utc, report(10).frame)
        (later.raw, later.score, later.peak) = (0.0279, 2.31, 3.04)
        (last.time, last.utc, last.frame, last.regions) = (report(14).time, report(14).utc, report(14).frame, [])
        (last.raw, last.score, last.peak) = (0.0061, 0.504, 3.04)
        let place = EventDesk.RunningEvent(id: event, start: start)
        let folder = "/var/lib/zanzo/porch/snapshots/2026-09-01/\(event)/"
        let first = EvidencePaths(snapshot: folder + "start.png", picture: folder + "frame.png")
        var drops = DropCounts()
        (drops.overwritten, drops.corrupt, drops.missed) = (12, 1, 3)
        var low = SweepReport()
        (low.free, low.floor, low.byteCount, low.isLow) = (943_718_400, 1 << 30, 2_147_000_000, true)
        let format = SourceFormat(name: "h264", size: FrameSize(width: 1280, height: 720), rate: 15)
        let lost = CaptureError(.timedOut, "read rtsp://192.168.1.20/stream1", "no frame in time")
        var composer = EventComposer()
        return [
            composer.anomaly(.start, running, place, first, camera),
            composer.anomaly(.update, later, place, EvidencePaths(), camera),
            composer.anomaly(.end(.released), last, place, EvidencePaths(strip: folder + "strip.png"), camera),
            composer.online(format.description, report(0), camera),
            composer.offline("\(lost)", report(20), camera),
            composer.scene(.frozen(since: report(0).time), report(60), camera),
            composer.scene(.lightingJump, report(30), camera), composer.dropped(drops, camera, time: start),
            composer.modelLoaded("porch", camera.plan, time: start), composer.storage(low, time: start),
            composer.reloaded(["porch", "gate"], time: start),
            composer.rejected("/etc/zanzo/zanzo.yaml:12: cameras.porch.rate: 0 is less than 0.01", time: start),
        ]
    }

    @Test func everyTypesExampleIsWhatTheCodeWrites() throws {
        let events = try Self.events()
        #expect(Set(events.map(\.type)) == Set(EventType.allCases))
        for (index, event) in events.enumerated() {
            let fixed = Event(
                id: "01K42GQ5VV00000000000000" + (index < 10 ? "0\(index)" : "\(index)"), type: event.type,
                camera: event.camera, event: event.event, time: event.time, data: event.data)
            expect(fixed.line(sequence: UInt64(1042 + index), host: "box"))
        }
    }

    @Test func everyNoticesExampleIsWhatTheCodeWrites() {
        expect(Notice.tooSlow(resumeAfter: 1042))
        expect(Notice.resumeGap(after: 3, next: 41))
        expect(Notice.resumeAhead(after: 2000, last: 1042))
        expect(Notice.scoresDropped(57))
        let file = "/var/log/zanzo/events.jsonl." + SequenceText.padded(901)
        expect(Notice.unreadable(PublishError(errno: EMFILE, reading: file), resumeAfter: 1042))
        expect(Notice.shutdown(reason: "stopped", resumeAfter: 1042))
        expect(Notice.error("too many clients: 64 are connected already; try again later"))
        expect(ScoreLine(camera: "porch", frame: 88_121, time: Self.start, raw: 0.0201, score: 1.66).bytes)
    }

    /// Each reason that an anomaly may end for is on the page.
    @Test(arguments: EndReason.allCases) func everyReasonIsThere(reason: EndReason) throws {
        let section = try #require(Self.text.split(separator: "**`anomaly.end`**").last?.split(separator: "\n\n").first)
        #expect(section.contains("`\(reason.rawValue)`"))
    }

    /// Each line of the table of data is a field of `EventData`, in its order, and none is left out.
    @Test func everyFieldIsInTheTable() {
        let rows = Self.text.split(separator: "\n").filter { $0.hasPrefix("| `") }
            .compactMap { $0.split(separator: "`").dropFirst().first.map(String.init) }
        let fields = Mirror(reflecting: EventData()).children.compactMap(\.label)
        #expect(fields.count > 15)
        #expect(rows.filter(fields.contains) == fields)
    }

    @Test func everyLimitIsTheCodes() {
        let settings = ServerSettings()
        for row in [
            "| first line | \(settings.maximumLineByteCount) bytes",
            "| clients at a time | \(settings.maximumClients)",
            "| waiting for one client | \(settings.maximumQueuedByteCount) bytes",
            "| score lines waiting for one client | \(settings.maximumQueuedByteCount / 4) bytes",
            "| a client that takes nothing | \(settings.stallTimeout.components.seconds) s",
            "| silence before a client gets everything | \(settings.grace.components.attoseconds / 1_000_000_000_000_000) ms",
            "| a picture inline | \(settings.maximumInlineByteCount) bytes",
            "| events waiting for a full disk | \(EventDesk.maximumBacklog)",
            "| numbers skipped after a power cut | \(JournalNumbers.block)",
            "| kept in reserve for a full disk | \(JournalSettings().reserveByteCount) bytes",
        ] {
            #expect(Self.text.contains(row + " |"), "docs/events.md should say: \(row) | …")
        }
    }

    private func expect(_ line: [UInt8]) {
        let line = String(decoding: line.dropLast(), as: UTF8.self)
        let isThere = Self.lines.contains(line)  // the whole page is nothing to print
        #expect(isThere, "docs/events.md should have this line:\n\(line)")
    }
}
