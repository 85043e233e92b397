import Glibc

/// One of the journal's files, read through an open descriptor; only lines that end in a newline are seen.
///
/// Nothing is mapped: a writer may cut off what it could not write whole, and a mapping would then fault.
final class JournalFile {
    /// A longer line is not ours, and is skipped.
    static let maximumLineByteCount = 1 << 20

    private let descriptor: Int32
    private let ownsDescriptor: Bool
    private let path: String
    private let operations: ReadOperations
    /// The file's size when it was opened, or last measured.
    private(set) var byteCount: Int
    /// Device and inode: the same file under two names is one file.
    let identity: [UInt64]

    /// Opens a file to read it; nil where it is not there or not a regular file.
    ///
    /// - Throws: where it is there and cannot be opened: no descriptor left, no permission, a fault of the disk.
    convenience init?(path: String, operations: ReadOperations = ReadOperations()) throws(PublishError) {
        let descriptor = operations.open(path)
        guard descriptor >= 0 else {
            if ReadOperations.isAbsence(-descriptor) { return nil }
            throw PublishError(errno: -descriptor, reading: path)
        }
        try self.init(descriptor: descriptor, path: path, ownsDescriptor: true, operations: operations)
    }

    /// Reads through a descriptor that someone else has open; nil where it is not a regular file.
    ///
    /// - Parameter path: as error messages show it.
    init?(
        descriptor: Int32, path: String, ownsDescriptor: Bool = false, operations: ReadOperations = ReadOperations()
    ) throws(PublishError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let number = errno
            if ownsDescriptor { close(descriptor) }
            throw PublishError(errno: number, reading: path)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            if ownsDescriptor { close(descriptor) }
            return nil
        }
        (self.descriptor, self.ownsDescriptor) = (descriptor, ownsDescriptor)
        (self.path, self.operations) = (path, operations)
        byteCount = Int(status.st_size)
        identity = [UInt64(status.st_dev), UInt64(status.st_ino)]
    }

    deinit { if ownsDescriptor { close(descriptor) } }

    /// Takes in what was written since the file was opened.
    func measure() throws(PublishError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw PublishError(errno: errno, reading: path) }
        byteCount = Int(status.st_size)
    }

    /// Up to `count` bytes from `offset`; fewer at the end of the file, also where that has come nearer since the file
    /// was measured.
    ///
    /// - Throws: what the system says where bytes that are there cannot be read.
    func read(at offset: Int, count: Int) throws(PublishError) -> [UInt8] {
        let wanted = max(0, min(count, byteCount - offset))
        var problem: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, initialized in
            let buffer = UnsafeMutableRawBufferPointer(buffer)
            while initialized < wanted {
                let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[initialized..<wanted])
                let got = operations.read(descriptor, rest, offset + initialized)
                if got == -Int(EINTR) { continue }
                if got < 0 { problem = Int32(-got) }
                guard got > 0 else { break }
                initialized += got
            }
        }
        guard problem == 0 else { throw PublishError(errno: problem, reading: path) }
        return bytes
    }

    /// The offset after the first newline at or after `offset`; nil where there is none.
    func lineEnd(from offset: Int) throws(PublishError) -> Int? {
        var at = offset
        while at < byteCount {
            let bytes = try read(at: at, count: 16_384)
            if bytes.isEmpty { return nil }
            if let index = bytes.firstIndex(of: 0x0A) { return at + index + 1 }
            at += bytes.count
        }
        return nil
    }

    /// The offset after the last newline before `end`: where a line that is not whole begins. 0 where there is none.
    func lastLineEnd(before end: Int) throws(PublishError) -> Int {
        var upper = end
        while upper > 0 {
            let lower = max(0, upper - 16_384)
            let bytes = try read(at: lower, count: upper - lower)
            if let index = bytes.lastIndex(of: 0x0A) { return lower + index + 1 }
            upper = lower
        }
        return 0
    }

    /// The first line that is an event's.
    func firstLine() throws(PublishError) -> PublishedLine? {
        var found: PublishedLine?
        try forEachLine(from: 0) { line, _ in
            found = LineScanner.scan(line)
            return found == nil
        }
        return found
    }

    /// The number of the last line that is an event's; found from the end.
    func lastSequence() throws(PublishError) -> UInt64? {
        var end = try lastLineEnd(before: byteCount)
        while end > 0 {
            let start = try lastLineEnd(before: end - 1)
            if end - start <= Self.maximumLineByteCount,
                let sequence = LineScanner.sequence(try read(at: start, count: end - start)[...])
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
    func offset(after sequence: UInt64) throws(PublishError) -> Int {
        var low = 0  // every line that begins before it has a number of at most `sequence`
        var high = try lastLineEnd(before: byteCount)  // every line that begins at or after it has a greater one
        while low < high {
            let middle = low + (high - low) / 2
            let start = middle == low ? low : try lineEnd(from: middle - 1) ?? high
            var probe: (number: UInt64, end: Int)?
            if start < high {
                try forEachLine(from: start) { line, end in
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
    func forEachLine(from start: Int, _ body: (ArraySlice<UInt8>, Int) -> Bool) throws(PublishError) {
        var at = start
        var bytes: [UInt8] = []
        var isSkipping = false  // within a line that is too long to be ours
        while at + bytes.count < byteCount {
            let more = try read(at: at + bytes.count, count: 65_536)
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
