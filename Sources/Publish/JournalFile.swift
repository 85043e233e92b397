import Glibc

/// One of the journal's files, read through an open descriptor; only lines that end in a newline are seen.
///
/// Nothing is mapped: a writer may cut off what it could not write whole, and a mapping would then fault.
final class JournalFile {
    /// A longer line is not ours, and is skipped.
    static let maximumLineByteCount = 1 << 20

    private let descriptor: Int32
    private let ownsDescriptor: Bool
    /// The file's size when it was opened, or last measured.
    private(set) var byteCount: Int
    /// Device and inode: the same file under two names is one file.
    let identity: [UInt64]

    /// Opens a file to read it; nil where it is not there or not a regular file.
    convenience init?(path: String) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        self.init(descriptor: descriptor, ownsDescriptor: true)
    }

    /// Reads through a descriptor that someone else has open; nil where it is not a regular file.
    init?(descriptor: Int32, ownsDescriptor: Bool = false) {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            if ownsDescriptor { close(descriptor) }
            return nil
        }
        self.descriptor = descriptor
        self.ownsDescriptor = ownsDescriptor
        byteCount = Int(status.st_size)
        identity = [UInt64(status.st_dev), UInt64(status.st_ino)]
    }

    deinit { if ownsDescriptor { close(descriptor) } }

    /// Takes in what was written since the file was opened.
    func measure() {
        var status = stat()
        if fstat(descriptor, &status) == 0 { byteCount = Int(status.st_size) }
    }

    /// Up to `count` bytes from `offset`; fewer at the end of the file.
    func read(at offset: Int, count: Int) -> [UInt8] {
        let wanted = max(0, min(count, byteCount - offset))
        return [UInt8](unsafeUninitializedCapacity: wanted) { buffer, initialized in
            while initialized < wanted {
                let got = pread(
                    descriptor, buffer.baseAddress?.advanced(by: initialized), wanted - initialized,
                    offset + initialized)
                if got < 0, errno == EINTR { continue }
                guard got > 0 else { break }
                initialized += got
            }
        }
    }

    /// The offset after the first newline at or after `offset`; nil where there is none.
    func lineEnd(from offset: Int) -> Int? {
        var at = offset
        while at < byteCount {
            let bytes = read(at: at, count: 16_384)
            if bytes.isEmpty { return nil }
            if let index = bytes.firstIndex(of: 0x0A) { return at + index + 1 }
            at += bytes.count
        }
        return nil
    }

    /// The offset after the last newline before `end`: where a line that is not whole begins. 0 where there is none.
    func lastLineEnd(before end: Int) -> Int {
        var upper = end
        while upper > 0 {
            let lower = max(0, upper - 16_384)
            let bytes = read(at: lower, count: upper - lower)
            if let index = bytes.lastIndex(of: 0x0A) { return lower + index + 1 }
            upper = lower
        }
        return 0
    }

    /// The first line that is an event's.
    func firstLine() -> PublishedLine? {
        var found: PublishedLine?
        forEachLine(from: 0) { line, _ in
            found = LineScanner.scan(line)
            return found == nil
        }
        return found
    }

    /// The time of the first line that is an event's, as text.
    func firstTime() -> String? { firstLine().flatMap { LineScanner.time($0.bytes[...]) } }

    /// The number of the last line that is an event's; found from the end.
    func lastSequence() -> UInt64? {
        var end = lastLineEnd(before: byteCount)
        while end > 0 {
            let start = lastLineEnd(before: end - 1)
            if end - start <= Self.maximumLineByteCount,
                let sequence = LineScanner.sequence(read(at: start, count: end - start)[...])
            {
                return sequence
            }
            end = start
        }
        return nil
    }

    /// The offset of the first line whose number is over `sequence`, by binary search; the end where there is none.
    ///
    /// Numbers grow from line to line. Lines that are not events' are stepped over.
    func offset(after sequence: UInt64) -> Int {
        var low = 0  // every line that begins before it has a number of at most `sequence`
        var high = lastLineEnd(before: byteCount)  // every line that begins at or after it has a greater one
        while low < high {
            let middle = low + (high - low) / 2
            let start = middle == low ? low : lineEnd(from: middle - 1) ?? high
            var probe: (number: UInt64, end: Int)?
            if start < high {
                forEachLine(from: start) { line, end in
                    guard end <= high else { return false }
                    probe = LineScanner.sequence(line).map { ($0, end) }
                    return probe == nil
                }
            }
            if let probe, probe.number <= sequence { low = probe.end } else { high = middle }
        }
        return low
    }

    /// Calls `body` with each whole line (newline included) and the offset after it until it returns false.
    func forEachLine(from start: Int, _ body: (ArraySlice<UInt8>, Int) -> Bool) {
        var at = start
        var bytes: [UInt8] = []
        var isSkipping = false  // within a line that is too long to be ours
        while at + bytes.count < byteCount {
            let more = read(at: at + bytes.count, count: 65_536)
            guard !more.isEmpty else { return }
            bytes += more
            var from = 0
            while let newline = bytes[from...].firstIndex(of: 0x0A) {
                if isSkipping {
                    isSkipping = false
                } else if !body(bytes[from...newline], at + newline + 1) {
                    return
                }
                from = newline + 1
            }
            if bytes.count - from > Self.maximumLineByteCount {
                isSkipping = true
                from = bytes.count
            }
            at += from
            bytes.removeFirst(from)
        }
    }
}
