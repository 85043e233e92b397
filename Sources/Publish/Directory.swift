import Glibc
import Video

/// An open directory. Its children are reached by name through the descriptor, and symbolic links are not followed: who
/// can write into a camera's directory cannot lead the daemon out of it.
struct Directory: ~Copyable {
    let descriptor: Int32

    /// Opens a directory by its path; links in the path itself are the administrator's choice, and are followed.
    init(path: String) throws(PublishError) {
        descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw PublishError(errno: errno, operation: "open the directory \(path)") }
    }

    private init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// A child directory; nil where it is missing, a link, or something else. `errno` tells.
    func child(_ name: String) -> Directory? {
        let child = openat(descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        return child >= 0 ? Directory(descriptor: child) : nil
    }

    /// A child directory, made (mode 0750) where it is missing; nil with `errno` set where that is not possible.
    func makeChild(_ name: String) -> Directory? {
        if mkdirat(descriptor, name, 0o750) != 0, errno != EEXIST { return nil }
        return child(name)
    }

    /// The names in it, without "." and "..".
    func names() -> [String] {
        // Through ".", so that the copy has a position of its own: reading again begins at the first name.
        let copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0 else { return [] }
        guard let stream = fdopendir(copy) else {
            close(copy)
            return []
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// The bytes of a regular file; nil for anything else.
    func fileByteCount(_ name: String) -> Int64? { file(name)?.byteCount }

    /// A regular file's bytes, when it was written, and its inode; nil for anything else.
    func file(_ name: String) -> (byteCount: Int64, time: UTCTime, inode: UInt64)? {
        var status = stat()
        guard fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0, status.st_mode & S_IFMT == S_IFREG
        else { return nil }
        let written = status.st_mtim
        let time = UTCTime(microseconds: Int64(written.tv_sec) * 1_000_000 + Int64(written.tv_nsec) / 1000)
        return (Int64(status.st_size), time, UInt64(status.st_ino))
    }

    /// Deletes a file; false where it stays.
    func removeFile(_ name: String) -> Bool { unlinkat(descriptor, name, 0) == 0 }

    /// Deletes a directory that is empty; false where it is not.
    @discardableResult
    func removeDirectory(_ name: String) -> Bool { unlinkat(descriptor, name, Int32(AT_REMOVEDIR)) == 0 }
}
