public import Video

/// A picture that lies on disk.
public struct Snapshot: Sendable, Hashable {
    /// What it was written for.
    public enum Kind: String, CaseIterable, Sendable, Hashable {
        /// `latest.png`, replaced again and again.
        case latest
        /// One of the pictures taken every so often.
        case periodic
        /// A picture of an event.
        case event
    }

    /// The directory given, and the way from there.
    public var path: String
    /// The camera's name.
    public var camera: String
    /// What it was written for.
    public var kind: Kind
    /// The event's identity (a ULID); nil for what is no event's picture.
    public var event: String?
    /// When it was written, by the file's own date.
    public var time: UTCTime
    /// Bytes.
    public var byteCount: Int64
    /// Tells one `latest.png` from the one that replaced it.
    var inode: UInt64 = 0

    /// A picture at `path`.
    public init(path: String, camera: String, kind: Kind, event: String? = nil, time: UTCTime, byteCount: Int64) {
        self.path = path
        self.camera = camera
        self.kind = kind
        self.event = event
        self.time = time
        self.byteCount = byteCount
    }

    /// In the order in which they were written, those of one moment by their paths.
    static func isBefore(_ a: Snapshot, _ b: Snapshot) -> Bool {
        a.time == b.time ? a.path < b.path : a.time < b.time
    }
}

/// Which snapshots somebody wants to see.
public struct SnapshotFilter: Sendable, Hashable {
    /// Cameras by name; none for all.
    public var cameras: [String]
    /// Kinds; none for all.
    public var kinds: [Snapshot.Kind]

    /// Those of `cameras` that are of `kinds`.
    public init(cameras: [String] = [], kinds: [Snapshot.Kind] = []) {
        self.cameras = cameras
        self.kinds = kinds
    }

    func wants(camera: String) -> Bool { cameras.isEmpty || cameras.contains(camera) }
    func wants(_ kind: Snapshot.Kind) -> Bool { kinds.isEmpty || kinds.contains(kind) }
}

/// A directory of the snapshots' tree, and what may lie in it by the rules of `SnapshotNames`.
struct SnapshotPlace: Hashable {
    /// The way from the tree's root: none, CAMERA, "snapshots", DATE, EVENT.
    var steps: [String] = []

    /// The directory called `name` in it; nil where Zanzo makes none of that name there.
    func child(_ name: String) -> SnapshotPlace? {
        let isOurs =
            switch steps.count {
            case 0: SnapshotNames.isCamera(name)
            case 1: name == SnapshotNames.folder
            case 2: SnapshotNames.isDate(name)
            case 3: SnapshotNames.isEvent(name)
            default: false
            }
        return isOurs ? SnapshotPlace(steps: steps + [name]) : nil
    }

    /// What the file called `name` in it is; nil where it is not a picture of Zanzo's.
    func kind(of name: String) -> Snapshot.Kind? {
        switch steps.count {
        case 2: name == SnapshotNames.latest ? .latest : nil
        case 3: SnapshotNames.periodicTime(date: steps[2], name: name) != nil ? .periodic : nil
        case 4: SnapshotNames.isEventPicture(name) ? .event : nil
        default: nil
        }
    }

    /// Whether nothing will come into it any more: an event's strip is the last that is written of it.
    func isComplete(_ names: [String]) -> Bool { steps.count == 4 && names.contains("strip.png") }

    /// The path below `root`.
    func path(_ root: String) -> String { ([root] + steps).joined(separator: "/") }

    /// The picture called `name` in the open directory of this place; nil where there is none, or none that is wanted.
    func snapshot(
        _ name: String, in directory: borrowing Directory, root: String, _ filter: SnapshotFilter
    ) -> Snapshot? {
        guard let kind = kind(of: name), filter.wants(kind), let file = directory.file(name) else { return nil }
        var snapshot = Snapshot(
            path: path(root) + "/" + name, camera: steps[0], kind: kind, event: kind == .event ? steps[3] : nil,
            time: file.time, byteCount: file.byteCount)
        snapshot.inode = file.inode
        return snapshot
    }
}

/// What lies on disk now.
public enum SnapshotList {
    /// The snapshots below `directory` that `filter` wants, the newest last. Needs no daemon.
    ///
    /// - Throws: where the directory, or one in it, cannot be read: a part of the list would pass for all of it.
    public static func read(_ directory: String, _ filter: SnapshotFilter) throws(PublishError) -> [Snapshot] {
        var snapshots: [Snapshot] = []
        let root = try open(directory)
        try walk(SnapshotPlace(), root, directory, filter, &snapshots)
        return snapshots.sorted(by: Snapshot.isBefore)
    }

    /// Opens the directory above the cameras' directories, to read it.
    static func open(_ path: String) throws(PublishError) -> Directory {
        do {
            return try Directory(path: path)
        } catch {
            switch error.code {
            case .noPermission:
                throw PublishError(
                    code: error.code, operation: error.operation,
                    message: "permission denied: members of the group zanzo may read it (sudo adduser $USER zanzo)")
            default:
                throw PublishError(
                    code: error.code, operation: error.operation,
                    message: "\(error.message): say with --directory where zanzod keeps pictures (state_directory, or "
                        + "snapshots.directory, in zanzo.yaml)")
            }
        }
    }

    private static func walk(
        _ place: SnapshotPlace, _ directory: borrowing Directory, _ root: String, _ filter: SnapshotFilter,
        _ snapshots: inout [Snapshot]
    ) throws(PublishError) {
        for name in try directory.names() {
            if let snapshot = place.snapshot(name, in: directory, root: root, filter) {
                snapshots.append(snapshot)
            } else if let child = place.child(name), filter.wants(camera: child.steps[0]),
                let opened = try directory.readableChild(name)
            {
                try walk(child, opened, root, filter, &snapshots)
            }
        }
    }
}
