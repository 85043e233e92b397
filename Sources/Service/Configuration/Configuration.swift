import Glibc
public import Logging

/// Everything that `zanzo.yaml` and `cameras.d/*.yaml` say, with a default for what they do not.
public struct Configuration: Sendable, Hashable {
    /// The host's name in events, as configured; nil: the machine's own.
    public var configuredHost: String?
    /// Where the daemon keeps what it needs after a restart, and pictures unless `snapshots` says otherwise.
    public var stateDirectory = "/var/lib/zanzo"
    /// The least level that is logged.
    public var logLevel = Logger.Level.info
    /// Inference workers (threads); nil: a core less than the daemon may use.
    public var workers: Int?
    /// The kernels to use ("scalar", "avx2"); nil: the best that this CPU has.
    public var cpu: String?
    /// Where events go.
    public var events = EventSettings()
    /// Where pictures go.
    public var snapshots = SnapshotSettings()
    /// The cameras in the order of the files, those that are not enabled too.
    public var cameras: [CameraConfiguration] = []

    /// Files in `cameras.d` that are called like a camera's, but for their ending; nobody reads them.
    public var passedOver: [String] = []

    /// The defaults, without a camera.
    public init() {}

    /// The host's name in events: as configured, else the machine's.
    public var host: String {
        if let configuredHost { return configuredHost }
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
        let text = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return text.isEmpty ? "localhost" : text
    }

    /// Inference workers: as configured, else a core less than the daemon may use, at least one.
    public var workerCount: Int { workers ?? max(1, Machine.processors - 1) }

    /// Where pictures go: as configured, else the state directory.
    public var snapshotDirectory: String { snapshots.directory ?? stateDirectory }
}

extension Configuration {
    /// What is good and most likely not what somebody wanted: lines for people.
    public var warnings: [String] {
        var lines = passedOver.map { "\($0): is passed over: only files that end in .yaml are read; rename it" }
        if cameras.isEmpty {
            lines.append("no camera is in the configuration: write one as cameras.d/NAME.yaml beside it")
        } else if !cameras.contains(where: \.enabled) {
            lines.append("no camera is watched: \(counted(cameras.count, "camera")), and none enabled")
        }
        return lines
    }
}

extension Schema<Configuration> {
    /// The keys at the top of `zanzo.yaml`. Cameras are read by the loader: they stand in several files.
    static let top = Schema([
        Field("host", \.configuredHost, .word("a host's name"), or: "auto"),
        Field("state_directory", \.stateDirectory, .path),
        Field("log_level", \.logLevel, .logLevel),
        Field("workers", \.workers, .integer.within(1...256), or: "auto"),
        Field("cpu", \.cpu, .word("the name of a kernel table, such as scalar or avx2"), or: "auto"),
        Field("events", \.events, .events),
        Field("snapshots", \.snapshots, .snapshots),
        Field("camera_defaults", readElsewhere: Schema<CameraDraft>.shared.keys),
        Field("cameras", readElsewhere: []),
    ])
}

extension Format<Logger.Level> {
    /// The least level that is logged.
    static var logLevel: Self {
        let choice = Format<String>.choice(Logger.Level.allCases.map(\.rawValue))
        return Format(
            wanted: choice.wanted,
            read: { node, place in choice.read(node, place).flatMap { Logger.Level(rawValue: $0) } },
            show: { $0.rawValue })
    }
}

/// What a reload changes for the cameras.
public struct CameraChanges: Sendable, Hashable {
    /// Cameras to start.
    public var added: [CameraConfiguration] = []
    /// Names of cameras to stop.
    public var removed: [String] = []
    /// Cameras to start anew with another configuration.
    public var changed: [CameraConfiguration] = []
    /// Names of cameras that nobody touches.
    public var unchanged: [String] = []
}

extension Configuration {
    /// What leads from the enabled cameras of `old` to these. How a model would be learned makes no difference to a camera
    /// that has one. A change of the pictures' width touches every camera: its slots
    /// are made to that size.
    public func cameraChanges(from old: Configuration) -> CameraChanges {
        var changes = CameraChanges()
        var before: [String: CameraConfiguration] = [:]
        for camera in old.cameras where camera.enabled { before[camera.name] = camera }
        for camera in cameras where camera.enabled {
            guard let earlier = before.removeValue(forKey: camera.name) else {
                changes.added.append(camera)
                continue
            }
            if earlier.withoutLearning == camera.withoutLearning, old.snapshots.width == snapshots.width {
                changes.unchanged.append(camera.name)
            } else {
                changes.changed.append(camera)
            }
        }
        changes.removed = old.cameras.map(\.name).filter { before[$0] != nil }
        return changes
    }

    /// Keys that differ in `new` and take effect at a restart of the daemon only; what a reload can't do, it says.
    public func restartKeys(_ new: Configuration) -> [String] {
        var keys: [String] = []
        if host != new.host { keys.append("host") }
        if stateDirectory != new.stateDirectory { keys.append("state_directory") }
        if logLevel != new.logLevel { keys.append("log_level") }
        if workerCount != new.workerCount { keys.append("workers") }
        if cpu != new.cpu { keys.append("cpu") }
        if events != new.events { keys.append("events") }
        var (mine, theirs) = (snapshots, new.snapshots)
        // These two are a camera's own, and a reload touches the cameras.
        (mine.every, mine.width) = (theirs.every, theirs.width)
        (mine.directory, theirs.directory) = (snapshotDirectory, new.snapshotDirectory)
        if mine != theirs { keys.append("snapshots") }
        return keys
    }
}
