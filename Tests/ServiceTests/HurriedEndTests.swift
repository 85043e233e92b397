import Anomaly
import Capture
import FoundationEssentials
import Glibc
import Logging
import Synchronization
import Testing
import Video

@testable import Publish
@testable import Service

@Suite("Every running event's end is told, whatever else waits")
struct HurriedEndTests {
    private let folder: ConfigurationFolder
    private let log: Logger
    private let disk = Disk()

    private final class Disk: Sendable {
        let isFull = Atomic<Bool>(false)
    }

    init() throws {
        folder = try ConfigurationFolder()
        var log = Logger(label: "test")
        log.logLevel = .critical
        self.log = log
    }

    private func desk() throws -> (desk: EventDesk, journal: Journal) {
        var operations = JournalOperations()
        operations.write = { [disk] file, bytes in
            guard !disk.isFull.load(ordering: .relaxed) else { return -Int(ENOSPC) }
            return Glibc.write(file, bytes.baseAddress, bytes.count)
        }
        let settings = JournalSettings(path: folder.path + "/events.jsonl", reserveByteCount: 64 << 10)
        let journal = try Journal(settings: settings, operations: operations, log: log)
        let store = try SnapshotStore(settings: SnapshotStoreSettings(directory: folder.path + "/pictures"), log: log)
        let desk = EventDesk(
            journal: journal, store: EvidenceStore(store: store, log: log), server: nil, time: SimulatedTime(), log: log
        )
        return (desk, journal)
    }

    /// Events of the journal: type's last word but one, camera, reason.
    private func told() throws -> [String] {
        let lines = try JournalReader(path: folder.path + "/events.jsonl").read(
            after: 0, limit: 10_000, byteLimit: .max
        ).lines
        return lines.compactMap { EventLine($0.bytes) }.map { line in
            let words = line.type.split(separator: ".").dropFirst(2).prefix(2).joined(separator: ".")
            return "\(words) \(line.data.reason ?? "-") \(line.data.strip == nil ? "bare" : "strip")"
        }
    }

    /// A camera whose event runs, and whose start the desk has told.
    private func running(_ name: String, at desk: EventDesk) throws -> Camera {
        var settings = DaemonFixture.camera(seconds: 1)
        settings.name = name
        let camera = try CameraFixture(settings).camera
        desk.join(camera)
        try #require(camera.scoringOutbox.send(report(.start)))
        _ = desk.round()
        return camera
    }

    private func report(_ transition: Transition, strip: Strip? = nil) -> Report {
        var report = Report(kind: .anomaly(transition), frame: 1, time: .zero, utc: UTCTime(microseconds: 1_000_000))
        report.strip = strip
        return report
    }

    @Test("At a stop the ends of all cameras are journaled before any picture is drawn")
    func endsComeFirst() throws {
        let (desk, journal) = try desk()
        let cameras = try (0..<17).map { try running("c\($0)", at: desk) }
        // A hurry during which no time is left for pictures.
        desk.isHurried = { true }
        for camera in cameras {
            let strip = try #require(camera.strips.take())
            try #require(camera.scoringOutbox.send(report(.end(.stopped), strip: strip)))
        }
        _ = desk.round()
        #expect(try told().filter { $0 == "anomaly.end stopped bare" }.count == 17)
        #expect(journal.lastSequence == 34)
        desk.close(picturesFor: .zero)
        #expect(cameras.allSatisfy { $0.strips.take() != nil }, "a strip was not given back")
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/pictures/c0"))
    }

    @Test("An end that nobody hurries names its strip; one by a reload is told first and drawn later")
    func stripsAreNamedWhereTheyAreThere() throws {
        let (desk, _) = try desk()
        for (name, reason) in [("a", EndReason.released), ("b", .sourceLost), ("c", .reconfigured)] {
            let camera = try running(name, at: desk)
            let strip = try #require(camera.strips.take())
            strip.count = 1
            try #require(camera.scoringOutbox.send(report(.end(reason), strip: strip)))
            _ = desk.round()
            #expect(camera.strips.take() != nil)
        }
        #expect(
            try told().filter { $0.hasPrefix("anomaly.end") } == [
                "anomaly.end released strip", "anomaly.end source_lost strip", "anomaly.end reconfigured bare",
            ])
        #expect(FileManager.default.fileExists(atPath: folder.path + "/pictures/c"))
    }

    @Test("An outbox that is full of everything else has room for an event's end")
    func aFullOutbox() throws {
        let outbox = Outbox(capacity: 16, bell: Doorbell())
        var sent = 0
        while outbox.send(report(.update)) { sent += 1 }
        #expect(sent == 16 - Outbox.placesForEnds)
        #expect(!outbox.send(report(.start)) && !outbox.offer(report(.update)))
        #expect(outbox.send(report(.end(.released))))
    }

    @Test("A worker's stage hands over its event's end though the writer stands still")
    func aWriterThatStandsStill() throws {
        var settings = DaemonFixture.camera(seconds: 1)
        settings.threshold = 1e-9
        settings.detector.warmUpFrames = 0
        settings.detector.warmUpTime = .zero
        let fixture = try CameraFixture(settings)
        for index in 0..<30 { _ = fixture.process(seconds: Double(index) * 0.2, seed: index) }
        // Nobody takes anything from now on.
        let filler = Report(kind: .scene(.lightingJump), frame: 1, time: .zero, utc: UTCTime(microseconds: 1))
        while fixture.camera.scoringOutbox.send(filler) {}
        fixture.stage.interrupt(.stopped)
        var ends = 0
        while let report = fixture.camera.scoringOutbox.take() { if report.kind.isEnd { ends += 1 } }
        #expect(ends == 1)
    }

    @Test("Cameras that are stopped at any moment leave with their mark, and the worker with the last of them")
    func dismissalUnderRaces() throws {
        let worker = InferenceWorker()
        let thread = try NamedThread(name: "worker") { worker.run() }
        let isOver = Atomic<Bool>(false)
        let cameras = try (0..<12).map { index in
            var settings = DaemonFixture.camera(seconds: 1)
            settings.name = "c\(index)"
            return try CameraFixture(settings).camera
        }
        // Another thread stops cameras while this one adds them and the worker looks at them.
        let stopper = try NamedThread(name: "stopper") {
            for camera in cameras {
                camera.stop(.stopped)
                worker.bell.ring()
                sched_yield()
            }
            isOver.store(true, ordering: .releasing)
        }
        cameras.forEach { worker.join($0) }
        #expect(stopper.join(timeout: .seconds(10)) && isOver.load(ordering: .acquiring))
        worker.stop()
        #expect(thread.join(timeout: .seconds(30)))
        #expect(worker.count == 0 && cameras.allSatisfy { $0.isDrained.load(ordering: .acquiring) })
    }

    @Test("A journal that can't be written keeps ends before updates, however many wait")
    func aFullBacklog() throws {
        let (desk, journal) = try desk()
        disk.isFull.store(true, ordering: .relaxed)
        var data = EventData(camera: "a")
        data.reason = "x"
        func event(_ type: EventType, _ id: Int) -> Event {
            Event(id: "\(id)", type: type, camera: "a", event: "e", time: UTCTime(microseconds: 1), data: data)
        }
        for index in 0..<EventDesk.maximumBacklog { desk.publish(event(.anomalyUpdate, index)) }
        desk.publish(event(.anomalyUpdate, -1))
        for index in 0..<5 { desk.publish(event(.anomalyEnd, index)) }
        disk.isFull.store(false, ordering: .relaxed)
        desk.tick()
        #expect(try told().filter { $0.hasPrefix("anomaly.end") }.count == 5)
        #expect(journal.lastSequence == UInt64(EventDesk.maximumBacklog))
    }
}
