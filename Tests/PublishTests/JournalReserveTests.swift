import FoundationEssentials
import Glibc
import Synchronization
import Testing

@testable import Publish

/// A disk of which the journal's lines and its reserve are counted.
private final class SmallDisk: Sendable {
    let free: Atomic<Int>
    private let reserved = Mutex(0)

    init(free: Int) { self.free = Atomic(free) }

    var reserve: Int { reserved.withLock { $0 } }

    var operations: JournalOperations {
        JournalOperations(
            write: { [self] file, bytes in
                let count = min(bytes.count, free.load(ordering: .relaxed))
                guard count > 0 else { return -Int(ENOSPC) }
                free.subtract(count, ordering: .relaxed)
                return Glibc.write(file, bytes.baseAddress, count)
            },
            reserved: { [self] _ in reserve },
            reserve: { [self] _, byteCount in
                reserved.withLock { held in
                    guard byteCount - held <= free.load(ordering: .relaxed) else { return ENOSPC }
                    free.add(held - byteCount, ordering: .relaxed)
                    held = byteCount
                    return 0
                }
            },
            freeSpace: { [self] _ in Int64(free.load(ordering: .relaxed)) })
    }
}

@Suite struct JournalReserveTests {
    static let whole = 64 << 10
    let directory: TemporaryDirectory
    var path: String { directory.path + "/events.jsonl" }
    var reserve: String { directory.path + "/.events.jsonl.reserve" }

    init() throws { directory = try TemporaryDirectory() }

    var settings: JournalSettings { JournalSettings(path: path, host: "box", reserveByteCount: Self.whole) }

    /// Appends events until one is refused; how many were not.
    func fill(_ journal: Journal, limit: Int = 10_000, _ each: () -> Void = {}) -> Int {
        for count in 0..<limit {
            guard (try? journal.append(event(count))) != nil else { return count }
            each()
        }
        return limit
    }

    @Test func aFullDiskIsOutlivedByTheReserve() throws {
        let disk = SmallDisk(free: 6 * Self.whole)
        let journal = try Journal(settings: settings, operations: disk.operations, log: quiet)
        #expect(disk.reserve == Self.whole && !journal.checkSpace().isLow)
        disk.free.store(0, ordering: .relaxed)  // others have taken it all
        let length = try journal.append(event(0)).bytes.count
        #expect(journal.checkSpace().isLow)
        let count = 1 + fill(journal)
        #expect(disk.reserve == 0)
        // What is taken back of a line that did not fit is not counted as free by this disk: so many lines at least.
        #expect(count > Self.whole / length / 2, "\(count) lines of \(length) bytes")
        #expect(lines(path).count == count && lines(path).allSatisfy { LineScanner.sequence($0[...]) != nil })
        // Somebody makes room: first too little to fill the reserve, then enough.
        disk.free.store(4 * Self.whole, ordering: .relaxed)
        #expect(try journal.append(event(1)).sequence == UInt64(count + 1), "no number was used up")
        #expect(journal.checkSpace().isLow && disk.reserve == 0)
        disk.free.store(5 * Self.whole, ordering: .relaxed)
        #expect(!journal.checkSpace().isLow && disk.reserve == Self.whole)
    }

    /// Whoever fills the disk takes what is given back as well: a line for each piece all the same.
    @Test func theReserveIsGivenBackInPieces() throws {
        let disk = SmallDisk(free: 6 * Self.whole)
        let journal = try Journal(settings: settings, operations: disk.operations, log: quiet)
        disk.free.store(0, ordering: .relaxed)
        #expect(fill(journal) { disk.free.store(0, ordering: .relaxed) } == 16)
    }

    @Test func aDiskThatIsFullFromTheStartIsToldToo() throws {
        let disk = SmallDisk(free: 0)
        let journal = try Journal(settings: settings, operations: disk.operations, log: quiet)
        #expect(!journal.checkSpace().isLow)
        #expect(fill(journal) == 0)
        #expect(journal.checkSpace().isLow)
        disk.free.store(9 * Self.whole, ordering: .relaxed)
        #expect(fill(journal, limit: 5) == 5 && !journal.checkSpace().isLow)
    }

    /// Whatever a crash or a person left in its place, the next start makes it whole; a link is not followed.
    @Test func whatIsLeftOfItIsMadeWhole() throws {
        func start() throws { _ = try Journal(settings: settings, log: quiet) }
        func held() -> Int { JournalOperations().reserved(reserve) }
        try start()
        #expect(held() == Self.whole)
        for left in [0, 1, 4096, 10_000] {
            try writeFile([UInt8](repeating: 7, count: left), reserve)
            try start()
            #expect(held() == Self.whole)
        }
        #expect(truncate(reserve, off_t(2 * Self.whole)) == 0)  // a hole, which holds nothing
        try start()
        #expect(unlink(reserve) == 0)
        try start()
        #expect(held() == Self.whole)
        #expect(unlink(reserve) == 0)
        try writeFile([1, 2, 3], directory.path + "/precious")
        #expect(symlink("precious", reserve) == 0)
        try start()
        #expect(held() == 0 && readFile(directory.path + "/precious") == [1, 2, 3])
    }

    /// A real file system that really is full; Tests/Lab/test-disk.sh mounts one and names it.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["ZANZO_SMALL_DISK"] != nil))
    func aRealFullDisk() throws {
        let folder = try #require(ProcessInfo.processInfo.environment["ZANZO_SMALL_DISK"])
        let journal = try Journal(settings: JournalSettings(path: folder + "/events.jsonl", host: "box"), log: quiet)
        #expect(journal.checkSpace().reserve == 1 << 20)
        let filler = open(folder + "/filler", O_WRONLY | O_CREAT, 0o600)
        defer { close(filler) }
        let zeros = [UInt8](repeating: 0, count: 65_536)
        while write(filler, zeros, zeros.count) > 0 {}
        #expect(errno == ENOSPC)
        let count = fill(journal)
        #expect(journal.checkSpace().isLow && journal.checkSpace().reserve == 0)
        #expect(count > 1000 && lines(folder + "/events.jsonl").count == count)
        print("\(count) events were journaled on a full disk")
        #expect(try numbers(journal.reader.read(after: 0, limit: 10_000, byteLimit: .max).lines).last == UInt64(count))
        #expect(unlink(folder + "/filler") == 0 && ftruncate(filler, 0) == 0)
        #expect(fill(journal, limit: 3) == 3)
        #expect(!journal.checkSpace().isLow && journal.checkSpace().reserve == 1 << 20)
    }
}
