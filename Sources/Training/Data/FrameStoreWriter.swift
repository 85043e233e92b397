import Files
import Glibc
import Video

/// Appends frames to a store. One writer a file: a second is refused.
///
/// What was written survives the process at once, and a power cut from the last `sync` on.
public final class FrameStoreWriter {
    /// The file.
    public private(set) var path: String
    /// Width and height of the frames in pixels.
    public let size: Int
    /// Frames that are in the file.
    public private(set) var frameCount = 0
    private let file: Int32
    private var record: [UInt8]

    /// Begins a new file in the place of any old one. `size` is a multiple of 16, 16…512.
    ///
    /// An old file is never cut short, somebody may have it mapped: it loses its name, and whoever reads it goes on. After a
    /// crash or on a full disk the name leads to the old file, or to one with a whole header.
    public init(creating path: String, size: Int) throws(FrameStoreError) {
        precondition(size % 16 == 0 && (16...512).contains(size), "frames of a size that no model has")
        var status = stat()
        let old = lstat(path, &status) == 0 ? try Self.open(path, O_RDWR) : -1
        defer { if old >= 0 { close(old) } }
        do throws(FileError) {
            try AtomicFile.write(FrameStoreFormat.header(size: size), path: path)
        } catch {
            throw FrameStoreError(path, "cannot be written: \(error.message)")
        }
        file = try Self.open(path, O_RDWR)
        (self.path, self.size) = (path, size)
        record = [UInt8](repeating: 0, count: FrameStoreFormat.recordByteCount(size: size))
        guard lseek(file, 0, SEEK_END) == FrameStoreFormat.headerByteCount else { throw failure() }
    }

    /// Goes on with a file: what is unusable at its end, or an end mark, is cut off.
    public init(appendingTo path: String) throws(FrameStoreError) {
        let store = try FrameStore(path: path)
        file = try Self.open(path, O_RDWR)
        (self.path, size) = (path, store.size)
        record = [UInt8](repeating: 0, count: FrameStoreFormat.recordByteCount(size: store.size))
        frameCount = store.frameCount
        try cutTail()
    }

    deinit { close(file) }

    /// Begins the frames of a source; `rate` is what it says that it gives, frames a second.
    public func begin(source: String, rate: Double?) throws(FrameStoreError) {
        let name = FrameStoreFormat.name(of: source)
        record.withUnsafeMutableBytes { bytes in
            bytes.initializeMemory(as: UInt8.self, repeating: 0)
            bytes.storeBytes(of: (rate ?? 0).bitPattern.littleEndian, toByteOffset: 16, as: UInt64.self)
            bytes.storeBytes(of: UInt16(name.count).littleEndian, toByteOffset: 24, as: UInt16.self)
            UnsafeMutableRawBufferPointer(rebasing: bytes[26..<26 + name.count]).copyBytes(from: name)
        }
        try writeRecord(.session, time: 0)
    }

    /// Adds a frame: `size` × `size` bytes of luma, taken `time` microseconds after 1970 (1970…2255; a clock that is beyond
    /// them stands still there).
    public func append(luma: UnsafeBufferPointer<UInt8>, time: Int64) throws(FrameStoreError) {
        precondition(luma.count == size * size, "a frame of another size")
        record.withUnsafeMutableBytes { bytes in
            UnsafeMutableRawBufferPointer(rebasing: bytes[FrameStoreFormat.headByteCount...])
                .copyMemory(from: UnsafeRawBufferPointer(luma))
        }
        let times = FrameStoreFormat.times
        try writeRecord(.frame, time: min(max(time, times.lowerBound), times.upperBound))
        frameCount += 1
    }

    /// Returns when all of it would survive a power cut.
    public func sync() throws(FrameStoreError) {
        guard fsync(file) == 0 else { throw failure() }
    }

    /// Marks the store as whole; `recordedFor` is for how long a camera was to be recorded.
    public func finish(recordedFor: Duration? = nil) throws(FrameStoreError) {
        record.withUnsafeMutableBytes { _ = $0.initializeMemory(as: UInt8.self, repeating: 0) }
        let asked = recordedFor.map { max(1, $0.nanoseconds / 1000) } ?? 0
        try writeRecord(.end, time: min(asked, FrameStoreFormat.times.upperBound))
        try sync()
    }

    /// Gives the file the name `other`, which it takes from any file that has it: for good, when this returns.
    public func move(to other: String) throws(FrameStoreError) {
        guard rename(path, other) == 0 else { throw failure() }
        path = other
        let directory = Glibc.open(PathParts(other).directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { return }
        fsync(directory)
        close(directory)
    }

    private func writeRecord(_ kind: FrameStoreFormat.Kind, time: Int64) throws(FrameStoreError) {
        record.withUnsafeMutableBytes { bytes in
            bytes.storeBytes(of: UInt64(kind.rawValue).littleEndian << 32, as: UInt64.self)
            bytes.storeBytes(of: time.littleEndian, toByteOffset: 8, as: Int64.self)
            let check = FrameStoreFormat.check(record: UnsafeRawBufferPointer(bytes))
            bytes.storeBytes(of: check.littleEndian, as: UInt32.self)
        }
        try write(record)
    }

    private func write(_ bytes: [UInt8]) throws(FrameStoreError) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress.map { $0 + done }, $0.count - done) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure() }
            done += count
        }
    }

    /// Leaves the file's end right behind its last good record that is no end mark.
    private func cutTail() throws(FrameStoreError) {
        let byteCount = Int(lseek(file, 0, SEEK_END))
        var records = (byteCount - FrameStoreFormat.headerByteCount) / record.count
        var bytes = record
        while records > 0 {
            let at = FrameStoreFormat.headerByteCount + (records - 1) * bytes.count
            let kind: FrameStoreFormat.Kind? = bytes.withUnsafeMutableBytes { bytes in
                guard pread(file, bytes.baseAddress, bytes.count, off_t(at)) == bytes.count else { return nil }
                return FrameStoreFormat.kind(of: UnsafeRawBufferPointer(bytes))
            }
            if kind == .frame || kind == .session { break }
            records -= 1
        }
        let end = FrameStoreFormat.headerByteCount + records * record.count
        guard ftruncate(file, off_t(end)) == 0, lseek(file, off_t(end), SEEK_SET) == off_t(end) else { throw failure() }
    }

    private static func open(_ path: String, _ flags: Int32) throws(FrameStoreError) -> Int32 {
        let file = Glibc.open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0o640)
        guard file >= 0 else {
            throw FrameStoreError(path, "cannot be written: \(String(cString: strerror(errno))); check path and rights")
        }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            close(file)
            throw FrameStoreError(path, "is being written by another process; let it end, or name another --out")
        }
        return file
    }

    private func failure() -> FrameStoreError {
        let reason = String(cString: strerror(errno))
        return FrameStoreError(path, "\(reason): the frames before are kept; free some space and go on with --resume")
    }
}
