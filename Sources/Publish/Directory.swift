import Glibc
import Video

/// An open directory. Its children are reached by name through the descriptor, and symbolic links are not followed: who
/// can write into a camera's directory cannot lead the daemon out of it.
struct Directory: ~Copyable {
    let descriptor: Int32
    /// As error messages show it.
    let path: String

    /// Opens a directory by its path; links in the path itself are the administrator's choice, and are followed.
    init(path: String) throws(PublishError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw PublishError(errno: errno, operation: "open the directory \(path)") }
        self.init(descriptor: descriptor, path: path)
    }

    private init(descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { close(descriptor) }

    /// A child directory; nil where it is missing, a link, or something else. `errno` tells.
    func child(_ name: String) -> Directory? {
        let child = openat(descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        return child >= 0 ? Directory(descriptor: child, path: "\(path)/\(name)") : nil
    }

    /// A child directory to read; nil where it is missing (deleted just now, perhaps), a link, or something else.
    ///
    /// - Throws: where it is there and cannot be opened: it must not be taken for an empty one.
    func readableChild(_ name: String) throws(PublishError) -> Directory? {
        if let child = child(name) { return child }
        guard ReadOperations.isAbsence(errno) else { throw PublishError(errno: errno, reading: "\(path)/\(name)") }
        return nil
    }

    /// A child directory, made (mode 0750) where it is missing; nil with `errno` set where that is not possible.
    func makeChild(_ name: String) -> Directory? {
        if mkdirat(descriptor, name, 0o750) != 0, errno != EEXIST { return nil }
        return child(name)
    }

    /// The names in it, without "." and "..".
    ///
    /// - Throws: where they cannot be read.
    func names() throws(PublishError) -> [String] {
        // Through ".", so that the copy has a position of its own: reading again begins at the first name.
        let copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0 else {
            if errno == ENOENT { return [] }  // deleted since it was opened
            throw PublishError(errno: errno, reading: path)
        }
        guard let stream = fdopendir(copy) else {
            let number = errno
            close(copy)
            throw PublishError(errno: number, reading: path)
        }
        defer { closedir(stream) }
        return try readNames(stream, path).filter { $0 != "." && $0 != ".." }
    }

    /// The bytes of a regular file; nil for anything else.
    func fileByteCount(_ name: String) -> Int64? { file(name)?.byteCount }

    /// A regular file's bytes, when it was written, and its inode; nil for anything else.
    func file(_ name: String) -> (byteCount: Int64, time: UTCTime, inode: UInt64)? {
        var status = stat()
        guard fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0, status.st_mode & S_IFMT == S_IFREG
        else { return nil }
        let written = status.st_mtim
        // A date far out of this world (`touch -d`) is one of the ends of what can be said.
        let time = (Duration.seconds(written.tv_sec) + .nanoseconds(written.tv_nsec)).microseconds
        return (Int64(status.st_size), UTCTime(microseconds: time), UInt64(status.st_ino))
    }

    /// Deletes a file; false where it stays.
    func removeFile(_ name: String) -> Bool { unlinkat(descriptor, name, 0) == 0 }

    /// Deletes a directory that is empty; false where it is not.
    @discardableResult
    func removeDirectory(_ name: String) -> Bool { unlinkat(descriptor, name, Int32(AT_REMOVEDIR)) == 0 }
}
