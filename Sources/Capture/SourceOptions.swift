public import Video

/// What the owner of a camera asks of it. Everything has a default that suits most cameras.
public struct SourceOptions: Sendable, Hashable, Codable {
    /// How RTSP media travels.
    public enum Transport: String, Sendable, Hashable, Codable, CaseIterable {
        /// Inside the RTSP connection: nothing is lost, and it passes firewalls.
        case tcp
        /// As datagrams: lower latency, and loss shows as corrupt frames.
        case udp
    }

    /// The size to ask the device for; nil: the nearest to 640x480 that it has. The synthetic camera obeys exactly.
    public var size: FrameSize?
    /// Frames a second to ask the device for; for files, the speed to play at in place of the file's own.
    public var rate: Double?
    /// The pixel format to ask a V4L2 device for, by its fourcc ("YUYV", "MJPG"); nil: the cheapest to read.
    public var pixelFormat: String?
    /// How RTSP media travels; TCP by default.
    public var transport: Transport = .tcp
    /// Threads for the decoder. One is enough for 1080p30 and costs least in all.
    public var decoderThreads = 1
    /// FFmpeg's name of a hardware decoder to use ("vaapi", "cuda"); nil: decode in software.
    public var hardware: String?
    /// Whether files, pictures and the synthetic camera keep to real time, as a camera does.
    public var realTime = false
    /// Whether files and pictures start again at their end, and the synthetic camera's script repeats.
    public var loop = false

    /// How often an address that gives a single picture is fetched, in times a second; nil: once a second.
    public var pollingRate: Double?

    private var name: Secret?
    private var secret: Secret?

    /// The defaults.
    public init() {}

    /// The user that the camera asks for. Kept out of every description and dump of this value.
    public var user: String? {
        get { name?.text }
        set { name = newValue.map(Secret.init) }
    }

    /// The password that the camera asks for. Kept out of every description and dump of this value.
    public var password: String? {
        get { secret?.text }
        set { secret = newValue.map(Secret.init) }
    }
}

/// A text that shows itself to nobody who prints, logs or dumps it.
struct Secret: Sendable, Hashable, Codable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    let text: String

    init(_ text: String) { self.text = text }

    var description: String { "***" }
    var debugDescription: String { "***" }
    var customMirror: Mirror { Mirror(self, children: []) }
}
