import Glibc
import Synchronization
import Testing
import Video

@testable import Publish

@Suite struct JournalReaderTests {
    let directory: TemporaryDirectory
    var path: String { directory.path + "/events.jsonl" }

    init() throws { directory = try TemporaryDirectory() }

    /// A journal of `count` lines in files of about `size` bytes.
    func fill(_ count: Int, size: Int, keep: Int = 1000) throws -> Journal {
        let journal = try Journal(
            settings: JournalSettings(
                path: path, maximumByteCount: size, keep: keep, unsynced: Set(EventType.allCases)), log: quiet)
        for number in 1...count { _ = try journal.append(event(number)) }
        return journal
    }

    @Test func everyPlaceIsFoundInOneFileAndInMany() throws {
        for size in [1 << 20, 700] {
            let journal = try fill(60, size: size)
            let reader = JournalReader(path: path)
            let last = journal.lastSequence
            for after in 0...last {
                let batch = try reader.read(after: after)
                #expect(batch.gap == nil && batch.isComplete)
                #expect(numbers(batch.lines) == (after < last ? Array(after + 1...last) : []))
            }
            #expect(try reader.read(after: last + 100).lines.isEmpty)
            #expect(try reader.lastSequence() == last)
        }
    }

    @Test func batchesAreBounded() throws {
        let journal = try fill(50, size: 2000)
        let reader = JournalReader(path: path)
        let first = try reader.read(after: 0, limit: 20)
        #expect(first.lines.count == 20 && !first.isComplete)
        #expect(try reader.read(after: 40, limit: 10).isComplete)
        #expect(try reader.read(after: 0, byteLimit: 1).lines.count == 1)
        #expect(try numbers(reader.read(after: 10, through: 13).lines) == [11, 12, 13])
        #expect(journal.lastSequence == 50)
    }

    @Test func aHoleInTheMiddleIsToldWhereItIs() throws {
        _ = try fill(30, size: 1200)
        let middle = try directoryEntries(directory.path).compactMap(JournalNames(path).firstSequence).sorted()[2]
        #expect(unlink(path + "." + SequenceText.padded(middle)) == 0)
        let reader = JournalReader(path: path)
        let before = try reader.read(after: 0)
        #expect(before.gap == nil && before.lines.last?.sequence == middle - 1 && !before.isComplete)
        let after = try reader.read(after: middle - 1)
        #expect(after.gap?.after == middle - 1)
        #expect(after.lines.first?.sequence == after.gap?.next && after.lines.last?.sequence == 30)
    }

    @Test func anUnfinishedLineIsNotSeen() throws {
        _ = try fill(3, size: 1 << 20)
        try writeFile(Array(readFile(path).dropLast(5)), path)
        #expect(try numbers(JournalReader(path: path).read(after: 0).lines) == [1, 2])
        #expect(try JournalReader(path: path).lastSequence() == 2)
    }

    @Test func aLineTooLongToBeOursIsSkipped() throws {
        let long = [UInt8](repeating: 0x41, count: JournalFile.maximumLineByteCount + 200_000) + [0x0A]
        try writeFile(event(1).line(sequence: 1, host: "h") + long + event(2).line(sequence: 2, host: "h"), path)
        let reader = JournalReader(path: path)
        #expect(try numbers(reader.read(after: 0).lines) == [1, 2])
        #expect(try numbers(reader.read(after: 1).lines) == [2] && reader.lastSequence() == 2)
    }

    @Test func nothingToReadIsNothing() throws {
        #expect(try JournalReader(path: path).read(after: 5) == JournalBatch())
        #expect(try JournalReader(path: "/nonexistent/x").lastSequence() == nil)
    }

    /// One thread writes and sets files aside; another follows. It sees every number once, in order.
    @Test func aReaderFollowsAWriterThroughRotations() throws {
        let journal = try fill(1, size: 1500)
        let (path, last) = (path, UInt64(1500))
        let failure = Atomic<Bool>(false)
        try withThread {
            for number in 2...Int(last) {
                do { _ = try journal.append(event(number)) } catch { failure.store(true, ordering: .relaxed) }
            }
        } while: {
            let reader = JournalReader(path: path)
            var seen: UInt64 = 0
            while seen < last, !failure.load(ordering: .relaxed) {
                let batch = try reader.read(after: seen, limit: 50)
                try #require(batch.gap == nil)
                for line in batch.lines {
                    try #require(line.sequence == seen + 1)
                    seen = line.sequence
                }
            }
            #expect(seen == last)
        }
    }

    /// A large journal is not read from its beginning: 200,000 lines, and the end is found by a few reads.
    @Test func theEndOfALargeFileIsFoundQuickly() throws {
        var bytes: [UInt8] = []
        for number in 1...100_000 {
            bytes += #"{"a":1,"sequence":"\#(SequenceText.padded(UInt64(number)))","data":{}}"#.utf8
            bytes.append(0x0A)
        }
        try writeFile(bytes, path)
        let start = SystemTime().now()
        #expect(try numbers(JournalReader(path: path).read(after: 99_990).lines) == Array(99_991...100_000))
        print("found the end of \(bytes.count) bytes in \((SystemTime().now() - start).seconds * 1000) ms")
    }
}

/// Runs `body` on a thread of its own while `other` runs here; returns when both are done.
func withThread(_ body: @escaping @Sendable () -> Void, while other: () throws -> Void) throws {
    final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    let argument = Unmanaged.passRetained(Box(body)).toOpaque()
    let result = pthread_create(
        &thread, nil,
        { argument in
            guard let argument else { return nil }
            Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
            return nil
        }, argument)
    guard result == 0 else { throw PublishError(errno: result, operation: "start a thread") }
    defer { pthread_join(thread, nil) }
    try other()
}
