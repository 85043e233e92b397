import Glibc
import Synchronization
import Testing
import Video

@testable import Publish

/// The numbers and messages in a list of lines.
func numbers(_ lines: [PublishedLine]) -> [UInt64] { lines.map(\.sequence) }

@Suite struct JournalTests {
    let directory: TemporaryDirectory
    var path: String { directory.path + "/events.jsonl" }

    init() throws { directory = try TemporaryDirectory() }

    func settings(state: Bool = true) -> JournalSettings {
        JournalSettings(path: path, stateDirectory: state ? directory.path + "/state" : nil, host: "box")
    }

    func open(_ settings: JournalSettings) throws -> Journal { try Journal(settings: settings, log: quiet) }

    @Test func numbersGoOnAfterARestart() throws {
        for start in 0..<3 {
            let journal = try open(settings())
            #expect(journal.lastSequence == UInt64(start * 2))
            _ = try journal.append(event(start))
            #expect(try journal.append(event(start)).sequence == UInt64(start * 2 + 2))
        }
        #expect(try numbers(JournalReader(path: path).read(after: 0).lines) == [1, 2, 3, 4, 5, 6])
    }

    @Test func theLineReturnedIsTheLineInTheFile() throws {
        let line = try open(settings()).append(event(1))
        #expect(readFile(path) == line.bytes)
        #expect(line.type == .anomalyStart && line.camera == "porch" && line.sequence == 1)
    }

    /// A crash at any byte of the last two lines: what was whole stays, and no number is given twice or skipped.
    @Test(arguments: [false, true])
    func aTornLineIsRepairedWhereverItWasTorn(state: Bool) throws {
        var journal: Journal? = try open(settings(state: state))
        var ends = [0]
        for number in 1...4 {
            _ = try journal?.append(event(number))
            ends.append(readFile(path).count)
        }
        journal = nil
        let whole = readFile(path)
        for length in stride(from: ends[2], through: whole.count, by: state ? 1 : 5) {
            try writeFile(Array(whole.prefix(length)), path)
            // The state file is written after the line: at the time of such a crash it had the line before at most.
            let complete = ends.lastIndex { $0 <= length } ?? 0
            if state {
                try writeFile(
                    Array((SequenceText.padded(UInt64(complete)) + "\n").utf8), directory.path + "/state/sequence")
            }
            let kept = length + 1 == ends[complete + 1 < ends.count ? complete + 1 : complete] ? complete + 1 : complete
            let journal = try open(settings(state: state))
            #expect(journal.lastSequence == UInt64(kept))
            _ = try journal.append(event(9))
            let after = readFile(path)
            #expect(after.starts(with: whole.prefix(ends[kept])), "no whole line is lost")
            let found = try JournalReader(path: path).read(after: 0).lines
            #expect(numbers(found) == (1...UInt64(kept + 1)).map { $0 })
            #expect(found.allSatisfy { EventLine($0.bytes) != nil })
        }
    }

    @Test func aNumberThatWasSeenIsNeverGivenAgainEvenIfItsLineIsLost() throws {
        _ = try open(settings()).append(event(1))
        #expect(unlink(path) == 0)
        let journal = try open(settings())
        #expect(try journal.append(event(2)).sequence == 2)
        let batch = try JournalReader(path: path).read(after: 0)
        #expect(batch.gap == JournalBatch.Gap(after: 0, next: 2) && numbers(batch.lines) == [2])
    }

    @Test(arguments: ["", "garbage\n", "\0\0\0\0\0\0", "18446744073709551615\n", "9999\n"])
    func aDamagedSequenceFileIsNoObstacle(contents: String) throws {
        _ = try open(settings()).append(event(1))
        try writeFile(Array(contents.utf8), directory.path + "/state/sequence")
        #expect(try open(settings()).append(event(2)).sequence == 2)
    }

    @Test func foreignLinesInTheFileAreSteppedOver() throws {
        let first = event(1).line(sequence: 41, host: "h")
        try writeFile(Array("not ours\n".utf8) + first + Array("{}\n\n\0\0\0\n".utf8), path)
        let journal = try open(settings())
        #expect(try journal.append(event(2)).sequence == 42)
        #expect(try numbers(JournalReader(path: path).read(after: 40).lines) == [41, 42])
    }

    @Test func aSecondWriterIsRefused() throws {
        let first = try open(settings())
        let error = #expect(throws: PublishError.self) { try open(settings()) }
        #expect(error?.code == .busy)
        #expect(error?.description.contains("another zanzod") == true)
        #expect(first.lastSequence == 0)
    }

    @Test func whatIsNotAFileIsRefusedWithoutHanging() throws {
        #expect(mkfifo(path, 0o600) == 0)
        let error = #expect(throws: PublishError.self) { try open(settings()) }
        #expect(error?.code == .badSetting)
        unlink(path)
        #expect(mkdir(path, 0o700) == 0)
        #expect(throws: PublishError.self) { try open(settings()) }
        #expect(throws: PublishError.self) { try open(JournalSettings(path: "/proc/x/events.jsonl")) }
    }

    /// A disk that takes only so many bytes more: every length of the next line, and then is emptied.
    @Test func aFullDiskLosesNothingAndLeavesNoHalfLine() throws {
        let room = Room()
        let operations = JournalOperations(
            write: { file, bytes in
                let count = min(bytes.count, room.left.load(ordering: .relaxed))
                guard count > 0 else { return -Int(ENOSPC) }
                room.left.subtract(count, ordering: .relaxed)
                return Glibc.write(file, bytes.baseAddress, count)
            })
        let journal = try Journal(settings: settings(), operations: operations, log: quiet)
        let length = try journal.append(event(1)).bytes.count
        for left in 0..<length {
            room.left.store(left, ordering: .relaxed)
            let error = #expect(throws: PublishError.self) { try journal.append(event(2)) }
            #expect(error?.code == .noSpace)
            #expect(readFile(path).count == length, "what was half-written is taken back")
        }
        room.left.store(.max, ordering: .relaxed)
        #expect(try journal.append(event(2)).sequence == 2, "the number was not used up")
        #expect(try numbers(JournalReader(path: path).read(after: 0).lines) == [1, 2])
    }

    final class Room: Sendable { let left = Atomic<Int>(.max) }

    @Test func aLineThatCouldNotBeSyncedIsTakenBack() throws {
        let fails = Room()
        let operations = JournalOperations(sync: { _ in fails.left.load(ordering: .relaxed) == 0 ? EIO : 0 })
        let journal = try Journal(settings: settings(), operations: operations, log: quiet)
        fails.left.store(0, ordering: .relaxed)
        #expect(throws: PublishError.self) { try journal.append(event(1)) }
        #expect(readFile(path).isEmpty)
        #expect(try journal.append(event(1, type: .anomalyUpdate)).sequence == 1, "updates are not synced")
    }

    @Test func aFullDeviceIsAClearError() throws {
        let file = Glibc.open("/dev/full", O_WRONLY)
        defer { close(file) }
        #expect(JournalOperations().writeAll([1], to: file) == ENOSPC)
        let error = PublishError(errno: ENOSPC, operation: "append to /var/log/zanzo/events.jsonl")
        #expect(error.description.contains("free some space"))
    }

    @Test func theFileIsSetAsideBySizeAndOnlySomeAreKept() throws {
        var settings = settings()
        settings.maximumByteCount = 1000
        settings.keep = 3
        try writeFile([1], path + ".1.gz")  // logrotate's: not ours to delete
        do {
            let journal = try open(settings)
            for number in 1...40 { _ = try journal.append(event(number)) }
        }
        let names = try directoryEntries(directory.path).filter { $0.hasPrefix("events.jsonl.0") }.sorted()
        #expect(names.count == 3)
        #expect(readFile(path + ".1.gz") == [1])
        for name in names {
            let file = lines(directory.path + "/" + name)
            #expect(file.first.flatMap { LineScanner.sequence($0[...]) } == JournalNames(path).firstSequence(of: name))
            #expect(readFile(directory.path + "/" + name).count <= 1000)
        }
        let batch = try JournalReader(path: path).read(after: 0)
        let first = try #require(batch.gap?.next)
        #expect(numbers(batch.lines) == Array(first...40) && batch.isComplete)
        #expect(try open(self.settings(state: false)).lastSequence == 40)
    }

    @Test func theFileIsSetAsideByAgeAlsoAfterARestart() throws {
        var settings = settings()
        settings.maximumAge = .seconds(60)
        _ = try open(settings).append(event(1))
        let journal = try open(settings)
        _ = try journal.append(event(2, time: someTime + .seconds(60)))
        _ = try journal.append(event(3, time: someTime + .seconds(61)))
        #expect(lines(path).count == 1)
        #expect(lines(path + "." + SequenceText.padded(1)).count == 2)
    }

    @Test func aCrashBetweenSettingAsideAndStartingAnewLosesNoNumber() throws {
        _ = try open(settings(state: false)).append(event(1))
        #expect(rename(path, path + "." + SequenceText.padded(1)) == 0)
        #expect(try open(settings(state: false)).append(event(2)).sequence == 2)
    }

    @Test func logrotateMovesTheFileAndReopenStartsAnother() throws {
        let journal = try open(settings())
        _ = try journal.append(event(1))
        #expect(rename(path, path + ".1") == 0)
        _ = try journal.append(event(2))
        try journal.reopen()
        _ = try journal.append(event(3))
        #expect(lines(path + ".1").count == 2 && lines(path).count == 1)
        #expect(try numbers(JournalReader(path: path).read(after: 0).lines) == [1, 2, 3])
        // Deleted without a word: a new one is started by itself.
        #expect(unlink(path) == 0)
        #expect(try journal.append(event(4)).sequence == 4)
        #expect(lines(path).count == 1)
    }
}
