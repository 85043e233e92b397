import Glibc
import Testing
import Video

@testable import Publish

// Retention with clocks that are wrong.
extension RetentionTests {
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
}
