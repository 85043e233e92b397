import Glibc
import Logging
import Synchronization
import Testing
import Video

@testable import Publish
@testable import Service

/// Old pictures are deleted beside the writer, which never waits for that.
@Suite(.timeLimit(.minutes(1))) struct SweeperTests {
    /// Asked for the free space, it lets a sweep go on only when it is open.
    final class Gate: Sendable {
        let isOpen = Atomic<Bool>(false)
        let arrivals = Atomic<Int>(0)
        let free = Atomic<Int>(0)

        func pass() -> Int64 {
            arrivals.add(1, ordering: .relaxed)
            for _ in 0..<40_000 where !isOpen.load(ordering: .acquiring) { usleep(500) }
            return Int64(free.load(ordering: .relaxed))
        }
    }

    let folder: ConfigurationFolder
    let gate = Gate()
    let time = SimulatedTime()
    let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init() throws { folder = try ConfigurationFolder() }

    func store() throws -> SnapshotStore {
        try SnapshotStore(
            settings: SnapshotStoreSettings(
                directory: folder.path, freeSpaceFloor: 1000, freeSpace: { [gate] _ in gate.pass() }),
            log: quiet)
    }

    /// Waits, ten seconds at most.
    func wait(_ what: String, until isTrue: () -> Bool) {
        for _ in 0..<10_000 {
            if isTrue() { return }
            usleep(1000)
        }
        Issue.record("not in time: \(what)")
    }

    @Test func theWriterGoesOnWhileASweepIsUnderWay() throws {
        let journal = try Journal(settings: JournalSettings(path: folder.path + "/events.jsonl"), log: quiet)
        let desk = EventDesk(
            journal: journal, store: EvidenceStore(store: try store(), sweepsApart: true, log: quiet), server: nil,
            time: time, log: quiet)
        var composer = EventComposer()
        func told() throws -> [String] {
            try journal.reader.read(after: 0).lines.compactMap { EventLine($0.bytes)?.data.reason }
        }
        for minute in 1...3 {
            time.advance(by: .seconds(61))
            desk.tick()
            desk.publish(composer.reloaded([], time: time.utc()))
            #expect(journal.lastSequence == UInt64(minute))
        }
        wait("the sweep is under way") { gate.arrivals.load(ordering: .relaxed) == 1 }
        #expect(try told().isEmpty, "a second one does not begin before the first is over")
        gate.isOpen.store(true, ordering: .releasing)
        wait("its result is told") {
            time.advance(by: .seconds(1))
            desk.tick()
            return (try? told()) == ["low"]
        }
        gate.free.store(1 << 30, ordering: .relaxed)
        wait("and the next one's") {
            time.advance(by: .seconds(61))
            desk.tick()
            return (try? told()) == ["low", "recovered"]
        }
        desk.close()
    }

    /// The end does not wait for a sweep, which then ends by itself and deletes no more.
    @Test func theEndDoesNotWaitForASweep() throws {
        let store = try store()
        for second in 0..<50 {
            _ = try store.write(
                [1], camera: "porch",
                kind: .event(
                    id: "01K42GQ5VV00000000000000" + (second < 10 ? "0" : "") + "\(second)",
                    start: UTCTime(microseconds: 1_788_228_184_000_000), name: "start.png"))
        }
        let sweeper = Sweeper(store: store, isApart: true, log: quiet)
        sweeper.begin(now: UTCTime(microseconds: 1_788_328_184_000_000), monotonic: .zero)
        wait("the sweep is under way") { gate.arrivals.load(ordering: .relaxed) == 1 }
        sweeper.stop()  // returns, though the sweep hangs
        #expect(sweeper.isRunning)
        gate.isOpen.store(true, ordering: .releasing)
        wait("the sweep ends") { !sweeper.isRunning }
        #expect(try SnapshotTree(folder.path).survey().units.count == 50)
        sweeper.begin(now: UTCTime(microseconds: 1_788_328_184_000_000), monotonic: .zero)
        wait("none begins") { !sweeper.isRunning }
        #expect(gate.arrivals.load(ordering: .relaxed) == 1)
    }

    /// `max_age: off` and the largest age there is: a configuration's values, as they come.
    @Test(arguments: [nil, .seconds(3600), .seconds(36_500 * 86_400)] as [Duration?])
    func everyConfiguredAgeIsBorne(age: Duration?) throws {
        var configuration = Configuration()
        configuration.stateDirectory = folder.path
        configuration.snapshots.maximumAge = age
        (configuration.snapshots.maximumSize, configuration.snapshots.minimumFree) = (1 << 50, 0)
        configuration.events.rotateAge = nil
        configuration.events.file = folder.path + "/events.jsonl"
        let store = try SnapshotStore(settings: configuration.snapshotStoreSettings, log: quiet)
        let start = UTCTime(microseconds: 1_788_228_184_000_000)
        _ = try store.write(
            [1], camera: "porch", kind: .event(id: "01K42GQ5VV0000000000000000", start: start, name: "start.png"))
        #expect(try store.sweep(now: start + .seconds(3)).files == 1)
        let journal = try Journal(settings: configuration.journalSettings, log: quiet)
        var composer = EventComposer()
        for day in [0, 100_000] { _ = try journal.append(composer.reloaded([], time: start + .seconds(day * 86_400))) }
        #expect(try journal.reader.read(after: 0).lines.count == 2)
    }
}
