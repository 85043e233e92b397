import Glibc

/// What the journal asks of the operating system when it writes: replaced in tests that fill the disk.
struct JournalOperations: Sendable {
    /// Writes some of the bytes; the count, or a negative errno.
    var write: @Sendable (Int32, UnsafeRawBufferPointer) -> Int = { file, bytes in
        let count = Glibc.write(file, bytes.baseAddress, bytes.count)
        return count < 0 ? -Int(errno) : count
    }
    /// Waits until the file's contents are on the disk; 0 or an errno.
    var sync: @Sendable (Int32) -> Int32 = { fdatasync($0) == 0 ? 0 : errno }
    /// Bytes of the disk that the file at a path holds; 0 where it is not there.
    var reserved: @Sendable (String) -> Int = { path in
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return 0 }
        return min(Int(status.st_size), Int(status.st_blocks) * 512)
    }
    /// Makes the file at a path hold so many bytes of the disk, and removes it for none; 0 or an errno.
    var reserve: @Sendable (String, Int) -> Int32 = { path, byteCount in
        guard byteCount > 0 else { return unlink(path) == 0 ? 0 : errno }
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o640)
        guard file >= 0 else { return errno }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { return errno }
        guard byteCount > status.st_size else { return ftruncate(file, byteCount) == 0 ? 0 : errno }
        let problem = posix_fallocate(file, 0, byteCount)
        if problem != 0 { ftruncate(file, status.st_size) }
        return problem
    }
    /// Bytes that are free for the daemon where the file at a path lies or would lie; nil where that cannot be told.
    var freeSpace: @Sendable (String) -> Int64? = {
        SnapshotStoreSettings.measureFreeSpace(JournalNames($0).directory)
    }

    /// Writes all of the bytes; 0 or an errno.
    func writeAll(_ bytes: [UInt8], to file: Int32) -> Int32 {
        bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                let count = write(file, UnsafeRawBufferPointer(rebasing: buffer[done...]))
                if count == -Int(EINTR) { continue }
                if count < 0 { return Int32(-count) }
                if count == 0 { return ENOSPC }
                done += count
            }
            return 0
        }
    }
}

/// The file `sequence` in the state directory: the last number given, as 20 digits and a newline.
///
/// It is written in place and not synced: 21 bytes in one sector are whole or old, and the journal itself is what counts.
/// After a power cut it may be ahead of a journal whose last lines were not synced: then numbers are skipped, because
/// a number that subscribers have seen is never given to another event.
enum SequenceFile {
    static func open(_ directory: String) throws(PublishError) -> Int32 {
        let path = "\(directory)/sequence"
        let file = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o640)
        guard file >= 0 else { throw PublishError(errno: errno, operation: "open \(path)") }
        return file
    }

    /// The number in the file; nil where it is empty or not a number.
    static func read(_ file: Int32) -> UInt64? {
        guard let bytes = JournalFile(descriptor: file)?.read(at: 0, count: 21), bytes.count == 21 else { return nil }
        return SequenceText.parse(String(decoding: bytes.dropLast(), as: UTF8.self))
    }

    static func write(_ sequence: UInt64, to file: Int32) {
        let bytes = Array((SequenceText.padded(sequence) + "\n").utf8)
        // A fault is not one: the journal has the number.
        _ = bytes.withUnsafeBytes { pwrite(file, $0.baseAddress, $0.count, 0) }
    }
}
