import Glibc

/// Frames of one or more sources in a file, mapped into memory: what a training run reads.
///
/// Immutable. A file that someone cuts short while it is mapped ends the process (SIGBUS); Zanzo only ever appends.
public final class FrameStore: @unchecked Sendable {
    // Unchecked because of the pointer: the mapping is read-only, and lives as long as its owner.

    /// The file.
    public let path: String
    /// Width and height of the frames in pixels.
    public let size: Int
    /// Stretches of frames without a gap, in order. A new session, a hole in the time stamps or a damaged record ends one.
    public let clips: [Clip]
    /// The sources that were read, in order, also such as gave no frame; one that was opened again stands there once.
    public let sessions: [Session]
    /// Whether all that was asked for was recorded.
    public let isComplete: Bool
    /// For how long a camera was to be recorded, of a store that is complete; nil: sources were read to their ends.
    public let recordedFor: Duration?
    /// Records that a crash left unusable, at the end or between others.
    public let damagedCount: Int
    /// Follows from every bit of the pictures, their order and sessions, not from when they were taken: a checkpoint fits to one
    /// footage only.
    public let fingerprint: UInt64
    private let bytes: UnsafeRawBufferPointer
    private let recordByteCount: Int

    /// A source, and what was asked of it.
    public struct Session: Sendable, Hashable {
        /// The source as people write it, without user and password; a long one is cut as by `storedName`.
        public let source: String
        /// Frames a second that were asked of it; nil: all that it has.
        public let rate: Double?
    }

    /// Frames taken one after the other by one source.
    public struct Clip: Sendable, Hashable {
        /// The source as people write it, without user and password.
        public let source: String
        /// Frames a second: what was asked of the source, where its time stamps bear that out, else their median.
        public let rate: Double
        /// Frames.
        public let count: Int
        /// The first frame's time in microseconds since 1970.
        public let start: Int64
        /// The first frame's record.
        let firstRecord: Int
    }

    /// Maps the file and looks at every record.
    ///
    /// Throws where it can't be opened, or is no frame store.
    public init(path: String) throws(FrameStoreError) {
        bytes = try Self.map(path)
        self.path = path
        do throws(FrameStoreError) {
            size = try FrameStoreFormat.size(ofHeader: bytes, path: path)
        } catch {
            munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
            throw error
        }
        recordByteCount = FrameStoreFormat.recordByteCount(size: size)
        var scan = Scan(bytes: bytes, recordByteCount: recordByteCount)
        scan.run()
        (clips, sessions, fingerprint) = (scan.clips, scan.sessions, scan.fingerprint)
        (isComplete, recordedFor) = (scan.end != nil, scan.end.flatMap { $0 > 0 ? .microseconds($0) : nil })
        damagedCount = scan.damaged
    }

    deinit { munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count) }

    /// A source's name as a store keeps it: 200 bytes of it.
    public static func storedName(_ source: String) -> String {
        String(decoding: FrameStoreFormat.name(of: source), as: UTF8.self)
    }

    /// Frames in all.
    public var frameCount: Int { clips.reduce(0) { $0 + $1.count } }

    /// The luma of a clip's frame, `size` × `size` bytes, row by row; valid as long as the store.
    public func luma(_ clip: Clip, _ frame: Int) -> UnsafeBufferPointer<UInt8> {
        precondition((0..<clip.count).contains(frame), "a frame beyond its clip")
        let at =
            FrameStoreFormat.headerByteCount + (clip.firstRecord + frame) * recordByteCount
            + FrameStoreFormat.headByteCount
        return UnsafeRawBufferPointer(rebasing: bytes[at..<at + size * size]).assumingMemoryBound(to: UInt8.self)
    }

    private static func map(_ path: String) throws(FrameStoreError) -> UnsafeRawBufferPointer {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw FrameStoreError(path, "cannot be opened: \(String(cString: strerror(errno)))") }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw FrameStoreError(path, "is not a regular file; name a frame store")
        }
        let byteCount = Int(status.st_size)
        guard byteCount >= FrameStoreFormat.headerByteCount else {
            throw FrameStoreError(path, "is \(byteCount) bytes long, too short for a frame store; record again")
        }
        guard let base = mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, file, 0), base != MAP_FAILED else {
            throw FrameStoreError(path, "cannot be mapped into memory: \(String(cString: strerror(errno)))")
        }
        return UnsafeRawBufferPointer(start: base, count: byteCount)
    }
}

/// The walk over a store's records that finds its clips.
private struct Scan {
    let bytes: UnsafeRawBufferPointer
    let recordByteCount: Int
    private(set) var clips: [FrameStore.Clip] = []
    private(set) var sessions: [FrameStore.Session] = []
    /// The end mark's time; nil without one.
    private(set) var end: Int64?
    private(set) var damaged = 0
    private(set) var fingerprint: UInt64 = 0xCBF2_9CE4_8422_2325
    private var source = "?"
    private var statedRate = 0.0
    private var times: [Int64] = []
    /// A clip's first record, by index into `times`: where a session or what follows a damaged record begins.
    private var starts: [(time: Int, record: Int)] = []

    /// Intervals of this many medians are a gap: a frame may be late, and one may be missing.
    private static let longestInterval = 2.5

    init(bytes: UnsafeRawBufferPointer, recordByteCount: Int) {
        (self.bytes, self.recordByteCount) = (bytes, recordByteCount)
    }

    mutating func run() {
        let (count, rest) = (bytes.count - FrameStoreFormat.headerByteCount).quotientAndRemainder(
            dividingBy: recordByteCount)
        if rest > 0 { damaged += 1 }
        var isBroken = true
        for number in 0..<count {
            let at = FrameStoreFormat.headerByteCount + number * recordByteCount
            let record = UnsafeRawBufferPointer(rebasing: bytes[at..<at + recordByteCount])
            switch FrameStoreFormat.kind(of: record) {
            case .frame:
                if isBroken { starts.append((times.count, number)) }
                isBroken = false
                times.append(FrameStoreFormat.time(of: record))
                fingerprint = FrameStoreFormat.hash(
                    UnsafeRawBufferPointer(rebasing: record[FrameStoreFormat.headByteCount...]), from: fingerprint)
            case .session:
                endSession()
                (source, statedRate) = Self.session(record)
                let session = FrameStore.Session(source: source, rate: statedRate > 0 ? statedRate : nil)
                if sessions.last != session { sessions.append(session) }
                isBroken = true
                fingerprint = FrameStoreFormat.hash(UnsafeRawBufferPointer(rebasing: record[..<8]), from: fingerprint)
            case .end:
                end = FrameStoreFormat.time(of: record)
            case nil:
                damaged += 1
                isBroken = true
            }
        }
        endSession()
    }

    /// Cuts the session's frames at its gaps.
    private mutating func endSession() {
        // No two times are so far apart that their difference overflows: `FrameStoreFormat.times`.
        defer { (times, starts) = ([], []) }
        let intervals = zip(times.dropFirst(), times).map { $0 - $1 }.sorted()
        let median = intervals.isEmpty ? 0 : Double(intervals[intervals.count / 2])
        let measured = median > 0 ? 1e6 / median : 1
        let rate = abs(measured - statedRate) < 0.05 * statedRate ? statedRate : measured
        for (index, start) in starts.enumerated() {
            let end = index + 1 < starts.count ? starts[index + 1].time : times.count
            var first = start.time
            for frame in start.time..<end {
                let isLast = frame + 1 == end
                let interval = isLast ? 0 : Double(times[frame + 1] - times[frame])
                guard isLast || interval < 0 || interval > Self.longestInterval * median else { continue }
                clips.append(
                    FrameStore.Clip(
                        source: source, rate: rate, count: frame + 1 - first, start: times[first],
                        firstRecord: start.record + first - start.time))
                first = frame + 1
            }
        }
    }

    private static func session(_ record: UnsafeRawBufferPointer) -> (source: String, rate: Double) {
        let rate = UInt64(littleEndian: record.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
        let length = Int(UInt16(littleEndian: record.loadUnaligned(fromByteOffset: 24, as: UInt16.self)))
        let name = record[26..<min(26 + length, record.count)]
        return (String(decoding: name, as: UTF8.self), Double(bitPattern: rate))
    }
}
