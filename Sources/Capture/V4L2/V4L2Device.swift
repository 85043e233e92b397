import Video

/// A pixel format's four letters, as V4L2 packs them.
struct FourCC: Hashable, Sendable, CustomStringConvertible {
    var code: UInt32

    init(code: UInt32) { self.code = code }

    /// From up to four ASCII letters ("GREY"); shorter names are padded with spaces, as V4L2 does ("Y16 ").
    init(_ name: String) {
        let letters = Array(name.utf8.prefix(4)) + [32, 32, 32, 32]
        code = letters.prefix(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    var description: String {
        let letters = (0..<4).map { UInt8(truncatingIfNeeded: code >> (8 * $0)) }
        return String(
            decoding: letters.map { $0 > 32 && $0 < 127 ? $0 : UInt8(ascii: " ") }, as: UTF8.self
        ).trimmedEnd
    }
}

extension String {
    fileprivate var trimmedEnd: String { String(reversed().drop { $0 == " " }.reversed()) }
}

/// What a V4L2 node says of itself.
struct V4L2Capabilities: Sendable, Hashable {
    var driver: String
    var card: String
    var bus: String
    /// `V4L2_CAP_*` of this very node (`device_caps`), not of the whole device.
    var flags: UInt32
}

/// The sizes in which a node offers one pixel format.
enum V4L2Sizes: Sendable, Hashable {
    case discrete([FrameSize])
    case stepwise(smallest: FrameSize, largest: FrameSize, step: FrameSize)

    /// The size on offer that is nearest to `wanted`: the least difference of both sides together.
    func nearest(to wanted: FrameSize) -> FrameSize? {
        switch self {
        case .discrete(let sizes):
            return sizes.min { distance($0, wanted) < distance($1, wanted) }
        case .stepwise(let low, let high, let step):
            func side(_ wanted: Int, _ low: Int, _ high: Int, _ step: Int) -> Int {
                guard low < high else { return low }
                let step = max(1, step)
                return low + (max(low, min(high, wanted)) - low + step / 2) / step * step
            }
            return FrameSize(
                width: min(high.width, side(wanted.width, low.width, high.width, step.width)),
                height: min(high.height, side(wanted.height, low.height, high.height, step.height)))
        }
    }
}

func distance(_ a: FrameSize, _ b: FrameSize) -> Int { abs(a.width - b.width) + abs(a.height - b.height) }

/// The format that a driver has set; nothing in it is to be trusted.
struct V4L2Format: Sendable, Hashable {
    var fourCC: FourCC
    var size: FrameSize
    var bytesPerLine: Int
    var byteCount: Int
    var colorspace: UInt32 = 0
    var quantization: UInt32 = 0
}

/// A filled buffer; `bytes` is the whole mapping, of which the driver says that it used `used`.
struct V4L2Buffer {
    var index: Int
    var bytes: UnsafeRawBufferPointer
    var used: Int
    /// `V4L2_BUF_FLAG_*`.
    var flags: UInt32
    var sequence: UInt32
    /// The driver's stamp; nil where it is not on the monotonic clock.
    var time: MonotonicTime?
}

/// A call that a driver refused.
struct V4L2Errno: Error, Hashable {
    var call: String
    var code: Int32
}

/// A V4L2 node as `V4L2Source` uses it: the calls to the kernel, and nothing decided. Tests put a scripted one here.
protocol V4L2Device: AnyObject {
    func capabilities() throws(V4L2Errno) -> V4L2Capabilities
    /// Pixel formats on offer; empty where the driver does not say.
    func formats() -> [FourCC]
    /// Sizes of a format; nil where the driver does not say.
    func sizes(of format: FourCC) -> V4L2Sizes?
    /// Frames a second on offer at that format and size; empty where the driver does not say.
    func rates(of format: FourCC, size: FrameSize) -> [Double]
    /// Sets a format; gives what the driver made of it.
    func setFormat(_ format: FourCC, _ size: FrameSize) throws(V4L2Errno) -> V4L2Format
    /// Sets the rate where the driver can, or nil to leave it; gives the rate in force where it says.
    func setRate(_ rate: Double?) -> Double?
    /// Prepares a conversion by libv4l to YU12 of about that size; the format to stream in, or nil where it cannot.
    func prepareConversion(to size: FrameSize) throws(V4L2Errno) -> (streamed: V4L2Format, converted: V4L2Format)?
    /// Converts a frame as `prepareConversion` arranged; gives the bytes written, or nil where it failed.
    func convert(_ frame: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Int?
    /// Asks for buffers and maps them; gives the smallest one's size in bytes.
    func mapBuffers(_ count: Int) throws(V4L2Errno) -> Int
    func enqueueAll() throws(V4L2Errno)
    func start() throws(V4L2Errno)
    /// Waits for a filled buffer or a fault; false where neither came in `timeout`.
    func wait(_ timeout: Duration) throws(V4L2Errno) -> Bool
    /// A filled buffer; nil where there is none after all.
    func dequeue() throws(V4L2Errno) -> V4L2Buffer?
    func enqueue(_ index: Int) throws(V4L2Errno)
    /// Stops, unmaps and closes; harmless where it is closed already.
    func close()
}

/// Opens the node at a path.
typealias V4L2Opener = @Sendable (_ path: String) throws(V4L2Errno) -> any V4L2Device
