import Glibc
import Logging
import Synchronization
import Testing
import Video

@testable import Publish
@testable import Service

@Suite struct StorageEventTests {
    /// The bytes that the journal's and the snapshots' file systems have free.
    final class Disks: Sendable {
        let journal = Atomic<Int>(.max)
        let snapshots = Atomic<Int>(.max)
    }

    /// Two who notice the same full disk tell of it once, and that it is over when both have enough.
    @Test func aFullDiskIsToldOnce() throws {
        let folder = try ConfigurationFolder()
        defer { withExtendedLifetime(folder) {} }
        let (disks, time, quiet) = (Disks(), SimulatedTime(), Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        var operations = JournalOperations()
        operations.write = { file, bytes in
            let isFull = disks.journal.load(ordering: .relaxed) == 0
            return isFull ? -Int(ENOSPC) : Glibc.write(file, bytes.baseAddress, bytes.count)
        }
        operations.reserve = { _, byteCount in
            if byteCount < 1 << 20 { disks.journal.store(1, ordering: .relaxed) }  // what is given back is room
            return 0
        }
        operations.freeSpace = { _ in Int64(disks.journal.load(ordering: .relaxed)) }
        let journal = try Journal(
            settings: JournalSettings(path: folder.path + "/events.jsonl"), operations: operations, log: quiet)
        let store = try SnapshotStore(
            settings: SnapshotStoreSettings(
                directory: folder.path, freeSpace: { _ in Int64(disks.snapshots.load(ordering: .relaxed)) }), log: quiet
        )
        let desk = EventDesk(
            journal: journal, store: EvidenceStore(store: store, log: quiet), server: nil, time: time, log: quiet)
        var composer = EventComposer()
        /// Lets a minute pass, in which something happens; what was told of storage so far.
        func minute() throws -> [String] {
            desk.publish(composer.reloaded([], time: time.utc()))
            time.advance(by: .seconds(61))
            desk.tick()
            return try journal.reader.read(after: 0).lines.compactMap { EventLine($0.bytes) }
                .filter { $0.eventType == .storageLow }.compactMap(\.data.reason)
        }
        #expect(try minute() == [])
        disks.journal.store(0, ordering: .relaxed)
        #expect(try minute() == ["low"])
        disks.snapshots.store(1000, ordering: .relaxed)
        #expect(try minute() == ["low"])
        disks.journal.store(1 << 40, ordering: .relaxed)
        #expect(try minute() == ["low"])
        disks.snapshots.store(1 << 40, ordering: .relaxed)
        #expect(try minute() == ["low", "recovered"])
        #expect(journal.lastSequence == 7, "nothing was lost")
    }
}
