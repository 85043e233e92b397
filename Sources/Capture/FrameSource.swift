import Glibc
public import Video

/// What a source gives, for logs and status.
public struct SourceFormat: Sendable, Hashable, CustomStringConvertible {
    /// The frames' size in pixels.
    public var size: FrameSize
    /// Frames a second, as far as the source says; nil where it does not.
    public var rate: Double?
    /// As people write it: "YUYV 640x480 30 fps".
    public var description: String

    /// Frames of `size` in an encoding called `name`.
    public init(name: String, size: FrameSize, rate: Double?) {
        self.size = size
        self.rate = rate
        guard let rate, rate > 0, rate < 10_000 else {
            description = "\(name) \(size)"
            return
        }
        let hundredths = Int((rate * 100).rounded())
        let (whole, rest) = (hundredths / 100, hundredths % 100)
        let fraction = rest == 0 ? "" : rest % 10 == 0 ? ".\(rest / 10)" : rest < 10 ? ".0\(rest)" : ".\(rest)"
        description = "\(name) \(size) \(whole)\(fraction) fps"
    }
}

/// A frame as its source gives it.
public struct SourceFrame {
    /// The pixels, borrowed: valid until the source's next `read` or `close`.
    public var view: PixelView
    /// When the frame was taken (the driver's stamp where it has one, else when it arrived).
    public var time: MonotonicTime
    /// When the frame was taken, in UTC.
    public var utc: UTCTime
    /// Where the frame stands in the stream's own time, by which `rate` is counted: as `time`, but that frames of a burst keep
    /// their distances even where nobody knows yet when they were taken.
    public var streamTime: MonotonicTime
    /// Frames lost before this one: holes in the driver's sequence numbers.
    public var missed: Int

    /// A frame taken at `time`.
    public init(
        view: PixelView, time: MonotonicTime, utc: UTCTime, streamTime: MonotonicTime? = nil, missed: Int = 0
    ) {
        self.streamTime = streamTime ?? time
        self.view = view
        self.time = time
        self.utc = utc
        self.missed = missed
    }
}

/// What one `read` brought.
public enum Reading {
    /// A whole frame.
    case frame(SourceFrame)
    /// A frame that the driver or decoder calls damaged: counted, never scored. A file or folder says what it passed over;
    /// a live source, where it may be every third frame, does not.
    case corrupt(CaptureError?)
    /// The next frame of a file that is played in real time is not due yet: nothing is wrong, read again.
    case waiting
    /// From now on frames look like this, or another clip begins; the next `read` gives the first.
    case formatChanged(SourceFormat)
    /// The last frame has been given (a file, pictures); a live source throws `.disconnected` instead.
    case end
}

/// What a source counted since it was made; the counts outlive `close` and go on after the next `open`.
public struct SourceCounters: Sendable, Hashable {
    /// Frames given.
    public var frames: UInt64 = 0
    /// Frames that the driver or decoder called damaged.
    public var corrupt: UInt64 = 0
    /// Frames that the driver lost before anyone could read them.
    public var missed: UInt64 = 0
    /// Frames whose time stamp was not after the one before; they were given all the same.
    public var nonMonotonic: UInt64 = 0

    /// Nothing counted yet.
    public init() {}
}

/// Where frames come from. Used by one thread at a time.
///
/// `open` may be called again after `close`, and negotiates everything anew each time: a camera that was unplugged may
/// come back with another size.
public protocol FrameSource: AnyObject {
    /// Opens the source; says what its frames look like.
    func open() throws(CaptureError) -> SourceFormat

    /// Waits up to `timeout` for the next frame.
    ///
    /// Throws `.timedOut` where none came in time (a device or RTSP stream stays open and may be read again; HTTP has to
    /// be opened anew), anything else where it is gone: close it then.
    func read(timeout: Duration) throws(CaptureError) -> Reading

    /// Lets go of the device, connection or file; harmless where it is closed already.
    func close()

    /// Whether frames come whether or not anyone takes them. False for files, pictures and the fast synthetic source:
    /// they wait, lose nothing, and end.
    var isLive: Bool { get }

    /// How long a frame may wait for its reader without a loss: nothing for a camera's driver or datagrams, a while for a
    /// connection (the sender waits meanwhile), nil for what waits as long as it takes.
    var slack: Duration? { get }

    /// What was counted so far.
    var counters: SourceCounters { get }

    /// Ends a blocked `open` or `read` from another thread.
    var cancellation: Cancellation { get }
}

extension FrameSource {
    /// A live source loses what is not read, anything else waits.
    public var slack: Duration? { isLive ? .zero : nil }

    /// For sources that never block: nothing to end.
    public var cancellation: Cancellation { Cancellation() }
}

/// The source that `specification` describes; nothing is opened yet.
public func makeSource(_ specification: SourceSpecification, time: any TimeSource) -> any FrameSource {
    let options = specification.options
    switch specification.kind {
    case .v4l2(let path): return V4L2Source(path: path, options: options, time: time)
    case .pictures(let path): return PicturesSource(path: path, options: options, time: time)
    case .stream(let address): return LibavSource(address: address, options: options, time: time)
    case .file(let path):
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            return LibavSource(path: path, options: options, time: time)
        }
        return PicturesSource(path: path, options: options, time: time)
    case .synthetic(let settings):
        return SyntheticSource(settings: settings, options: options, time: time)
    }
}
