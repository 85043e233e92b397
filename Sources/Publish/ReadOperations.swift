import Glibc

/// What reading the journal asks of the operating system: replaced in tests whose disk or descriptors fail.
struct ReadOperations: Sendable {
    /// Opens a file to read it; its descriptor, or a negative errno.
    var open: @Sendable (String) -> Int32 = { path in
        // Non-blocking, so that a FIFO laid there does not hang the reader; a regular file does not mind.
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        return descriptor < 0 ? -errno : descriptor
    }
    /// Reads some bytes from an offset; the count, 0 at the end, or a negative errno.
    var read: @Sendable (Int32, UnsafeMutableRawBufferPointer, Int) -> Int = { file, buffer, offset in
        let count = pread(file, buffer.baseAddress, buffer.count, offset)
        return count < 0 ? -Int(errno) : count
    }
    /// The names in a directory.
    var names: @Sendable (String) throws(PublishError) -> [String] = { (path) throws(PublishError) in
        try directoryEntries(path)
    }

    /// Whether an errno of opening says that there is no such file: never written, or set aside or deleted just now (that
    /// is rotation, and no fault). Everything else leaves open what the file holds.
    static func isAbsence(_ number: Int32) -> Bool {
        // ENXIO is a socket's, ELOOP a ring of links: nothing that holds lines. ESTALE is NFS's word for deleted.
        [ENOENT, ENOTDIR, ENXIO, ELOOP, ESTALE].contains(number)
    }
}
