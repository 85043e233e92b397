/// The file of a frame store, in which a day of a camera's shrunk frames fits: 64×64 bytes five times a second are 1.8 GB.
///
/// Little endian throughout. A header of 64 bytes, then records that all have the same length, one after the other:
///
///     header   0  8  "ZANZOFRM"
///              8  4  version, 1
///             12  4  size: width and height of the frames in pixels, a multiple of 16
///             16 40  zero
///             56  8  check of bytes 0…55
///     record   0  4  check of the record's other bytes
///              4  2  kind: 1 session, 2 frame, 3 end
///              6  2  zero
///              8  8  time in microseconds since 1970 (UTC)
///             16  …  size × size bytes
///
/// - A *session* begins a stretch of frames of one source: bytes 16…23 are its frames a second (float64; 0: unknown), 24…25
///   the length of its name, then its name (UTF-8, as people write a source, without user and password), then zeros.
/// - A *frame* is the luma of one frame, 0…255, row by row.
/// - An *end* says that all that was asked for is there. Its time is for how many microseconds a camera was to be recorded; 0:
///   sources were read to their ends.
///
/// A check is FNV-1a (Fowler, Noll, Vo) over 64-bit words, its halves combined by exclusive or.
///
/// Records are only ever appended. What a crash leaves behind the last good record (a part of a record, or one whose check
/// is wrong) is dropped when the file is opened; a bad record between good ones is a gap. A record whose time lies outside
/// 0…2^53 is bad.
enum FrameStoreFormat {
    static let magic = UInt64(littleEndian: 0x4D52_464F_5A4E_415A)  // "ZANZOFRM"
    static let version: UInt32 = 1
    static let headerByteCount = 64
    static let headByteCount = 16
    static let longestName = 200
    /// Times that a record may have, in microseconds: until 2255, and any two of them can be subtracted.
    static let times: ClosedRange<Int64> = 0...1 << 53

    enum Kind: UInt16 {
        case session = 1
        case frame = 2
        case end = 3
    }

    /// Bytes of a record for frames of `size` × `size`.
    static func recordByteCount(size: Int) -> Int { headByteCount + size * size }

    /// FNV-1a over `words`, 64 bits.
    static func hash(_ words: UnsafeRawBufferPointer, from start: UInt64 = 0xCBF2_9CE4_8422_2325) -> UInt64 {
        var hash = start
        for at in stride(from: 0, to: words.count, by: 8) {
            hash =
                (hash ^ UInt64(littleEndian: words.loadUnaligned(fromByteOffset: at, as: UInt64.self)))
                &* 0x100_0000_01B3
        }
        return hash
    }

    /// The check of a record: its first word counts without the check itself.
    static func check(record: UnsafeRawBufferPointer) -> UInt32 {
        let head = UInt64(littleEndian: record.loadUnaligned(as: UInt64.self)) >> 32
        let start = (0xCBF2_9CE4_8422_2325 ^ head) &* 0x100_0000_01B3
        let whole = hash(UnsafeRawBufferPointer(rebasing: record[8...]), from: start)
        return UInt32(truncatingIfNeeded: whole ^ whole >> 32)
    }

    /// A record's time.
    static func time(of record: UnsafeRawBufferPointer) -> Int64 {
        Int64(littleEndian: record.loadUnaligned(fromByteOffset: 8, as: Int64.self))
    }

    /// What stands in a session of a source's name: as much of it as there is room for, cut at a whole character.
    static func name(of source: String) -> [UInt8] {
        var name = Array(source.utf8.prefix(longestName))
        while String(validating: name, as: UTF8.self) == nil { name.removeLast() }
        return name
    }

    /// The kind of a whole record; nil where its check, its kind or its time is wrong.
    static func kind(of record: UnsafeRawBufferPointer) -> Kind? {
        let stored = UInt32(littleEndian: record.loadUnaligned(as: UInt32.self))
        guard stored == check(record: record), times.contains(time(of: record)) else { return nil }
        return Kind(rawValue: UInt16(littleEndian: record.loadUnaligned(fromByteOffset: 4, as: UInt16.self)))
    }

    static func header(size: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: headerByteCount)
        bytes.withUnsafeMutableBytes { bytes in
            bytes.storeBytes(of: magic.littleEndian, as: UInt64.self)
            bytes.storeBytes(of: version.littleEndian, toByteOffset: 8, as: UInt32.self)
            bytes.storeBytes(of: UInt32(size).littleEndian, toByteOffset: 12, as: UInt32.self)
            let check = hash(UnsafeRawBufferPointer(rebasing: bytes[..<56]))
            bytes.storeBytes(of: check.littleEndian, toByteOffset: 56, as: UInt64.self)
        }
        return bytes
    }

    /// The size that a header states, or what is wrong with it.
    static func size(ofHeader bytes: UnsafeRawBufferPointer, path: String) throws(FrameStoreError) -> Int {
        guard bytes.count >= headerByteCount, UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self)) == magic
        else { throw FrameStoreError(path, "is not a frame store of Zanzo's; name another file") }
        let header = UnsafeRawBufferPointer(rebasing: bytes[..<56])
        guard UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 56, as: UInt64.self)) == hash(header) else {
            throw FrameStoreError(path, "has a damaged header; record the footage again")
        }
        let stated = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
        guard stated == version else {
            throw FrameStoreError(path, "is of version \(stated); this Zanzo reads version \(version)")
        }
        let size = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 12, as: UInt32.self)))
        guard size % 16 == 0, (16...512).contains(size) else {
            throw FrameStoreError(path, "states frames of \(size)x\(size) pixels; record the footage again")
        }
        return size
    }
}

/// Why a frame store can't be read or written: one line that names the file and what to do.
public struct FrameStoreError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file.
    public let path: String
    /// What is wrong with it, and what to do.
    public let message: String

    init(_ path: String, _ message: String) { (self.path, self.message) = (path, message) }

    /// `FILE: message`.
    public var description: String { "\(path): \(message)" }
}
