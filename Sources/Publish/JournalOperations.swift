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
