import Files
import Glibc
import Video

/// What the journal asks of the operating system: replaced in tests that fill the disk, break it, or cut its power.
struct JournalOperations: Sendable {
    /// Writes some of the bytes; the count, or a negative errno.
    var write: @Sendable (Int32, UnsafeRawBufferPointer) -> Int = { file, bytes in
        let count = Glibc.write(file, bytes.baseAddress, bytes.count)
        return count < 0 ? -Int(errno) : count
    }
    /// Waits until the file's contents are on the disk; 0 or an errno.
    var sync: @Sendable (Int32) -> Int32 = { fdatasync($0) == 0 ? 0 : errno }
    /// Bytes of the disk that the file at a path holds; 0 where it is not there, or cannot be looked at.
    var reserved: @Sendable (String) -> Int = { path in
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return 0 }
        return min(Int(status.st_size), Int(status.st_blocks) * 512)
    }
    /// Makes the file at a path hold so many bytes of the disk, more or less than before, and removes it for none; 0 or an
    /// errno, and it holds what it held before.
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
    /// Bytes that the daemon may still write to the file system where the file at a path lies or would lie; nil where that
    /// cannot be told.
    var freeSpace: @Sendable (String) -> Int64? = {
        SnapshotStoreSettings.measureFreeSpace(JournalNames($0).directory)
    }

    /// Makes a small file hold these bytes, whole and on the disk, whatever was there before.
    var replace: @Sendable (String, [UInt8]) throws(PublishError) -> Void = { (path, bytes) throws(PublishError) in
        do throws(FileError) { try AtomicFile.write(bytes, path: path) } catch { throw PublishError(error) }
    }
    /// What tells one run of the machine from another; nil where the system does not say.
    var bootID: @Sendable () -> String? = { BootID.current }
    /// Now, for what the journal itself has to tell.
    var now: @Sendable () -> UTCTime = { SystemTime().utc() }
    /// How its files are read again.
    var reading = ReadOperations()

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

/// The kernel's name for the time since the machine was started: random, and new at each start.
enum BootID {
    static let current: String? = {
        let file = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        // The kernel says that such files are empty: they are read all the same.
        let bytes = [UInt8](unsafeUninitializedCapacity: 64) { buffer, count in
            count = max(0, read(file, buffer.baseAddress, buffer.count))
        }
        let text = String(decoding: bytes.prefix { $0 != 0x0A }, as: UTF8.self)
        return text.isEmpty ? nil : text
    }()
}
