import Glibc
import Testing

@testable import Publish

/// What a reader finds while files move: they do so just before it gets the directory's names, or just after. Nothing is
/// left to luck.
@Suite struct JournalRotationTests {
    let directory: TemporaryDirectory
    let journal: Journal
    var path: String { directory.path + "/events.jsonl" }

    init() throws {
        directory = try TemporaryDirectory()
        journal = try Self.open(directory, keep: 1000)
        try append(20)
    }

    /// A journal of a few lines a file.
    static func open(_ directory: TemporaryDirectory, keep: Int) throws -> Journal {
        try Journal(
            settings: JournalSettings(
                path: directory.path + "/events.jsonl", maximumByteCount: 2000, keep: keep,
                unsynced: Set(EventType.allCases)), log: quiet)
    }

    func append(_ count: Int) throws {
        for _ in 0..<count { _ = try journal.append(event(Int(journal.lastSequence) + 1)) }
    }

    /// Appends until the file that is written has been set aside, so many times; one line is then in the newest.
    func rotate(_ times: Int) {
        #expect(throws: Never.self) {
            for _ in 0..<times {
                let file = try JournalFile(path: path)?.identity
                repeat { try append(1) } while try JournalFile(path: path)?.identity == file
            }
        }
    }

    /// Opens the journal's files, and lists them, while something happens.
    func files(before: @escaping () -> Void = {}, after: @escaping () -> Void) -> JournalFiles {
        JournalFiles(JournalNames(path)) { directory throws(PublishError) in
            before()
            defer { after() }
            return try directoryEntries(directory)
        }
    }

    /// Places all over the journal's first files, while files are set aside around every listing.
    @Test(arguments: [0, 1, 3], [0, 1, 3])
    func filesThatAreSetAsideAroundTheListingAreNotMissed(before: Int, after: Int) throws {
        func read(after position: UInt64, through: UInt64) throws -> JournalBatch {
            try journal.reader.read(
                after: position, through: through, limit: .max, byteLimit: .max,
                from: files(before: { rotate(before) }, after: { rotate(after) }))
        }
        for position in stride(from: UInt64(0), to: 20, by: 3) {
            let published = journal.lastSequence
            let batch = try read(after: position, through: published)
            #expect(batch.gap == nil && numbers(batch.lines) == Array(position + 1...published))
            // Nor is there a hole before lines that are written meanwhile.
            let next = journal.lastSequence + 1
            let more = try read(after: next - 1, through: .max)
            #expect(more.gap == nil && numbers(more.lines) == Array(next..<next + UInt64(more.lines.count)))
            // The files join already when they were looked at once.
            let once = files(before: { rotate(before) }, after: { rotate(after) })
            let ends = try once.segments.map { try $0.file.lastSequence() ?? 0 }
            #expect(once.segments.dropFirst().map(\.first) == ends.dropLast().map { $0 + 1 })
            let last = try once.lastSequence()
            #expect(last == ends.last && last ?? 0 >= published)
        }
    }

    /// The listing has the live name, and when it is opened there is no such file, or one without a line.
    @Test(arguments: [false, true]) func aLiveFileWithoutALineHidesNothing(isThere: Bool) throws {
        let last = journal.lastSequence
        let files = files {
            guard rename(path, path + ".00000000000000000999") == 0 else { return }
            if isThere { #expect(throws: Never.self) { try writeFile([], path) } }
        }
        #expect(try numbers(journal.reader.read(after: last - 1, through: last, from: files).lines) == [last])
    }

    /// logrotate gives every file another's name; the listing has the old ones.
    @Test func filesThatLogrotateMovesAreFoundAgain() throws {
        func write(_ numbers: ClosedRange<Int>, _ name: String) throws {
            try writeFile(numbers.flatMap { event($0).line(sequence: UInt64($0), host: "h") }, name)
        }
        let path = directory.path + "/moved.jsonl"
        try write(1...3, path + ".2")
        try write(4...6, path + ".1")
        try write(7...9, path)
        var listings = 0
        let files = JournalFiles(JournalNames(path)) { directory throws(PublishError) in
            listings += 1
            defer {
                for (from, to) in [(".2", ".3"), (".1", ".2"), ("", ".1")] where listings == 1 {
                    #expect(rename(path + from, path + to) == 0)
                }
            }
            return try directoryEntries(directory)
        }
        let batch = try JournalReader(path: path).read(after: 0, from: files)
        #expect(batch.gap == nil && numbers(batch.lines) == Array(1...9))
    }

    /// Old files are deleted as fast as they are looked for: what is gone is told, and the search ends.
    @Test func linesThatAreDeletedMeanwhileAreAGap() throws {
        let directory = try TemporaryDirectory()
        let journal = try Self.open(directory, keep: 1)
        for number in 1...40 { _ = try journal.append(event(number)) }
        var listings = 0
        let files = JournalFiles(JournalNames(directory.path + "/events.jsonl")) { directory throws(PublishError) in
            listings += 1
            defer {
                #expect(throws: Never.self) { for number in 1...40 { _ = try journal.append(event(number)) } }
            }
            return try directoryEntries(directory)
        }
        let batch = try journal.reader.read(after: 3, through: 40, from: files)
        let first = try #require(batch.lines.first?.sequence)
        // The file that was written when the reader came is held, though it was deleted since.
        #expect(batch.gap == JournalBatch.Gap(after: 3, next: first) && numbers(batch.lines) == Array(first...40))
        #expect(listings == 2)
    }
}
