/// Where the event socket is, who may use it, and how much one client may cost.
public struct ServerSettings: Sendable {
    /// Bytes that a Unix socket's path may have: `sun_path` less its closing zero.
    public static let maximumPathByteCount = 107

    /// The socket's path, at most `maximumPathByteCount` bytes.
    public var path: String
    /// The socket file's permissions.
    public var mode: UInt32
    /// The group that the socket file belongs to; nil leaves it the process's own.
    public var group: String?
    /// A bound stream socket that systemd (or a test) hands over instead of `path`; it is the server's from then on.
    public var inheritedDescriptor: Int32?
    /// Clients at a time.
    public var maximumClients: Int
    /// Bytes of a client's first line.
    public var maximumLineByteCount: Int
    /// Bytes that wait for one client before it is cut off.
    public var maximumQueuedByteCount: Int
    /// Lines that wait for the event loop; more are read from the journal instead, and score lines are dropped.
    public var maximumPendingLines: Int
    /// How long a client may keep silent before it gets all events.
    public var grace: Duration
    /// How long a client may take nothing while lines wait for it.
    public var stallTimeout: Duration
    /// How long a client's last line may take.
    public var lingering: Duration
    /// A picture larger than this is not sent inline; its path is.
    public var maximumInlineByteCount: Int
    /// Answers `{"status":true}`: one JSON object. Called on the event loop: it must not block.
    public var status: @Sendable () -> [UInt8]

    /// Settings with the shipped defaults.
    public init(
        path: String = "/run/zanzo/events.sock", mode: UInt32 = 0o660, group: String? = nil,
        inheritedDescriptor: Int32? = nil, maximumClients: Int = 64, maximumLineByteCount: Int = 4096,
        maximumQueuedByteCount: Int = 1 << 20, maximumPendingLines: Int = 4096, grace: Duration = .milliseconds(250),
        stallTimeout: Duration = .seconds(60), lingering: Duration = .seconds(5),
        maximumInlineByteCount: Int = 1 << 20, status: @escaping @Sendable () -> [UInt8] = { Array("{}".utf8) }
    ) {
        self.path = path
        self.mode = mode
        self.group = group
        self.inheritedDescriptor = inheritedDescriptor
        self.maximumClients = maximumClients
        self.maximumLineByteCount = maximumLineByteCount
        self.maximumQueuedByteCount = maximumQueuedByteCount
        self.maximumPendingLines = maximumPendingLines
        self.grace = grace
        self.stallTimeout = stallTimeout
        self.lingering = lingering
        self.maximumInlineByteCount = maximumInlineByteCount
        self.status = status
    }
}

/// What the server has done so far.
public struct ServerCounters: Sendable, Hashable {
    /// Clients connected now.
    public var clients = 0
    /// Clients that have ever connected.
    public var accepted: UInt64 = 0
    /// Clients turned away because there were too many.
    public var refused: UInt64 = 0
    /// Clients cut off because they did not read.
    public var cutOff: UInt64 = 0
    /// Score lines that were dropped: by a full queue to the loop, or client by client.
    public var droppedScores: UInt64 = 0
}
