import Glibc
import Synchronization

/// Writes a file so that its name always leads to a whole one: the old until the new is complete, whatever happens.
///
/// A temporary file in the same directory is written whole and synced, then renamed, then the directory is synced. The
/// file's mode is 0640 less the umask.
///
/// - Throws: `noSpace`, `readOnly`, `noPermission` or `system`; the temporary file is removed.
public func atomicWrite(_ bytes: [UInt8], path: String) throws(PictureError) {
    let slash = path.lastIndex(of: "/")
    let directory = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
    let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw AtomicFile.fault(errno, operation: "write \(path)") }
    defer { close(descriptor) }
    try AtomicFile.write(bytes, name: name, directory: descriptor, shown: path)
}

/// Atomic replacement of files, relative to open directories.
public enum AtomicFile {
    /// The ending of temporary files' names, which start with a dot: what a crash may leave behind.
    public static let temporarySuffix = ".zanzo-tmp"
    private static let counter = Atomic<UInt64>(0)

    /// Writes `bytes` as `name` in an open directory, as `atomicWrite(_:path:)` does.
    ///
    /// - Parameters:
    ///   - shown: the path as error messages show it.
    ///   - isDurable: false leaves out the syncs. The name then still always leads to a whole file while the machine
    ///     runs; after a power cut it may lead to an older or an empty one. For what is replaced all the time.
    public static func write(
        _ bytes: [UInt8], name: String, directory: Int32, shown: String, isDurable: Bool = true
    ) throws(PictureError) {
        let operation = "write \(shown)"
        guard !name.isEmpty, !name.contains("/"), !name.utf8.contains(0) else {
            throw PictureError(code: .system, operation: operation, message: "'\(name)' is not a file's name")
        }
        let number = counter.wrappingAdd(1, ordering: .relaxed).newValue
        let temporary = ".\(name).\(getpid())-\(number)\(temporarySuffix)"
        // O_EXCL does not follow a link that someone laid where the temporary file goes.
        let file = openat(directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o640)
        guard file >= 0 else { throw fault(errno, operation: operation) }
        var problem = writeAll(bytes, to: file)
        if problem == 0, isDurable, fsync(file) != 0 { problem = errno }
        if close(file) != 0, problem == 0 { problem = errno }
        if problem == 0, renameat(directory, temporary, directory, name) != 0 { problem = errno }
        guard problem == 0 else {
            unlinkat(directory, temporary, 0)
            throw fault(problem, operation: operation)
        }
        if isDurable, fsync(directory) != 0 { throw fault(errno, operation: operation) }
    }

    /// Removes temporary files that a crash left in a directory; returns how many. Symbolic links are not followed.
    @discardableResult
    public static func removeTemporaryFiles(in path: String) -> Int {
        guard let stream = opendir(path) else { return 0 }
        defer { closedir(stream) }
        var removed = 0
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard name.hasPrefix("."), name.hasSuffix(temporarySuffix) else { continue }
            if unlinkat(dirfd(stream), name, 0) == 0 { removed += 1 }
        }
        return removed
    }

    /// Writes all bytes; returns 0 or the errno.
    private static func writeAll(_ bytes: [UInt8], to file: Int32) -> Int32 {
        bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                let count = Glibc.write(file, buffer.baseAddress?.advanced(by: done), buffer.count - done)
                if count < 0 {
                    if errno == EINTR { continue }
                    return errno
                }
                done += count
            }
            return 0
        }
    }

    /// An errno as an error that says what to do.
    public static func fault(_ number: Int32, operation: String) -> PictureError {
        let reason = String(cString: strerror(number))
        return switch number {
        case ENOSPC, EDQUOT:
            PictureError(
                code: .noSpace, operation: operation,
                message: "\(reason): free some space there, or lower the limits on what is kept")
        case EROFS:
            PictureError(
                code: .readOnly, operation: operation,
                message: "\(reason): remount it writable, or name another directory in the configuration")
        case EACCES, EPERM:
            PictureError(
                code: .noPermission, operation: operation,
                message: "\(reason): the daemon's user (uid \(geteuid())) needs to write there")
        case ENOTDIR:
            PictureError(
                code: .system, operation: operation,
                message: "\(reason): a file lies where a directory belongs: move it away, or name another path")
        default: PictureError(code: .system, operation: operation, message: reason)
        }
    }
}
