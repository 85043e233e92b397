public import Glibc
import Synchronization

/// A new file that takes a name's place in one step: the name always leads to a whole file, the old one until the new is
/// complete, whatever happens.
///
/// A temporary file in the same directory is written and synced, then renamed, then the directory is synced. Given up
/// (an error, or no `commit`), it leaves nothing behind; a crash leaves at most the temporary file.
public struct AtomicFile: ~Copyable {
    /// The ending of temporary files' names, which start with a dot: what a crash may leave behind.
    public static let temporarySuffix = ".zanzo-tmp"
    private static let serial = Atomic<UInt64>(0)

    private let name: String
    private let temporary: String
    private let operation: String
    private let directory: Int32
    private let ownsDirectory: Bool
    private var file: Int32 = -1

    /// Begins a file in an open directory, which must stay open for as long.
    ///
    /// - Parameters:
    ///   - shown: the path as error messages show it.
    ///   - mode: the permissions, exactly; nil is 0640 less the umask.
    /// - Throws: `badName`, `noSpace`, `readOnly`, `noPermission` or `system`.
    public init(name: String, directory: Int32, shown: String, mode: mode_t? = nil) throws(FileError) {
        try self.init(name, directory, ownsDirectory: false, shown, mode)
    }

    /// Begins a file that is to take the place of `path`.
    public init(replacing path: String, mode: mode_t? = nil) throws(FileError) {
        let place = PathParts(path)
        let directory = open(place.directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw FileError(errno: errno, operation: "write \(path)") }
        try self.init(place.name, directory, ownsDirectory: true, path, mode)
    }

    private init(
        _ name: String, _ directory: Int32, ownsDirectory: Bool, _ shown: String, _ mode: mode_t?
    ) throws(FileError) {
        operation = "write \(shown)"
        let number = Self.serial.wrappingAdd(1, ordering: .relaxed).newValue
        temporary = ".\(name).\(getpid())-\(number)\(Self.temporarySuffix)"
        (self.name, self.directory, self.ownsDirectory) = (name, directory, ownsDirectory)
        guard !name.isEmpty, !name.contains("/"), !name.utf8.contains(0) else {
            throw FileError(code: .badName, operation: operation, message: "'\(name)' is not a file's name")
        }
        // O_EXCL does not follow a link that someone laid where the temporary file goes.
        file = openat(directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o640)
        guard file >= 0 else { throw FileError(errno: errno, operation: operation) }
        if let mode { _ = fchmod(file, mode) }
    }

    deinit {
        if file >= 0 {
            close(file)
            unlinkat(directory, temporary, 0)
        }
        if ownsDirectory { close(directory) }
    }

    /// Adds bytes to the file's end.
    public borrowing func write(_ bytes: [UInt8]) throws(FileError) {
        let problem = bytes.withUnsafeBytes { writeAll($0) }
        guard problem == 0 else { throw FileError(errno: problem, operation: operation) }
    }

    /// Adds bytes to the file's end.
    public borrowing func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        let problem = writeAll(bytes)
        guard problem == 0 else { throw FileError(errno: problem, operation: operation) }
    }

    /// Puts the file in its place.
    ///
    /// - Parameter isDurable: false leaves out the syncs. The name then still always leads to a whole file while the
    ///   machine runs; after a power cut it may lead to an older or an empty one. For what is replaced all the time.
    /// - Throws: what the file system said: the old file, if any, is then untouched, but for `unsynced`.
    public consuming func commit(isDurable: Bool = true) throws(FileError) {
        if isDurable, fsync(file) != 0 { throw FileError(errno: errno, operation: operation) }
        guard renameat(directory, temporary, directory, name) == 0 else {
            throw FileError(errno: errno, operation: operation)
        }
        let closed = close(file)
        file = -1
        guard closed == 0 else { throw FileError(errno: errno, operation: operation) }
        guard isDurable, fsync(directory) != 0 else { return }
        throw FileError(
            code: .unsynced, operation: operation,
            message: "it is in place, but its directory cannot be synced (\(String(cString: strerror(errno)))): "
                + "a power cut may undo it")
    }

    /// Writes `bytes` as `name` in an open directory, all in one.
    public static func write(
        _ bytes: [UInt8], name: String, directory: Int32, shown: String, isDurable: Bool = true
    ) throws(FileError) {
        let file = try AtomicFile(name: name, directory: directory, shown: shown)
        try file.write(bytes)
        try file.commit(isDurable: isDurable)
    }

    /// Writes `bytes` as the file at `path`, all in one.
    public static func write(_ bytes: [UInt8], path: String) throws(FileError) {
        let file = try AtomicFile(replacing: path)
        try file.write(bytes)
        try file.commit()
    }

    /// 0 or an errno.
    private borrowing func writeAll(_ bytes: UnsafeRawBufferPointer) -> Int32 {
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest)
            let count = Glibc.write(file, part.baseAddress, part.count)
            if count < 0, errno == EINTR { continue }
            if count < 0 { return errno }
            rest = rest.dropFirst(count)
        }
        return 0
    }
}

/// A path's directory ("." where it names none) and its last name.
public struct PathParts: Sendable, Hashable {
    /// Everything before the last slash.
    public let directory: String
    /// Everything after it.
    public let name: String

    /// Takes a path apart.
    public init(_ path: String) {
        guard let slash = path.lastIndex(of: "/") else {
            (directory, name) = (".", path)
            return
        }
        directory = slash == path.startIndex ? "/" : String(path[..<slash])
        name = String(path[path.index(after: slash)...])
    }
}
