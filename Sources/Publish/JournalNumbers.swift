import Files
import Glibc
import Logging

/// Remembers which numbers were given, so that none is ever given to two events: subscribers resume by them.
///
/// The journal's last line is not enough: a power cut may take lines that were not synced, after subscribers have seen
/// them. Two files in the state directory know more.
///
/// - `sequence` has the last number given, and the number from which on events may run that have not ended; 20 digits and
///   a newline each. It is written in place with every line and not synced: it outlives the process (kill -9), not the
///   machine's power.
/// - `sequence.limit` has a number that no number given exceeds, and the boot in which that was said. It is on the disk
///   before the first number up to it is given, a block at a time. It is there only while a journal is open: closing it
///   syncs the rest and takes the file away.
///
/// So a start knows what the last run was: without `sequence.limit` it ended well, and with the same boot in it the page
/// cache has lost nothing; either way numbers go on without a jump. With another boot the numbers up to the limit may have
/// been given, and are skipped.
struct JournalNumbers: ~Copyable {
    /// Numbers that one sync covers.
    static let block: UInt64 = 1024

    private let directory: String
    private let file: Int32
    private let operations: JournalOperations
    private let log: Logger
    /// No number over this is given before it is raised on the disk; 0 where the disk has none.
    private var limit: UInt64 = 0
    /// After a failed attempt to raise it: not tried again before this number, as each costs a write.
    private var retry: UInt64 = 0

    private var path: String { "\(directory)/sequence" }
    private var limitPath: String { "\(directory)/sequence.limit" }

    init(directory: String, operations: JournalOperations, log: Logger) throws(PublishError) {
        try makeDirectories(directory)
        let path = "\(directory)/sequence"
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o640)
        guard file >= 0 else { throw PublishError(errno: errno, operation: "open \(path)") }
        self.directory = directory
        self.operations = operations
        self.log = log
        self.file = file
    }

    deinit { Glibc.close(file) }

    /// What a run that is over has left in `sequence`; nil where it is not there, or was not whole.
    func remembered() -> (last: UInt64?, openFrom: UInt64?) {
        guard let bytes = try? JournalFile(descriptor: file, path: path)?.read(at: 0, count: 42) else {
            return (nil, nil)
        }
        func number(_ at: Int) -> UInt64? {
            guard bytes.count >= at + 21, bytes[at + 20] == 0x0A else { return nil }
            return SequenceText.parse(String(decoding: bytes[at..<at + 20], as: UTF8.self))
        }
        return (number(0), number(21).flatMap { $0 > 0 ? $0 : nil })
    }

    /// The number that the next line's follows.
    ///
    /// - Parameter found: the last one in the journal's files, or why they cannot be read.
    /// - Throws: where they cannot, and nothing was remembered either.
    mutating func start(_ found: Result<UInt64?, PublishError>) throws(PublishError) -> UInt64 {
        let last = remembered().last
        var known = last ?? 0
        switch found {
        case .success(let number): known = max(known, number ?? 0)
        case .failure(let error):
            guard last != nil else { throw error }
            log.warning("\(error): the numbers of events go on after \(known), as \(path) remembers")
        }
        guard let left = readLimit() else { return known }
        if let boot = left.boot, boot == operations.bootID() {
            limit = left.limit ?? 0
            return last == nil ? max(known, limit) : known
        }
        // Of a limit that cannot be read this much is known: it was no more than a block ahead.
        let next = max(known, left.limit ?? known + Self.block)
        if next > known {
            log.notice(
                """
                the last run ended without a stop, and the machine was started since: the numbers of events jump from \
                \(known) to \(next + 1), so that none is given twice
                """)
        }
        return next
    }

    /// Whether the number cannot be given again, even if its line is lost: raises the limit on the disk where it must.
    mutating func covers(_ number: UInt64) -> Bool {
        if number <= limit { return true }
        guard number >= retry else { return false }
        let next = number + Self.block - 1
        do throws(PublishError) {
            let text = "\(SequenceText.padded(next)) \(operations.bootID() ?? "-")\n"
            try operations.replace(limitPath, Array(text.utf8))
            (limit, retry) = (next, 0)
            return true
        } catch {
            if retry == 0 { log.warning("\(error): until it can be written, every event waits for the disk") }
            retry = number + 64
            return false
        }
    }

    /// Remembers the last number given, and from which line on events may run.
    func note(_ last: UInt64, openFrom: UInt64) {
        let bytes = Array("\(SequenceText.padded(last))\n\(SequenceText.padded(openFrom))\n".utf8)
        // A fault is not one: the journal has the number, and looking from an earlier line on only takes longer.
        _ = bytes.withUnsafeBytes { pwrite(file, $0.baseAddress, $0.count, 0) }
    }

    /// Takes the limit away: every line is on the disk, and the next start goes on without a jump.
    mutating func close() {
        guard operations.sync(file) == 0 else { return }
        limit = 0
        guard unlink(limitPath) == 0 else { return }
        syncDirectory(directory)
    }

    /// What is left of a run that was not closed; nil where there is none.
    private func readLimit() -> (limit: UInt64?, boot: String?)? {
        do throws(PublishError) {
            guard let file = try JournalFile(path: limitPath) else { return nil }
            let parts = String(decoding: try file.read(at: 0, count: 64), as: UTF8.self).split(separator: " ")
            guard parts.count == 2, parts[0].utf8.count == 20, let limit = SequenceText.parse(parts[0]),
                parts[1].last == "\n"
            else { return (nil, nil) }
            return (limit, String(parts[1].dropLast()))
        } catch {
            log.warning("\(error): sequence numbers may jump")
            return (nil, nil)
        }
    }
}
