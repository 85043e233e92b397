import Glibc

/// A regular file mapped into memory to be read, unmapped with its owner.
///
/// Zanzo replaces model files by renaming a new one over the old, which a mapping survives. A file that someone cuts
/// short in place while it is being read ends the process (SIGBUS), as with any mapping.
struct MappedFile: ~Copyable {
    let bytes: UnsafeRawBufferPointer
    /// The file's permission bits.
    let mode: mode_t

    /// Maps the file at `path`; `limit` is the largest size taken for a model.
    init(path: String, limit: Int = 4 << 30) throws(ModelError) {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else {
            throw ModelError(
                .unreadable, path: path, "cannot be opened: \(lastErrorText()); check path and permissions")
        }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else {
            throw ModelError(.unreadable, path: path, "cannot be examined: \(lastErrorText())")
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw ModelError(.unreadable, path: path, "is not a regular file; name a .safetensors file")
        }
        let size = Int(status.st_size)
        guard size > 0 else {
            throw ModelError(.malformed, path: path, "is empty (0 bytes); copy or train the model again")
        }
        guard size <= limit else {
            throw ModelError(
                .malformed, path: path, "is \(size) bytes, more than the limit of \(limit); is it a model?")
        }
        guard let base = mmap(nil, size, PROT_READ, MAP_PRIVATE, file, 0), base != MAP_FAILED else {
            throw ModelError(.unreadable, path: path, "cannot be mapped into memory: \(lastErrorText())")
        }
        mode = status.st_mode & 0o7777
        bytes = UnsafeRawBufferPointer(start: base, count: size)
    }

    deinit { munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count) }
}

/// The text of `errno`.
func lastErrorText() -> String { String(cString: strerror(errno)) }
