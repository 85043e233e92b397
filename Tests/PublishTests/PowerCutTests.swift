import FoundationEssentials
import Glibc
import Synchronization
import Testing

@testable import Publish

/// A disk whose power can be cut: what was not synced is gone then, as the page cache is.
final class FrailDisk: Sendable {
    let directory: TemporaryDirectory
    private let boot = Atomic<Int>(1)
    /// What is really on the disk, by path.
    private let synced = Mutex<[String: [UInt8]]>([:])
    private let fails = Atomic<Bool>(false)

    init() throws { directory = try TemporaryDirectory() }

    var path: String { directory.path + "/events.jsonl" }
    var state: String { directory.path + "/state" }

    /// The file for the limit can be written no more.
    func failReplacing(_ fails: Bool) { self.fails.store(fails, ordering: .relaxed) }

    var operations: JournalOperations {
        var operations = JournalOperations()
        operations.sync = { [self] file in
            var name = [CChar](repeating: 0, count: 4096)
            let count = readlink("/proc/self/fd/\(file)", &name, name.count)
            let path = String(decoding: name.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
            synced.withLock { $0[path] = readFile(path) }
            return 0
        }
        let replace = operations.replace
        operations.replace = { [self] (path, bytes) throws(PublishError) in
            if fails.load(ordering: .relaxed) { throw PublishError(errno: EROFS, operation: "write \(path)") }
            try replace(path, bytes)
            synced.withLock { $0[path] = bytes }
        }
        operations.bootID = { [self] in "boot-\(boot.load(ordering: .relaxed))" }
        return operations
    }

    func open() throws -> Journal {
        try Journal(
            settings: JournalSettings(path: path, stateDirectory: state, host: "box"), operations: operations,
            log: quiet)
    }

    /// The files as a crash of the process at this moment leaves them: restored by the closure, once the journal is gone.
    func crash() throws -> () throws -> Void {
        let paths = [path, state + "/sequence", state + "/sequence.limit"]
        let files = paths.map { FileManager.default.contents(atPath: $0).map { Array($0) } }
        return {
            for (path, bytes) in zip(paths, files) {
                unlink(path)
                if let bytes { try writeFile(bytes, path) }
            }
        }
    }

    /// The files as a power cut at this moment leaves them, and another boot.
    func powerCut() throws -> () throws -> Void {
        let paths = [path, state + "/sequence", state + "/sequence.limit"]
        let files = synced.withLock { synced in paths.map { synced[$0] } }
        return { [self] in
            for (path, bytes) in zip(paths, files) {
                unlink(path)
                if let bytes { try writeFile(bytes, path) }
            }
            boot.add(1, ordering: .relaxed)
        }
    }
}

@Suite struct PowerCutTests {
    let disk: FrailDisk

    init() throws { disk = try FrailDisk() }

    /// A run that writes lines of these types and ends as `ending` says; the numbers it has given.
    func run(_ types: [EventType], _ ending: (FrailDisk) throws -> () throws -> Void) throws -> [UInt64] {
        var given: [UInt64] = []
        var end: () throws -> Void = {}
        do {
            let journal = try disk.open()
            for (index, type) in types.enumerated() {
                given.append(try journal.append(event(index, type: type)).sequence)
            }
            end = try ending(disk)
        }
        try end()
        return given
    }

    static let some: [EventType] = [.cameraOnline, .anomalyUpdate, .anomalyUpdate, .framesDropped]

    /// Whatever was given before a power cut is never given again, though its lines are lost; cuts may follow each other.
    @Test(arguments: [1, 2, 5]) func noNumberIsGivenTwice(cuts: Int) throws {
        var given: Set<UInt64> = []
        for _ in 0..<cuts {
            let new = try run(Self.some) { try $0.powerCut() }
            #expect(given.isDisjoint(with: new) && Set(new).count == new.count)
            given.formUnion(new)
        }
        let journal = try disk.open()
        let next = try journal.append(event(0)).sequence
        #expect(next > given.max() ?? .max)
        #expect(next <= UInt64(cuts) * (JournalNumbers.block + 4) + 1, "a block is skipped, no more")
        #expect(given.max().map { $0 > 4 } == (cuts > 1), "the cut did lose lines")
    }

    /// More than a block without a line that is synced for itself.
    @Test func moreThanABlockIsCoveredToo() throws {
        let types = [EventType](repeating: .framesDropped, count: Int(JournalNumbers.block) * 2 + 10)
        let given = try run(types) { try $0.powerCut() }
        #expect(readFile(disk.path).isEmpty, "nothing was synced")
        #expect(try disk.open().lastSequence >= given.max() ?? .max)
    }

    @Test(arguments: [false, true]) func withoutAPowerCutThereIsNoJump(isCrash: Bool) throws {
        for round in 0..<3 {
            let given = try run(Self.some) { isCrash ? try $0.crash() : {} }
            #expect(given == (1...4).map { UInt64(round * 4 + $0) })
        }
        #expect(access(disk.state + "/sequence.limit", F_OK) == (isCrash ? 0 : -1))
    }

    /// A clean stop is on the disk: the power may be cut then.
    @Test func afterACleanStopAPowerCutLosesNothing() throws {
        let journal = try disk.open()
        for type in Self.some { _ = try journal.append(event(0, type: type)) }
        journal.close()
        let cut = try disk.powerCut()
        try cut()
        #expect(lines(disk.path).count == 4)
        withExtendedLifetime(journal) {}
    }

    @Test func aStartThatWritesNothingJumpsNoFurther() throws {
        _ = try run(Self.some) { try $0.powerCut() }
        let first = try disk.open().lastSequence
        for _ in 0..<3 { #expect(try disk.open().lastSequence == first) }
    }

    /// Where the limit cannot be written, every line waits for the disk instead: events go on, and no number is lost.
    @Test func withoutALimitEveryLineIsSynced() throws {
        disk.failReplacing(true)
        let given = try run(Self.some + Self.some) { try $0.powerCut() }
        #expect(lines(disk.path).count == given.count)
        disk.failReplacing(false)
        #expect(try disk.open().append(event(0)).sequence == UInt64(given.count + 1))
    }

    @Test(arguments: ["", "garbage", "00000000000000000001", "\0\0\0\0", "99999999999999999999 boot-1\n"])
    func aDamagedLimitCostsABlock(contents: String) throws {
        let given = try run(Self.some) { disk in
            let crash = try disk.crash()
            return {
                try crash()
                try writeFile(Array(contents.utf8), disk.state + "/sequence.limit")
            }
        }
        #expect(try disk.open().lastSequence == UInt64(given.count) + JournalNumbers.block)
    }

    /// An older version's state: a number and nothing else.
    @Test func theOldFormatIsRead() throws {
        #expect(mkdir(disk.state, 0o700) == 0)
        try writeFile(Array((SequenceText.padded(41) + "\n").utf8), disk.state + "/sequence")
        #expect(try disk.open().append(event(1)).sequence == 42)
        #expect(
            readFile(disk.state + "/sequence").starts(with: (SequenceText.padded(42) + "\n").utf8), "and so is ours")
    }

    /// A fault must not give numbers out again: what is remembered counts, and without that nothing starts.
    @Test(arguments: [true, false]) func anUnreadableJournalIsNotAnEmptyOne(isRemembered: Bool) throws {
        let faults = Faults()
        _ = try disk.open().append(event(1))
        #expect(rename(disk.path, disk.path + "." + SequenceText.padded(1)) == 0)
        if !isRemembered { #expect(unlink(disk.state + "/sequence") == 0) }
        faults.failOpening(SequenceText.padded(1), EACCES)
        var operations = disk.operations
        operations.reading = faults.operations
        func open() throws -> Journal {
            try Journal(
                settings: JournalSettings(path: disk.path, stateDirectory: disk.state), operations: operations,
                log: quiet)
        }
        if isRemembered {
            #expect(try open().append(event(2)).sequence == 2)
        } else {
            let error = #expect(throws: PublishError.self) { try open() }
            #expect(error?.code == .noPermission)
            faults.heal()
            #expect(try open().append(event(2)).sequence == 2)
        }
    }

    /// The real boot's name is one, and stays.
    @Test func theBootHasAName() throws {
        #expect(try #require(BootID.current).utf8.count == 36)
    }
}

extension SocketTests {
    /// What subscribers meet after a power cut: the lost lines are a gap that is told.
    @Suite(.timeLimit(.minutes(1))) struct PowerCutResumeTests {
        /// Lines 1…2 are on the disk; 3…4 were seen and are lost.
        @Test(arguments: 0...4) func aLostRangeIsAGap(after: UInt64) async throws {
            let disk = try FrailDisk()
            var end: () throws -> Void = {}
            do {
                let journal = try disk.open()
                for type in [EventType.anomalyUpdate, .cameraOnline, .anomalyUpdate, .anomalyUpdate] {
                    _ = try journal.append(event(0, type: type))
                }
                end = try disk.powerCut()
            }
            try end()
            let journal = try disk.open()
            let server = EventServer(
                settings: ServerSettings(path: disk.directory.path + "/s", grace: .milliseconds(20)),
                replay: journal.reader, last: journal.lastSequence, log: quiet)
            try await server.start()
            func client() throws -> EventClient {
                var subscription = Subscription()
                subscription.after = after
                return try EventClient(path: disk.directory.path + "/s", subscription: subscription)
            }
            // Before and after the first line of the new run.
            let early = try client()
            let gap = text(Notice.resumeGap(after: max(after, 2), next: journal.lastSequence + 1)).dropLast()
            var told: [String] = []
            for _ in 0..<(after < 2 ? 3 - Int(after) : 1) { told.append(try next(early)) }
            #expect(told.last.map { $0[...] } == gap && sequences(told) == (after < 2 ? Array(after + 1...2) : []))
            let line = try journal.append(event(5))
            server.publish(line)
            #expect(try next(early) + "\n" == text(line.bytes))
            let late = try client()
            told = []
            for _ in 0..<(after < 2 ? 4 - Int(after) : 2) { told.append(try next(late)) }
            #expect(told.suffix(2).first.map { $0[...] } == gap && told.last.map { $0 + "\n" } == text(line.bytes))
            await server.shutdown()
        }
    }
}
