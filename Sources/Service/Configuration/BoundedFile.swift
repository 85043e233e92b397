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

extension BoundedFile {
    /// The text in the file at `path`, `limit` bytes at most, without the byte-order mark that some editors begin it with.
    package static func readText(_ path: String, limit: Int) throws(FileFault) -> [UInt8] {
        try TextBytes.withoutMark(try read(path, limit: limit))
    }
}

/// The bytes of a text that a person wrote.
package enum TextBytes {
    /// `bytes` without a byte-order mark of UTF-8 at the beginning.
    ///
    /// Throws where they begin with that of another encoding.
    package static func withoutMark(_ bytes: [UInt8]) throws(FileFault) -> [UInt8] {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return Array(bytes.dropFirst(3)) }
        // UTF-32's little-endian mark begins with UTF-16's.
        let isUTF32 = bytes.starts(with: [0xFF, 0xFE, 0, 0]) || bytes.starts(with: [0, 0, 0xFE, 0xFF])
        let isUTF16 = bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF])
        guard isUTF32 || isUTF16 else { return bytes }
        throw FileFault(message: "is text in UTF-\(isUTF32 ? 32 : 16); save it as UTF-8")
    }
}

/// Folders.
package enum Directory {
    /// The names in `path`, `.` and `..` left out; nil where it is no folder that can be read.
    package static func names(in path: String) -> [String]? { (try? list(path)) ?? nil }

    /// The same; throws where something is there and can't be read as a folder.
    static func list(_ path: String) throws(FileFault) -> [String]? {
        guard let folder = opendir(path) else {
            if errno == ENOENT { return nil }
            throw FileFault(message: "can't be opened: \(errorText(errno))")
        }
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
