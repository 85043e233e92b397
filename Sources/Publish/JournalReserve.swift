import Glibc
import Logging

/// How much room the journal has.
public struct JournalSpace: Sendable, Hashable {
    /// Whether the disk was full and the journal lives on its reserve (or waits, where that is used up).
    public var isLow = false
    /// Bytes left in the reserve.
    public var reserve = 0
    /// Bytes free at the journal; nil where that cannot be told.
    public var free: Int64?
    /// Bytes that must be free before the reserve is filled again.
    public var floor: Int64 = 0
}

/// Space beside the journal that is kept for a full disk: a file of nothing, given back a piece at a time when a line
/// finds no room, and filled again when there is plenty.
///
/// It goes in pieces because whoever fills the disk takes what is given back, too. What a crash leaves of it, or that it
/// is missing, is put right the next time it is filled; nothing is ever read from it.
struct JournalReserve {
    private let path: String
    private let wholeByteCount: Int
    private let operations: JournalOperations
    private let log: Logger
    private var byteCount: Int
    private var isInUse = false
    private var hasComplained = false

    /// Takes what is there of it, and fills it where there is plenty of room.
    init(path: String, wholeByteCount: Int, operations: JournalOperations, log: Logger) {
        self.path = path
        self.wholeByteCount = wholeByteCount
        self.operations = operations
        self.log = log
        byteCount = operations.reserved(path)
        refill()
    }

    /// Bytes that must be free before it is filled: five times what it holds, so that it does not come and go.
    private var floor: Int64 { Int64(wholeByteCount) * 5 }

    var space: JournalSpace {
        JournalSpace(isLow: isInUse, reserve: byteCount, free: operations.freeSpace(path), floor: floor)
    }

    /// Gives a piece back to the file system, for a line that found no room; false where nothing is left.
    mutating func release() -> Bool {
        if !isInUse { log.critical("\(path): the disk is full: events go on from a reserve of \(byteCount >> 10) KiB") }
        isInUse = true
        guard byteCount > 0 else { return false }
        byteCount = max(0, byteCount - wholeByteCount / 16)
        if operations.reserve(path, byteCount) != 0 { byteCount = 0 }  // someone removed it
        if byteCount == 0 { log.critical("\(path) is used up: events wait in memory until there is room on the disk") }
        return true
    }

    /// Makes it whole again where there is plenty of room. Costs nothing while it is whole.
    mutating func refill() {
        guard isInUse || byteCount < wholeByteCount else { return }
        guard let free = operations.freeSpace(path), free >= floor else { return }
        let problem = operations.reserve(path, wholeByteCount)
        guard problem == 0 else {
            if !hasComplained {
                log.warning("\(path): no reserve for a full disk can be made: \(String(cString: strerror(problem)))")
            }
            hasComplained = true
            return
        }
        if isInUse { log.notice("\(path): there is room on the disk again, and the journal's reserve is whole") }
        (byteCount, isInUse, hasComplained) = (wholeByteCount, false, false)
    }
}
