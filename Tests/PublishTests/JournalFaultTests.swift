import Glibc
import Synchronization
import Testing

@testable import Publish

/// Files that are there and cannot be read: by their names' beginnings, an errno of opening or of reading.
final class Faults: Sendable {
    private let opening = Mutex<[String: Int32]>([:])
    private let reading = Mutex<[String: Int32]>([:])
    private let listing = Mutex<Int32>(0)
    private let paths = Mutex<[Int32: String]>([:])

    /// Every path that ends like this fails to open.
    func failOpening(_ ending: String, _ number: Int32) { opening.withLock { $0[ending] = number } }
    /// Every file whose path ends like this fails to be read.
    func failReading(_ ending: String, _ number: Int32) { reading.withLock { $0[ending] = number } }
    func failListing(_ number: Int32) { listing.withLock { $0 = number } }

    func heal() {
        opening.withLock { $0 = [:] }
        reading.withLock { $0 = [:] }
        listing.withLock { $0 = 0 }
    }

    var operations: ReadOperations {
        let system = ReadOperations()
        return ReadOperations(
            open: { [self] path in
                if let fault = opening.withLock({ $0.first { path.hasSuffix($0.key) } }) { return -fault.value }
                let file = system.open(path)
                if file >= 0 { paths.withLock { $0[file] = path } }
                return file
            },
            read: { [self] file, buffer, offset in
                let path = paths.withLock { $0[file] } ?? ""
                if let fault = reading.withLock({ $0.first { path.hasSuffix($0.key) } }) { return -Int(fault.value) }
                return system.read(file, buffer, offset)
            },
            names: { [self] (path) throws(PublishError) in
                let number = listing.withLock { $0 }
                guard number == 0 else { throw PublishError(errno: number, reading: path) }
                return try directoryEntries(path)
            })
    }
}

@Suite struct JournalFaultTests {
    let directory: TemporaryDirectory
    let faults = Faults()
    var path: String { directory.path + "/events.jsonl" }
    var reader: JournalReader { JournalReader(path: path, operations: faults.operations) }

    init() throws {
        directory = try TemporaryDirectory()
        // Lines 1…9 in three files that were set aside, 10…12 in the one that is written.
        for (first, name) in [(1, SequenceText.padded(1)), (4, SequenceText.padded(4)), (7, SequenceText.padded(7))] {
            try write(first...first + 2, path + "." + name)
        }
        try write(10...12, path)
    }

    func write(_ numbers: ClosedRange<Int>, _ name: String) throws {
        try writeFile(numbers.flatMap { event($0).line(sequence: UInt64($0), host: "h") }, name)
    }

    /// Everything from `position` on, batch by batch; what was read before an error, and the error.
    func readAll(after position: UInt64) -> (numbers: [UInt64], gaps: Int, error: PublishError?) {
        var (seen, gaps): ([UInt64], Int) = ([], 0)
        for _ in 0..<20 {
            do {
                let batch = try reader.read(after: seen.last ?? position, through: 12)
                if batch.gap != nil { gaps += 1 }
                seen += numbers(batch.lines)
                if batch.lines.isEmpty || seen.last == 12 { return (seen, gaps, nil) }
            } catch {
                return (seen, gaps, error)
            }
        }
        Issue.record("the reading does not end")
        return (seen, gaps, nil)
    }

    static let endings = [1, 4, 7].map { SequenceText.padded($0) } + ["events.jsonl"]

    /// Whatever file fails, however: no hole is told, what lies before it is read, and later everything is.
    @Test(arguments: endings, [EMFILE, ENFILE, EACCES, EIO, ENOMEM])
    func aFileThatCannotBeOpenedIsNotADeletedOne(ending: String, number: Int32) throws {
        faults.failOpening(ending, number)
        try expectErrorAndRecovery(ending, number)
    }

    @Test(arguments: endings, [EIO, ENXIO]) func aFileThatCannotBeReadIsNotADeletedOne(ending: String, number: Int32)
        throws
    {
        faults.failReading(ending, number)
        try expectErrorAndRecovery(ending, number)
    }

    private func expectErrorAndRecovery(_ ending: String, _ number: Int32) throws {
        let first = UInt64(ending) ?? 10
        for position in UInt64(0)..<12 {
            let got = readAll(after: position)
            #expect(got.gaps == 0)
            let isNeeded = position < first + 2
            #expect((got.error != nil) == isNeeded, "after \(position): \(got)")
            if let error = got.error {
                #expect(
                    error.description.contains(ending) && error.description.contains(String(cString: strerror(number))))
                #expect(got.numbers == (position + 1 < first ? Array(position + 1..<first) : []))
            } else {
                #expect(got.numbers == Array(position + 1...12))
            }
        }
        faults.heal()
        #expect(readAll(after: 0).numbers == Array(1...12))
    }

    /// A directory that cannot be listed: what the file that is written has is read, and nothing older is called deleted.
    @Test(arguments: [EMFILE, EACCES, EIO]) func aDirectoryThatCannotBeListedIsNotAnEmptyOne(number: Int32) throws {
        faults.failListing(number)
        #expect(readAll(after: 9).numbers == [10, 11, 12])
        let old = readAll(after: 3)
        #expect(old.numbers.isEmpty && old.gaps == 0 && old.error != nil)
        #expect(try reader.lastSequence() == 12)
        faults.heal()
        #expect(readAll(after: 3).numbers == Array(4...12))
    }

    @Test func theLastNumberIsNotGuessed() throws {
        faults.failOpening("events.jsonl", EMFILE)
        #expect(throws: PublishError.self) { try reader.lastSequence() }
        faults.heal()
        faults.failReading("events.jsonl", EIO)
        #expect(throws: PublishError.self) { try reader.lastSequence() }
        faults.heal()
        faults.failOpening(SequenceText.padded(7), EACCES)
        #expect(try reader.lastSequence() == 12, "the file that is written has the last line")
        try writeFile([], path)
        #expect(throws: PublishError.self) { try reader.lastSequence() }
    }

    /// A file that is gone between the listing and its opening was set aside again or deleted: that is no fault.
    @Test func aFileThatVanishesIsAHole() throws {
        faults.failOpening(SequenceText.padded(4), ENOENT)
        let got = readAll(after: 0)
        #expect(got.numbers == [1, 2, 3, 7, 8, 9, 10, 11, 12] && got.gaps == 1 && got.error == nil)
    }

    /// A hole is told where no unreadable file can fill it.
    @Test func aNewerFileThatCannotBeReadHidesNoHole() throws {
        #expect(unlink(path + "." + SequenceText.padded(1)) == 0)
        faults.failOpening(SequenceText.padded(7), EACCES)
        let batch = try reader.read(after: 0, through: 3)
        #expect(batch.gap == nil && batch.lines.isEmpty || batch.gap?.next == 4)
        #expect(try reader.read(after: 0).gap == JournalBatch.Gap(after: 0, next: 4))
    }

    /// No descriptor left at all.
    @Test func noDescriptorLeftIsAnErrorOfEveryKindOfReading() throws {
        faults.failOpening("", EMFILE)
        faults.failListing(EMFILE)
        let error = #expect(throws: PublishError.self) { try reader.read(after: 3, through: 12) }
        #expect(error?.description.contains("LimitNOFILE") == true)
        #expect(throws: PublishError.self) { try reader.lastSequence() }
    }
}

extension SocketTests {
    /// What a subscriber is told while the journal cannot be read.
    @Suite(.timeLimit(.minutes(1))) struct UnreadableJournalTests {
        @Test(arguments: [true, false]) func theClientIsToldAnErrorAndKeepsItsPlace(opening: Bool) async throws {
            let faults = Faults()
            let station = try await Station(maximumFile: 2000, reading: faults.operations)
            try station.publish(1...40)
            let old = try directoryEntries(station.directory.path)
                .compactMap(JournalNames(station.directory.path + "/events.jsonl").firstSequence).sorted()
            let first = try #require(old.dropFirst().first)
            if opening {
                faults.failOpening(SequenceText.padded(first), EMFILE)
            } else {
                faults.failReading(SequenceText.padded(first), EIO)
            }
            let told = try rest(station.client(after: 0))
            #expect(sequences(told) == Array(1..<first))
            let last = try #require(told.last)
            #expect(
                last.hasPrefix(#"{"error":"events cannot be read now"#) && !told.contains { $0.contains("resume_gap") })
            #expect(LineScanner.resumeAfterError(Array(last.utf8)[...]) == first - 1)
            // One whose place is behind the fault is not touched by it.
            let late = try station.client(after: 39)
            #expect(sequences([try next(late)]) == [40])
            faults.heal()
            let again = try station.client(after: first - 1)
            for number in first...40 { #expect(sequences([try next(again)]) == [number]) }
            await station.server.shutdown()
        }

        /// A number that the hub has not heard of is asked of the journal: no answer is not "number zero".
        @Test func aPlaceThatCannotBeCheckedIsKept() async throws {
            let faults = Faults()
            let station = try await Station(reading: faults.operations)
            try station.publish(1...3)
            _ = try station.journal.append(event(4))  // in the journal, not published
            faults.failOpening("events.jsonl", EMFILE)
            let told = try rest(station.client(after: 4))
            #expect(told.count == 1 && told.first.map { LineScanner.resumeAfterError(Array($0.utf8)[...]) } == 4)
            await station.server.shutdown()
        }

        /// `zanzo events --follow` and `watch` go on by themselves.
        @Test func aFollowerComesAgainAndMissesNothing() async throws {
            let faults = Faults()
            let station = try await Station(maximumFile: 2000, reading: faults.operations)
            try station.publish(1...20)
            faults.failOpening(SequenceText.padded(1), EMFILE)
            var subscription = Subscription()
            subscription.after = 0
            var follower = EventFollower(path: station.path, subscription: subscription)
            let line = try #require(try follower.nextLine(timeout: .seconds(10)))
            #expect(text(line).hasPrefix(#"{"error":"#) && follower.last == 0)
            faults.heal()
            for number in 1...20 {
                let line = try follower.nextLine(timeout: .seconds(10)).map(text) ?? ""
                #expect(sequences([line]) == [UInt64(number)])
            }
            await station.server.shutdown()
        }
    }
}
