import Files
import Glibc

/// Where the journal lies and how much of it is kept.
public struct JournalSettings: Sendable, Hashable {
    /// The file that lines are appended to. Its directory is made where it is missing.
    public var path: String
    /// Where `sequence` and `sequence.limit` remember which numbers were given, for the day of a power cut, or that someone
    /// deletes the journal; nil for nowhere: then the journal's own last line is all that is known.
    public var stateDirectory: String?
    /// The host's name, as it stands in each line's `source`.
    public var host: String
    /// The file is set aside before a line would make it larger than this.
    public var maximumByteCount: Int
    /// The file is set aside once its first line is older than this; nil: its size alone decides.
    public var maximumAge: Duration?
    /// Files set aside that are kept, beside the one that is written.
    public var keep: Int
    /// Types that are not synced to the disk one by one: a power cut (not a crash) may lose the last of them.
    public var unsynced: Set<EventType>
    /// Bytes beside the journal that are kept for the day that the disk is full, so that events go on; 64 KiB at least.
    public var reserveByteCount: Int

    /// Settings with the shipped configuration's defaults: 64 MiB or 7 days a file, 8 files beside it; all but updates and
    /// counts are synced; 1 MiB in reserve.
    public init(
        path: String = "/var/log/zanzo/events.jsonl", stateDirectory: String? = nil, host: String = "localhost",
        maximumByteCount: Int = 64 << 20, maximumAge: Duration? = .seconds(7 * 86_400), keep: Int = 8,
        unsynced: Set<EventType> = [.anomalyUpdate, .framesDropped], reserveByteCount: Int = 1 << 20
    ) {
        self.path = path
        self.stateDirectory = stateDirectory
        self.host = host
        self.maximumByteCount = maximumByteCount
        self.maximumAge = maximumAge
        self.keep = keep
        self.unsynced = unsynced
        self.reserveByteCount = reserveByteCount
    }
}

/// A path's directory and name, and the names of the files beside a journal.
struct JournalNames: Sendable, Hashable {
    let path: String
    let directory: String
    let name: String

    init(_ path: String) {
        self.path = path
        let parts = PathParts(path)
        (directory, name) = (parts.directory, parts.name)
    }

    /// Held locked while a process writes the journal.
    var lock: String { "\(directory)/.\(name).lock" }
    /// Space kept for a full disk.
    var reserve: String { "\(directory)/.\(name).reserve" }
    /// Where the rest of a torn line is kept for a person to look at.
    var torn: String { "\(path).torn" }

    /// A file that was set aside, by the number of its first line: one rename makes it, and names sort by age.
    func rotated(firstSequence: UInt64) -> String { "\(path).\(SequenceText.padded(firstSequence))" }

    /// The first line's number in the name of a file that this journal set aside; nil for any other name.
    func firstSequence(of other: String) -> UInt64? {
        guard other.hasPrefix(name + ".") else { return nil }
        let suffix = other.dropFirst(name.count + 1)
        return suffix.utf8.count == 20 ? SequenceText.parse(suffix) : nil
    }

    /// What is no plain text: a torn line kept for a person, and what logrotate compresses.
    private static let otherEndings = [".torn", ".gz", ".xz", ".bz2", ".zst", ".lz4"]

    /// Whether lines may lie in a file of that name: the journal, what it set aside, and what logrotate did.
    func isSegment(_ other: String) -> Bool {
        guard other.hasPrefix(name) else { return false }
        let rest = other.dropFirst(name.count)
        return rest.isEmpty || (rest.hasPrefix(".") && !Self.otherEndings.contains { rest.hasSuffix($0) })
    }
}

/// Names in a directory, "." and ".." among them; none where there is no such directory.
///
/// - Throws: where it cannot be opened or read: an empty list would say that nothing lies there.
func directoryEntries(_ path: String) throws(PublishError) -> [String] {
    guard let stream = opendir(path) else {
        if ReadOperations.isAbsence(errno) { return [] }
        throw PublishError(errno: errno, reading: path)
    }
    defer { closedir(stream) }
    return try readNames(stream, path)
}

/// The names that an open directory's stream has left.
func readNames(_ stream: OpaquePointer, _ path: String) throws(PublishError) -> [String] {
    var names: [String] = []
    while true {
        errno = 0
        guard let entry = readdir(stream) else {
            // The end and a fault look the same but for errno.
            guard errno == 0 else { throw PublishError(errno: errno, reading: path) }
            return names
        }
        names.append(
            withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            })
    }
}

/// Makes a directory and those above it, mode 0750; one that is there already is fine.
func makeDirectories(_ path: String) throws(PublishError) {
    if mkdir(path, 0o750) == 0 || errno == EEXIST { return }
    let number = errno
    if number == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex {
        try makeDirectories(String(path[..<slash]))
        if mkdir(path, 0o750) == 0 || errno == EEXIST { return }
    }
    throw PublishError(errno: number, operation: "make the directory \(path)")
}
