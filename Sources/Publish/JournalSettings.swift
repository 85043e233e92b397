import Files
import Glibc

/// Where the journal lies and how much of it is kept.
public struct JournalSettings: Sendable, Hashable {
    /// The file that lines are appended to. Its directory is made where it is missing.
    public var path: String
    /// Where the file `sequence` remembers the last number given, for the day that someone deletes the journal; nil for
    /// nowhere.
    public var stateDirectory: String?
    /// The host's name, as it stands in each line's `source`.
    public var host: String
    /// The file is set aside before a line would make it larger than this.
    public var maximumByteCount: Int
    /// The file is set aside once its first line is older than this.
    public var maximumAge: Duration
    /// Files set aside that are kept, beside the one that is written.
    public var keep: Int
    /// Types that are not synced to the disk one by one: a power cut (not a crash) may lose the last of them.
    public var unsynced: Set<EventType>
    /// Bytes beside the journal that are kept for the day that the disk is full, so that events go on; 64 KiB at least.
    public var reserveByteCount: Int

    /// Settings with the shipped defaults: 16 MiB or 7 days a file, 8 files; all but updates and counts are synced; 1 MiB in
    /// reserve.
    public init(
        path: String = "/var/log/zanzo/events.jsonl", stateDirectory: String? = nil, host: String = "localhost",
        maximumByteCount: Int = 16 << 20, maximumAge: Duration = .seconds(7 * 86_400), keep: Int = 8,
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

    /// Whether lines may lie in a file of that name: the journal, what it set aside, and what logrotate did.
    func isSegment(_ other: String) -> Bool {
        other == name || (other.hasPrefix(name + ".") && !other.hasSuffix(".torn"))
    }
}

/// Names in a directory; empty where it cannot be read.
func directoryEntries(_ path: String) -> [String] {
    guard let stream = opendir(path) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
        names.append(
            withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            })
    }
    return names
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
