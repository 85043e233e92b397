import Glibc
import Synchronization
import Testing
import Video

@testable import Publish

/// Retention with every limit that can be set, with clocks that are wrong (RetentionClockTests.swift), and beside writers.
@Suite struct RetentionTests {
    let directory: TemporaryDirectory
    let state: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        state = try TemporaryDirectory()
    }

    static let day: Int64 = 86_400

    func store(_ change: (inout SnapshotStoreSettings) -> Void = { _ in }) throws -> SnapshotStore {
        var settings = SnapshotStoreSettings(
            directory: directory.path, maximumByteCount: .max, freeSpaceFloor: 0, stateDirectory: state.path,
            freeSpace: { _ in 1 << 40 })
        change(&settings)
        return try SnapshotStore(settings: settings, log: quiet)
    }

    /// A picture and an event's, taken `days` before `now`.
    func put(_ store: SnapshotStore, days: Int64, before now: UTCTime = someTime) throws -> [String] {
        let time = now + .seconds(-days * Self.day)
        var random = SystemRandomNumberGenerator()
        let event = SnapshotKind.event(id: ULID.make(time: time, using: &random), start: time, name: "start.png")
        return try [SnapshotKind.periodic(time: time), event].map { try store.write([1], camera: "porch", kind: $0) }
    }

    func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    static let ages: [Duration?] = [
        nil, .zero, .seconds(-1), .seconds(3600), .seconds(36_500 * 86_400), .seconds(Int64.max),
    ]
    static let sizes: [Int64] = [0, 1, 2, 1 << 50, .max]

    /// No setting traps, and a sweep does what it says: `off` deletes nothing for its age.
    @Test(arguments: ages, ages) func everyAgeIsBorne(age: Duration?, eventAge: Duration?) throws {
        let writer = try self.store()
        for size in Self.sizes {
            for floor in [Int64.min, 0, 1, 1 << 40, .max] {
                let store = try store { settings in
                    (settings.maximumAge, settings.maximumEventAge) = (age, eventAge)
                    (settings.maximumByteCount, settings.freeSpaceFloor) = (size, floor)
                }
                let paths = try put(writer, days: 0) + put(writer, days: 2)
                let report = try store.sweep(now: someTime)
                let isRoomy = floor <= 1 << 40
                if age == nil || age == .seconds(Int64.max), size > 3, isRoomy { #expect(exists(paths[2])) }
                if eventAge == nil || eventAge == .seconds(Int64.max), size > 3, isRoomy { #expect(exists(paths[3])) }
                if let age, age < .seconds(Self.day) { #expect(!exists(paths[2])) }
                #expect(report.byteCount <= size && report.failures == 0 && report.problem == nil)
                #expect(report.isLow == (floor > 1 << 40))
            }
        }
    }

    @Test(arguments: [Int64.min, -1, 0, 1, .max]) func everyFreeSpaceIsBorne(free: Int64) throws {
        for floor in [Int64.min, -1, 0, 1, .max] {
            let store = try store { settings in
                settings.freeSpaceFloor = floor
                settings.freeSpace = { _ in free }
            }
            _ = try put(self.store(), days: 1)
            for _ in 0..<2 { #expect(try store.sweep(now: someTime).isLow == (free < floor)) }
        }
    }

    @Test(arguments: [Int64.min, 0, .max]) func everyTimeIsBorne(microseconds: Int64) throws {
        let store = try store()
        let paths = try put(store, days: 1)
        for monotonic in [Int64.min, 0, .max] {
            _ = try store.sweep(
                now: UTCTime(microseconds: microseconds), monotonic: MonotonicTime(nanoseconds: monotonic))
        }
        // Even the end of time is believed where it stands for as long as that.
        #expect(paths.allSatisfy(exists) == (microseconds < .max))
    }

    /// With `off` events' pictures go after all periodic ones, whatever their age.
    @Test func withoutAnAgeEventsOutliveAllPeriodicPictures() throws {
        let store = try store { settings in
            (settings.maximumAge, settings.maximumEventAge, settings.maximumByteCount) = (nil, nil, 2)
        }
        let paths = try [900, 400, 1].map { try put(store, days: $0) }
        _ = try store.sweep(now: someTime)
        #expect(paths.map { exists($0[0]) } == [false, false, false])
        #expect(paths.map { exists($0[1]) } == [false, true, true])
    }

    /// A file that says it has all the bytes there are.
    @Test func aHugeSparseFileIsBorne() throws {
        let store = try store()
        for path in try put(store, days: 1) + put(store, days: 2) { truncate(path, off_t.max >> 12) }
        #expect(try store.sweep(now: someTime).byteCount > 0)
    }

    // MARK: Beside writers

    /// A sweep ends where it is told to.
    @Test func aSweepCanBeStoppedBetweenPictures() throws {
        let store = try store { $0.maximumByteCount = 0 }
        for day in 0..<20 { _ = try put(store, days: Int64(day)) }
        var asked = 0
        let report = try store.sweep(now: someTime) {
            asked += 1
            return asked > 50
        }
        #expect(report.removedFiles > 0 && report.removedFiles < 40)
        #expect(try store.sweep(now: someTime) { true }.removedFiles == 0)
        #expect(try store.sweep(now: someTime).files == 0)
    }

    /// Directories vanish under the writer as fast as they are made: every picture is written all the same.
    @Test func aWriterAndASweepDoNotDisturbEachOther() throws {
        let store = try store { ($0.maximumByteCount, $0.maximumAge) = (0, .zero) }
        let isDone = Atomic<Bool>(false)
        let failures = Atomic<Int>(0)
        try withThread {
            var random = SystemRandomNumberGenerator()
            for number in 0..<400 {
                // A day of the past each time, so that its directory is empty, and no sweep takes it for today's.
                let time = someTime + .seconds(-Int64(number % 7 + 1) * Self.day)
                let id = ULID.make(time: time, using: &random)
                for kind in [SnapshotKind.periodic(time: time), .event(id: id, start: time, name: "start.png")] {
                    do { _ = try store.write([1], camera: "porch", kind: kind) } catch {
                        failures.add(1, ordering: .relaxed)
                    }
                }
            }
            isDone.store(true, ordering: .releasing)
        } while: {
            var sweeps = 0
            while !isDone.load(ordering: .acquiring) {
                let report = try store.sweep(now: someTime)
                #expect(report.failures == 0)
                sweeps += 1
            }
            #expect(sweeps > 0)
        }
        #expect(failures.load(ordering: .relaxed) == 0)
        #expect(try store.sweep(now: someTime).byteCount == 0)
    }

    /// A directory that cannot be opened is told, and the rest is swept. (root opens everything: it is a loop then.)
    @Test(.enabled(if: geteuid() != 0, "root may open every directory")) func whatCannotBeLookedAtIsTold() throws {
        let store = try store { $0.maximumByteCount = 0 }
        let hidden = try store.write([1], camera: "gate", kind: .periodic(time: someTime))
        let seen = try store.write([1], camera: "porch", kind: .periodic(time: someTime))
        #expect(chmod(directory.path + "/gate/snapshots", 0) == 0)
        let report = try store.sweep(now: someTime)
        #expect(chmod(directory.path + "/gate/snapshots", 0o700) == 0)
        #expect(report.problem?.description.contains("gate") == true)
        #expect(exists(hidden) && !exists(seen))
    }
}
