import Files
import Video

/// The names that snapshots have on disk. What does not match was not made by Zanzo, and is never deleted.
///
///     DIRECTORY/CAMERA/snapshots/latest.png
///     DIRECTORY/CAMERA/snapshots/2026-09-01/02-03-04.123456.png        periodic
///     DIRECTORY/CAMERA/snapshots/2026-09-01/01K4…/start.png             an event's
enum SnapshotNames {
    static let folder = "snapshots"
    static let latest = "latest.png"

    /// A camera's name that is safe as a directory's: letters, digits, "_" and "-", 64 at most.
    static func isCamera(_ name: String) -> Bool {
        1...64 ~= name.utf8.count
            && name.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") }
    }

    /// "start.png", "frame.png", "strip.png" and the like: small letters and ".png".
    static func isEventPicture(_ name: String) -> Bool {
        let stem = name.utf8.dropLast(4)
        return name.hasSuffix(".png") && 1...16 ~= stem.count && stem.allSatisfy { 97...122 ~= $0 }
    }

    /// An event's directory: a ULID.
    static func isEvent(_ name: String) -> Bool { ULID.time(of: name) != nil }

    /// A day's directory.
    static func isDate(_ name: String) -> Bool { TimeText.parse(date: name, clock: "00-00-00.000000") != nil }

    /// When a periodic picture was taken, by its day's and its own name; nil where it is none.
    static func periodicTime(date: String, name: String) -> UTCTime? {
        name.hasSuffix(".png") ? TimeText.parse(date: date, clock: name.dropLast(4)) : nil
    }

    static func isTemporary(_ name: String) -> Bool {
        name.hasPrefix(".") && name.hasSuffix(AtomicFile.temporarySuffix)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        48...57 ~= byte || 65...90 ~= byte || 97...122 ~= byte
    }
}
