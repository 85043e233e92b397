import Glibc
import Synchronization
import Testing
import Video

@testable import Publish

/// Retention with every limit that can be set, and with clocks that are wrong.
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

    // MARK: Clocks

    /// A store under a clock of its own; `sweep` lets time pass on the one clock and the other.
    final class Box {
        let store: SnapshotStore
        var (now, monotonic) = (someTime, MonotonicTime.zero)

        init(_ store: SnapshotStore) { self.store = store }

        /// Time passes for both; the clock is set by `jump` besides.
        @discardableResult
        func sweep(after seconds: Int64 = 60, jump: Int64 = 0) throws -> SweepReport {
            monotonic = monotonic + .seconds(seconds)
            now = now + .seconds(seconds + jump)
            return try store.sweep(now: now, monotonic: monotonic)
        }
    }

    func box() throws -> Box {
        Box(try store { ($0.maximumAge, $0.maximumEventAge) = (.seconds(30 * Self.day), .seconds(90 * Self.day)) })
    }

    @Test func timeThatReallyPassesMakesPicturesOld() throws {
        let box = try box()
        let old = try put(box.store, days: 29)
        try box.sweep()
        for _ in 0..<48 { try box.sweep(after: 3600) }
        #expect(!exists(old[0]) && exists(old[1]))
    }

    /// The clock jumps months ahead: nothing is deleted for a day, and nothing at all where it is set right again.
    @Test(arguments: [2, 31, 90, 365, 36_500] as [Int64]) func aJumpDeletesNothing(days: Int64) throws {
        let box = try box()
        let paths = try [0, 10, 28].flatMap { try put(box.store, days: $0) }
        try box.sweep()
        try box.sweep(jump: days * Self.day)
        for _ in 0..<22 { try box.sweep(after: 3600) }
        #expect(paths.allSatisfy(exists))
        try box.sweep(jump: -days * Self.day)
        for _ in 0..<5 { try box.sweep(after: 3600) }
        #expect(paths.allSatisfy(exists))
        // Set right, a day is enough to be of age.
        try box.sweep(after: Self.day)
        #expect(!exists(paths[4]))
    }

    /// A clock that has stood for a day is believed: a box that was off for a month deletes what grew too old.
    @Test func aClockThatStandsIsBelieved() throws {
        let box = try box()
        let paths = try put(box.store, days: 10)
        try box.sweep()
        try box.sweep(jump: 25 * Self.day)
        try box.sweep(after: Self.day - 120)
        #expect(exists(paths[0]))
        try box.sweep(after: 180)
        #expect(!exists(paths[0]) && exists(paths[1]))
    }

    /// Neither a restart nor a new picture, which has the wrong date, ends the doubt; it need not begin anew either.
    @Test func aRestartForgetsNoDoubt() throws {
        let first = try box()
        let paths = try put(first.store, days: 29)
        try first.sweep()
        try first.sweep(jump: 90 * Self.day)
        try first.sweep(after: Self.day / 2)
        let second = try box()
        second.now = first.now
        _ = try put(second.store, days: 0, before: second.now)
        for _ in 0..<10 { try second.sweep(after: 3600) }
        #expect(paths.allSatisfy(exists))
        try second.sweep(after: Self.day / 2)
        #expect(!exists(paths[0]), "half a day before the restart counts")
    }

    /// The clock jumped while nothing ran, and nothing is remembered but the pictures.
    @Test func theNewestPictureIsAWitness() throws {
        let box = try box()
        let paths = try [0, 29].flatMap { try put(box.store, days: $0) }
        try box.sweep(jump: 90 * Self.day)
        #expect(paths.allSatisfy(exists))
    }

    /// A box without a battery: 1970 at each start, and the right time a minute later. It is never in doubt.
    @Test func aBoxThatWakesIn1970IsNotInDoubt() throws {
        let first = try box()
        let paths = try put(first.store, days: 29) + put(first.store, days: 0)
        try first.sweep()
        try first.sweep(after: 12 * 3600)
        let second = try box()
        second.now = UTCTime(microseconds: 0)
        try second.sweep(after: 10)
        #expect(paths.allSatisfy(exists))
        second.now = first.now + .seconds(12 * 3600)
        try second.sweep()
        #expect(!exists(paths[0]), "it is 30 days old now, and that is believed at once")
    }

    /// Size and free space need no clock, and take the oldest first.
    @Test func aWrongClockLeavesTheOtherLimits() throws {
        let box = Box(try store { $0.maximumByteCount = 3 })
        func put(_ days: Int64) throws -> String {
            try box.store.write([1], camera: "porch", kind: .periodic(time: someTime + .seconds(-days * Self.day)))
        }
        let paths = try [1, 2, 3].map(put)
        try box.sweep()
        #expect(paths.allSatisfy(exists))
        let young = try put(0)
        try box.sweep(jump: 365 * Self.day)
        #expect(paths.map(exists) == [true, true, false] && exists(young))
    }

    @Test(arguments: [
        "", "garbage", "2026-09-01T02:03:04.123456Z -5\n", "2026-09-01T02:03:04.123456Z 99999999999999999999\n",
    ])
    func aDamagedMemoryIsNone(contents: String) throws {
        try writeFile(Array(contents.utf8), state.path + "/" + SweepMemory.name)
        let box = try box()
        let paths = try [0, 29].flatMap { try put(box.store, days: $0) }
        try box.sweep(jump: 90 * Self.day)
        #expect(paths.allSatisfy(exists))
    }

    /// What is remembered and cannot be read is not forgotten: nothing is deleted for its age, and it stays as it is.
    @Test(arguments: [EMFILE, EACCES]) func aMemoryThatCannotBeReadIsNotAnEmptyOne(number: Int32) throws {
        let faults = Faults()
        try writeFile(Array(SweepClock(now: someTime, newest: nil).text.utf8), state.path + "/" + SweepMemory.name)
        var memory = SweepMemory(directory: state.path, operations: faults.operations, log: quiet)
        let wrong = someTime + .seconds(90 * Self.day)
        faults.failOpening(SweepMemory.name, number)
        #expect(memory.time(wrong, .zero, newest: wrong) == nil)
        faults.heal()
        #expect(memory.time(wrong, .zero, newest: wrong) == someTime)
        #expect(memory.time(someTime, .zero, newest: wrong) == someTime)
    }

    @Test func whatIsRememberedIsReadAgain() throws {
        var clock = SweepClock(now: someTime, newest: nil)
        #expect(SweepClock(clock.text) == clock)
        clock.advance(by: 60_000_000, now: someTime + .seconds(90 * Self.day))
        clock.advance(by: 60_000_000, now: someTime + .seconds(90 * Self.day))
        #expect(clock.doubt == 60_000_000 && SweepClock(clock.text) == clock)
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
