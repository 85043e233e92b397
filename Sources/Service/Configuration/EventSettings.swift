/// Where events go: the journal file and the socket. The configuration's section `events`.
public struct EventSettings: Sendable, Hashable {
    /// The Unix socket's path.
    public var socket = "/run/zanzo/events.sock"
    /// The socket's permissions.
    public var socketMode: UInt32 = 0o660
    /// The group that the socket is given to; nil: the daemon's own.
    public var socketGroup: String?
    /// The journal: a file of JSON lines.
    public var file = "/var/log/zanzo/events.jsonl"
    /// Bytes at which the journal is rotated.
    public var rotateSize = 64 << 20
    /// Age of a journal's first line at which it is rotated; nil: size alone decides.
    public var rotateAge: Duration? = .seconds(7 * 86_400)
    /// Rotated journals that are kept.
    public var rotateKeep = 8
    /// Clients that may be connected at once.
    public var maximumClients = 64
    /// Bytes that may wait for one client; one that reads too slowly is cut off.
    public var clientQueue = 1 << 20

    /// The defaults.
    public init() {}
}

/// Where pictures go, and how many of them. The configuration's section `snapshots`.
public struct SnapshotSettings: Sendable, Hashable {
    /// The folder, with one folder for each camera in it; nil: the state directory.
    public var directory: String?
    /// Time from one periodic snapshot of a camera to the next; nil: events' pictures only.
    public var every: Duration? = .seconds(600)
    /// The width of colour pictures, in pixels; smaller frames are not enlarged.
    public var width = 640
    /// Bytes that all pictures may take; the oldest go first.
    public var maximumSize = 2 << 30
    /// Age at which a periodic picture is deleted, an event's at three times that; nil: size alone decides.
    public var maximumAge: Duration? = .seconds(30 * 86_400)
    /// Bytes that stay free on the disk: below it the oldest pictures are deleted, and then none are written.
    public var minimumFree = 1 << 30

    /// The defaults.
    public init() {}
}

extension Schema<EventSettings> {
    /// The keys of `events`.
    static let events = Schema([
        Field("socket", \.socket, .socketPath),
        Field("socket_mode", \.socketMode, .mode),
        Field("socket_group", \.socketGroup, .word("the name of a group"), or: "auto"),
        Field("file", \.file, .path),
        Field("rotate_size", \.rotateSize, .byteCount.within(64 << 10...1 << 40)),
        Field("rotate_age", \.rotateAge, .duration.within(.seconds(60)...(.seconds(3650 * 86_400))), or: "off"),
        Field("rotate_keep", \.rotateKeep, .integer.within(1...1000)),
        Field("max_clients", \.maximumClients, .integer.within(1...1024)),
        Field("client_queue", \.clientQueue, .byteCount.within(64 << 10...1 << 30)),
    ])
}

extension Schema<SnapshotSettings> {
    /// The keys of `snapshots`.
    static let snapshots = Schema([
        Field("directory", \.directory, .path, or: "auto"),
        Field("every", \.every, .duration.within(.seconds(1)...(.seconds(30 * 86_400))), or: "off"),
        Field("width", \.width, .integer.within(64...3840)),
        Field("max_size", \.maximumSize, .byteCount.within(1 << 20...1 << 50)),
        Field("max_age", \.maximumAge, .duration.within(.seconds(3600)...(.seconds(36_500 * 86_400))), or: "off"),
        Field("min_free", \.minimumFree, .byteCount.within(0...1 << 50)),
    ])
}
