import Glibc

/// Why a file can't be read.
package struct FileFault: Error, Hashable, Sendable {
    /// What is wrong, without the path.
    package var message: String
}

/// Whole small files. Never waits: a pipe or device in a file's place is refused.
package enum BoundedFile {
    /// The bytes of the file at `path`, `limit` at most.
    package static func read(_ path: String, limit: Int) throws(FileFault) -> [UInt8] {
        guard !path.utf8.contains(0) else { throw FileFault(message: "there is a NUL byte in its path") }
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
        guard file >= 0 else { throw FileFault(message: "can't be opened: \(errorText(errno))") }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw FileFault(message: "can't be read: \(errorText(errno))") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw FileFault(message: "is not a file") }
        guard status.st_size <= limit else {
            throw FileFault(message: "has \(status.st_size) bytes; at most \(limit) are read")
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = buffer.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress, $0.count) }
            if count == 0 { return bytes }
            if count < 0 {
                if errno == EINTR { continue }
                throw FileFault(message: "can't be read: \(errorText(errno))")
            }
            bytes += buffer[..<count]
            guard bytes.count <= limit else {
                throw FileFault(message: "has more than \(limit) bytes; no more are read")
            }
        }
    }
}

/// Folders.
package enum Directory {
    /// The names in `path`, `.` and `..` left out; nil where it is no folder that can be read.
    package static func names(in path: String) -> [String]? {
        guard let folder = opendir(path) else { return nil }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
