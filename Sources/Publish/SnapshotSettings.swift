import Glibc
public import Video

/// Where snapshots lie and how many are kept.
public struct SnapshotStoreSettings: Sendable {
    /// The directory above the cameras' directories.
    public var directory: String
    /// Bytes that all snapshots may take together.
    public var maximumByteCount: Int64
    /// How long periodic snapshots are kept; nil: the size alone decides.
    public var maximumAge: Duration?
    /// How long an event's pictures are kept; nil: the size alone decides, and periodic ones go before them all.
    public var maximumEventAge: Duration?
    /// Bytes that must stay free on the file system, for everyone else.
    public var freeSpaceFloor: Int64
    /// Where `snapshots.clock` remembers the time from one run to the next (see `SweepClock`); nil for nowhere.
    public var stateDirectory: String?
    /// What was made less than this before is not deleted for the sake of free space.
    public var protectedAge: Duration
    /// Bytes that are free at a path; nil where that cannot be told. Replaced in tests.
    public var freeSpace: @Sendable (String) -> Int64?

    /// Settings with the shipped configuration's defaults: 2 GiB in all, 30 days (events' pictures three times as long),
    /// 1 GiB stays free.
    public init(
        directory: String = "/var/lib/zanzo", maximumByteCount: Int64 = 2 << 30,
        maximumAge: Duration? = .seconds(30 * 86_400), maximumEventAge: Duration? = .seconds(90 * 86_400),
        freeSpaceFloor: Int64 = 1 << 30, stateDirectory: String? = nil, protectedAge: Duration = .seconds(3600),
        freeSpace: @escaping @Sendable (String) -> Int64? = SnapshotStoreSettings.measureFreeSpace
    ) {
        self.directory = directory
        self.maximumByteCount = maximumByteCount
        self.maximumAge = maximumAge
        self.maximumEventAge = maximumEventAge
        self.freeSpaceFloor = freeSpaceFloor
        self.stateDirectory = stateDirectory
        self.protectedAge = protectedAge
        self.freeSpace = freeSpace
    }

    /// Bytes that a user without privileges may still write to the file system of `path` (statvfs).
    public static func measureFreeSpace(_ path: String) -> Int64? {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        let (count, isTooLarge) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
        return isTooLarge ? .max : Int64(clamping: count)
    }
}

/// Which picture is written, and so where it goes.
public enum SnapshotKind: Sendable, Hashable {
    /// A picture of an event: DATE/EVENT/NAME, with NAME as in "start.png". The day is that of the event's start, so
    /// that all of an event's pictures lie together.
    case event(id: String, start: UTCTime, name: String)
    /// `latest.png`, replaced each time.
    case latest
    /// One of the pictures taken every so often: DATE/TIME.png.
    case periodic(time: UTCTime)
}

/// What a sweep found and did.
public struct SweepReport: Sendable, Hashable {
    /// Files kept, and the bytes in them.
    public var files = 0, byteCount: Int64 = 0
    /// Files deleted, and the bytes in them.
    public var removedFiles = 0, removedByteCount: Int64 = 0
    /// Files that were to be deleted and could not be.
    public var failures = 0
    /// Bytes free afterwards; nil where that cannot be told.
    public var free: Int64?
    /// Bytes that are to stay free.
    public var floor: Int64 = 0
    /// What could not be looked at, and so was neither counted nor deleted; nil where that is nothing.
    public var problem: PublishError?
    /// Whether free space is under its floor.
    public var isLow = false
    /// Whether `isLow` is news: what `storage.low` is published for.
    public var didChange = false

    /// A sweep that has found nothing yet.
    public init() {}
}
