import Logging
import Testing
import Video

@testable import Publish
@testable import Service

@Suite struct DropReportTests {
    /// Drops are told once a minute; those of a camera that is stopped before the minute is over are told when it leaves.
    @Test func aStoppedCamerasDropsAreTold() throws {
        let folder = try ConfigurationFolder()
        defer { withExtendedLifetime(folder) {} }
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let journal = try Journal(settings: JournalSettings(path: folder.path + "/events.jsonl"), log: quiet)
        let store = try SnapshotStore(settings: SnapshotStoreSettings(directory: folder.path), log: quiet)
        let time = SimulatedTime()
        let desk = EventDesk(
            journal: journal, store: EvidenceStore(store: store, log: quiet), server: nil, time: time, log: quiet)
        let camera = try CameraFixture().camera
        desk.join(camera)
        camera.counters.corrupt.add(2)
        time.advance(by: .seconds(61))
        desk.tick()
        camera.counters.missed.add(3)
        desk.leave(camera)
        desk.close()
        let told = try journal.reader.read(after: 0).lines.compactMap { EventLine($0.bytes) }
            .filter { $0.eventType == .framesDropped }.compactMap(\.data.dropped)
        #expect(told.map { $0["corrupt"] } == [2, 0])
        #expect(told.map { $0["missed"] } == [0, 3])
    }

    /// A loss that was noticed between two looks stays a loss.
    @Test func aFrozenPictureDoesNotHideALoss() {
        let counters = CameraCounters()
        counters.state = .offline
        counters.change(from: .online, to: .frozen)
        #expect(counters.state == .offline)
        counters.state = .online
        counters.change(from: .online, to: .frozen)
        #expect(counters.state == .frozen)
    }
}
