import Files
import Glibc

/// Keeps other processes from replacing files in the directory of `path` at the same time (advisory, `flock`).
struct DirectoryLock: ~Copyable {
    private let directory: Int32

    init(of path: String) throws(ModelError) {
        let directory = open(PathParts(path).directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
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
