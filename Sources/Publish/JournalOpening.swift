import Files
import FoundationEssentials
import Glibc
import Logging

// How the journal's file comes to be open, locked and whole.
extension Journal {
    static func takeLock(_ names: JournalNames) throws(PublishError) -> Int32 {
        let operation = "lock \(names.path)"
        let lock = open(names.lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o640)
        guard lock >= 0 else { throw PublishError(errno: errno, operation: operation) }
        // A process that was just forked holds its parent's lock until it execs: half a second of patience tells it from
        // another daemon.
        var status = flock(lock, LOCK_EX | LOCK_NB)
        for _ in 0..<25 where status != 0 && errno == EWOULDBLOCK {
            usleep(20_000)
            status = flock(lock, LOCK_EX | LOCK_NB)
        }
        guard status == 0 else {
            let number = errno
            Glibc.close(lock)
            guard number == EWOULDBLOCK else { throw PublishError(errno: number, operation: operation) }
            throw PublishError(
                code: .busy, operation: operation,
                message: "another zanzod writes this journal: stop it, or give this one another path")
        }
        return lock
    }

    static func openFile(_ names: JournalNames) throws(PublishError) -> Int32 {
        let operation = "open \(names.path)"
        // Non-blocking, so that a FIFO laid there does not hang the start; a regular file does not mind.
        let file = open(names.path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o640)
        guard file >= 0 else { throw PublishError(errno: errno, operation: operation) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            Glibc.close(file)
            throw PublishError(
                code: .badSetting, operation: operation, message: "the journal must be a regular file, and this is not")
        }
        syncDirectory(names.directory)
        return file
    }

    /// Makes the file end with a whole line. A last line that lacks only its newline gets it; what is torn is kept aside
    /// for a person to look at, and cut off.
    ///
    /// - Throws: where its end cannot be read.
    static func repair(
        _ descriptor: Int32, _ names: JournalNames, _ operations: JournalOperations, _ log: Logger
    ) throws(PublishError) {
        guard
            let file = try JournalFile(descriptor: descriptor, path: names.path, operations: operations.reading),
            file.byteCount > 0
        else { return }
        let end = try file.lastLineEnd(before: file.byteCount)
        guard end < file.byteCount else { return }
        let rest = try file.read(at: end, count: min(file.byteCount - end, JournalFile.maximumLineByteCount))
        if LineScanner.sequence(rest[...]) != nil, (try? JSONDecoder().decode(EventLine.self, from: Data(rest))) != nil
        {
            if operations.writeAll([0x0A], to: descriptor) == 0 { return }
        }
        let isKept = (try? AtomicFile.write(rest, path: names.torn)) != nil
        let place = isKept ? "it is kept in \(names.torn)" : "it can't be kept in \(names.torn), and is cut off"
        log.warning("\(names.path): its last line is torn (\(rest.count) bytes); \(place)")
        ftruncate(descriptor, off_t(end))
        fsync(descriptor)
    }
}

/// Puts what was made, renamed or deleted in a directory on the disk. A fault is not one: only a power cut would show it.
func syncDirectory(_ path: String) {
    let directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard directory >= 0 else { return }
    fsync(directory)
    close(directory)
}
