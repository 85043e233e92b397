import Glibc
import Synchronization

/// A new file beside `path` that takes its place in one step: written, synced, renamed, directory synced.
///
/// Given up (an error, or no `commit`), it leaves nothing behind; a crash leaves at most a hidden temporary file.
struct AtomicFile: ~Copyable {
    private static let serial = Atomic<UInt64>(0)

    private let path, temporary: String
    private let file: Int32

    init(replacing path: String, mode: mode_t) throws(ModelError) {
        let number = Self.serial.wrappingAdd(1, ordering: .relaxed).newValue
        let (directory, name) = Self.split(path)
        let temporary = "\(directory)/.\(name).\(getpid()).\(number).tmp"
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            throw ModelError(
                .unwritable, path: path, "cannot be replaced, no new file in its directory: \(lastErrorText())")
        }
        _ = fchmod(file, mode)
        (self.path, self.temporary, self.file) = (path, temporary, file)
    }

    deinit {
        close(file)
        unlink(temporary)  // After a commit the name is gone and this does nothing.
    }

    borrowing func write(_ bytes: [UInt8]) throws(ModelError) {
        var failure: ModelError?
        bytes.withUnsafeBytes { raw in
            do throws(ModelError) { try write(raw) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    borrowing func write(_ bytes: UnsafeRawBufferPointer) throws(ModelError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest)
            let count = Glibc.write(file, part.baseAddress, part.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failed("written") }
            rest = rest.dropFirst(count)
        }
    }

    consuming func commit() throws(ModelError) {
        guard fsync(file) == 0 else { throw failed("written to disk") }
        guard rename(temporary, path) == 0 else { throw failed("put in place") }
        let directory = open(Self.split(path).directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { if directory >= 0 { close(directory) } }
        guard directory >= 0, fsync(directory) == 0 else {
            throw ModelError(
                .unwritable, path: path,
                "is replaced, but its directory cannot be synced (\(lastErrorText())): a power cut may undo it")
        }
    }

    private borrowing func failed(_ what: String) -> ModelError {
        ModelError(.unwritable, path: path, "cannot be \(what): \(lastErrorText()); the old file, if any, is untouched")
    }

    static func split(_ path: String) -> (directory: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path) }
        let directory = String(path[..<slash])
        return (directory.isEmpty ? "/" : directory, String(path[path.index(after: slash)...]))
    }
}

/// Keeps other processes from replacing files in the directory of `path` at the same time (advisory, `flock`).
struct DirectoryLock: ~Copyable {
    private let directory: Int32

    init(of path: String) throws(ModelError) {
        let directory = open(AtomicFile.split(path).directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else {
            throw ModelError(.unwritable, path: path, "its directory cannot be opened: \(lastErrorText())")
        }
        while flock(directory, LOCK_EX) != 0, errno == EINTR {}
        self.directory = directory
    }

    deinit { close(directory) }

    /// Ends the lock here and not earlier: an owner's last use may be where it was made.
    consuming func release() {}
}
