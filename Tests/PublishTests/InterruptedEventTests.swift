import Glibc
import Synchronization
import Testing
import Video

@testable import Publish

/// A run that was cut off left anomalies without an end: the next one ends them, once, before anything else.
@Suite struct InterruptedEventTests {
    let disk: FrailDisk
    static let now = someTime + .seconds(3600)

    init() throws { disk = try FrailDisk() }

    func open(maximumByteCount: Int = 64 << 20, keep: Int = 100, _ change: (inout JournalOperations) -> Void = { _ in })
        throws -> Journal
    {
        var operations = disk.operations
        operations.now = { Self.now }
        change(&operations)
        return try Journal(
            settings: JournalSettings(
                path: disk.path, stateDirectory: disk.state, host: "box", maximumByteCount: maximumByteCount, keep: keep
            ),
            operations: operations, log: quiet)
    }

    static func identity(_ number: Int) -> String {
        "01K42GQ5VV00000000000000" + (number < 10 ? "0" : "") + "\(number)"
    }

    static func line(_ type: EventType, _ number: Int, camera: String = "porch", peak: Double = 1, duration: Double = 0)
        -> Event
    {
        var data = EventData()
        (data.peak, data.duration, data.threshold, data.frame, data.model) = (peak, duration, 0.5, 7, "sha256:00")
        return Event(
            id: identity(90), type: type, camera: camera, event: identity(number), time: someTime, data: data)
    }

    func ends(_ journal: Journal) throws -> [EventLine] {
        try journal.reader.read(after: 0, limit: .max, byteLimit: .max).lines.compactMap { EventLine($0.bytes) }
            .filter { $0.data.reason == "interrupted" }
    }

    /// Lines of a run that is then killed.
    func crash(_ lines: [Event], maximumByteCount: Int = 64 << 20, keep: Int = 100) throws {
        var restore: () throws -> Void = {}
        do {
            let journal = try open(maximumByteCount: maximumByteCount, keep: keep)
            for line in lines { _ = try journal.append(line) }
            restore = try disk.crash()
        }
        try restore()
    }

    @Test func theEndSaysWhatTheLastLineKnew() throws {
        try crash([
            Self.line(.anomalyStart, 1), Self.line(.anomalyStart, 2, camera: "gate", peak: 3),
            Self.line(.anomalyUpdate, 1, peak: 2.5, duration: 10),
        ])
        let journal = try open()
        let ends = try ends(journal)
        #expect(ends.map(\.data.event) == [Self.identity(1), Self.identity(2)])
        #expect(ends.map(\.data.camera) == ["porch", "gate"] && ends.map(\.data.peak) == [2.5, 3])
        #expect(ends.map(\.data.duration) == [10, nil], "without an update nothing is known of how long it was")
        #expect(ends.allSatisfy { $0.eventType == .anomalyEnd && $0.utc == Self.now && $0.data.threshold == 0.5 })
        #expect(ends.map(\.subject) == ["porch/\(Self.identity(1))", "gate/\(Self.identity(2))"])
        #expect(try journal.append(event(1)).sequence == 6)
    }

    @Test func whatHasEndedIsLeftAlone() throws {
        try crash([Self.line(.anomalyStart, 1), Self.line(.anomalyEnd, 1), event(3), Self.line(.cameraOnline, 5)])
        #expect(try ends(open()).isEmpty)
    }

    /// Crash after crash, also between the ends: each anomaly has one.
    @Test func crashesInARowEndEachAnomalyOnce() throws {
        try crash((1...3).map { Self.line(.anomalyStart, $0) })
        // The second run dies when one of the three ends is written.
        var restore: () throws -> Void = {}
        do {
            let count = Atomic<Int>(0)
            let journal = try open { operations in
                let write = operations.write
                operations.write = { file, bytes in
                    count.wrappingAdd(1, ordering: .relaxed).newValue > 1 ? -Int(EIO) : write(file, bytes)
                }
            }
            #expect(try ends(journal).count == 1)
            restore = try disk.crash()
        }
        try restore()
        try crash([])
        try crash([event(1)])
        let journal = try open()
        #expect(try ends(journal).map(\.data.event) == [1, 2, 3].map(Self.identity))
        #expect(try numbers(journal.reader.read(after: 0).lines) == Array(1...7), "and no number is skipped")
    }

    /// A full disk at the start: the ends come before the first line that finds room.
    @Test func endsComeFirstOnceThereIsRoom() throws {
        try crash([Self.line(.anomalyStart, 1)])
        let isFull = Atomic<Bool>(true)
        let journal = try open { operations in
            let write = operations.write
            operations.write = { file, bytes in
                isFull.load(ordering: .relaxed) ? -Int(ENOSPC) : write(file, bytes)
            }
            operations.reserve = { _, _ in ENOSPC }
        }
        #expect(throws: PublishError.self) { try journal.append(event(2)) }
        isFull.store(false, ordering: .relaxed)
        #expect(try journal.append(event(2)).sequence == 3)
        #expect(try ends(journal).map(\.sequence) == [SequenceText.padded(2)])
    }

    /// The start lies in a file that was set aside; or is deleted already, and only updates are there.
    @Test(arguments: [100, 2]) func rotationHidesNothing(keep: Int) throws {
        var lines = [Self.line(.anomalyStart, 1)]
        for number in 1...30 {
            lines += [event(number, type: .cameraOnline), Self.line(.anomalyUpdate, 1, peak: Double(number))]
        }
        try crash(lines, maximumByteCount: 2000, keep: keep)
        let ends = try ends(open(maximumByteCount: 2000))
        #expect(ends.map(\.data.peak) == [30])
    }

    @Test func aTornLineIsNoLine() throws {
        try crash([Self.line(.anomalyStart, 1), Self.line(.anomalyEnd, 1)])
        let whole = readFile(disk.path)
        try writeFile(Array(whole.dropLast(40)), disk.path)
        try writeFile(Array((SequenceText.padded(1) + "\n").utf8), disk.state + "/sequence")
        #expect(try ends(open()).map(\.sequence) == [SequenceText.padded(2)])
    }

    /// Without a word of the last run all that is kept is looked at; with one only what may count.
    @Test(arguments: [false, true]) func theStateOnlySavesTime(isKept: Bool) throws {
        try crash([event(1), Self.line(.anomalyStart, 1), event(2)])
        if !isKept { #expect(unlink(disk.state + "/sequence") == 0) }
        #expect(try ends(open()).count == 1)
        #expect(try ends(open()).count == 1)
    }

    /// What cannot be read now is looked at by the next start.
    @Test func aFaultPutsItOff() throws {
        try crash([Self.line(.anomalyStart, 1), event(1), event(2), event(3), event(4)], maximumByteCount: 600)
        let faults = Faults()
        faults.failOpening(SequenceText.padded(1), EMFILE)
        do {
            let journal = try open { $0.reading = faults.operations }
            _ = try journal.append(event(9))
        }
        faults.heal()
        #expect(try ends(open()).count == 1)
    }

    /// An anomaly whose end was lost (the queue of waiting events ran over) is ended by the next start, however it stopped.
    @Test func aLostEndIsMadeUpForAfterACleanStopToo() throws {
        do { _ = try open().append(Self.line(.anomalyStart, 1)) }
        #expect(try ends(open()).count == 1)
    }

    /// A large journal is looked through in a moment.
    @Test func aLargeJournalIsNoObstacle() throws {
        var bytes = Self.line(.anomalyStart, 2).line(sequence: 1, host: "box")
        for number in UInt64(2)...4000 {
            bytes += Self.line(number == 4000 ? .anomalyEnd : .anomalyUpdate, 2).line(sequence: number, host: "box")
        }
        try writeFile(bytes, disk.path)
        let start = SystemTime().now()
        #expect(try ends(open()).isEmpty)
        print(
            "looked through \(bytes.count) bytes, in \((SystemTime().now() - start).seconds) s")
    }
}
