import CV4L2
import Glibc
import Video

/// A real V4L2 node, streaming through memory that the driver's buffers are mapped into.
final class V4L2SystemDevice: V4L2Device {
    private var descriptor: Int32
    private var buffers: [UnsafeMutableRawBufferPointer] = []
    private var isStreaming = false
    private var converter: OpaquePointer?
    private var streamed = v4l2_format()
    private var converted = v4l2_format()

    private static let capture = V4L2_BUF_TYPE_VIDEO_CAPTURE.rawValue
    /// More formats, sizes or intervals than any device has: a driver that never says "no more" does not hold us.
    private static let enumerationLimit: UInt32 = 256

    init(path: String) throws(V4L2Errno) {
        descriptor = Glibc.open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw V4L2Errno(call: "open", code: errno) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFCHR else {
            Glibc.close(descriptor)
            descriptor = -1
            throw V4L2Errno(call: "QUERYCAP", code: ENOTTY)
        }
    }

    deinit { close() }

    func close() {
        guard descriptor >= 0 else { return }
        if isStreaming {
            var type = Self.capture
            zanzo_ioctl(descriptor, ZANZO_VIDIOC_STREAMOFF, &type)
            isStreaming = false
        }
        for buffer in buffers { munmap(buffer.baseAddress, buffer.count) }
        buffers = []
        if let converter { v4lconvert_destroy(converter) }
        converter = nil
        Glibc.close(descriptor)
        descriptor = -1
    }

    /// ioctl(2), again where a signal came between.
    private func call<T>(_ name: String, _ request: UInt, _ argument: inout T) throws(V4L2Errno) {
        while withUnsafeMutablePointer(to: &argument, { zanzo_ioctl(descriptor, request, $0) }) != 0 {
            guard errno == EINTR else { throw V4L2Errno(call: name, code: errno) }
        }
    }

    private func succeeds<T>(_ request: UInt, _ argument: inout T) -> Bool {
        do throws(V4L2Errno) {
            try call("", request, &argument)
            return true
        } catch {
            return false
        }
    }

    func capabilities() throws(V4L2Errno) -> V4L2Capabilities {
        var caps = v4l2_capability()
        try call("QUERYCAP", ZANZO_VIDIOC_QUERYCAP, &caps)
        let hasOwn = caps.capabilities & UInt32(V4L2_CAP_DEVICE_CAPS) != 0
        return V4L2Capabilities(
            driver: text(&caps.driver), card: text(&caps.card), bus: text(&caps.bus_info),
            flags: hasOwn ? caps.device_caps : caps.capabilities)
    }

    /// A fixed array of characters, up to its NUL; control characters become spaces, as it goes to terminals and logs.
    private func text<T>(_ characters: inout T) -> String {
        withUnsafeBytes(of: &characters) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }.map { $0 < 32 || $0 == 127 ? 32 : $0 }, as: UTF8.self)
        }
    }

    func formats() -> [FourCC] {
        var found: [FourCC] = []
        for index in 0..<Self.enumerationLimit {
            var entry = v4l2_fmtdesc()
            (entry.index, entry.type) = (index, Self.capture)
            guard succeeds(ZANZO_VIDIOC_ENUM_FMT, &entry) else { break }
            found.append(FourCC(code: entry.pixelformat))
        }
        return found
    }

    func sizes(of format: FourCC) -> V4L2Sizes? {
        var found: [FrameSize] = []
        for index in 0..<Self.enumerationLimit {
            var entry = v4l2_frmsizeenum()
            (entry.index, entry.pixel_format) = (index, format.code)
            guard succeeds(ZANZO_VIDIOC_ENUM_FRAMESIZES, &entry) else { break }
            guard entry.type == V4L2_FRMSIZE_TYPE_DISCRETE.rawValue else {
                let range = entry.stepwise
                return .stepwise(
                    smallest: FrameSize(width: Int(range.min_width), height: Int(range.min_height)),
                    largest: FrameSize(width: Int(range.max_width), height: Int(range.max_height)),
                    step: FrameSize(width: Int(range.step_width), height: Int(range.step_height)))
            }
            found.append(FrameSize(width: Int(entry.discrete.width), height: Int(entry.discrete.height)))
        }
        return found.isEmpty ? nil : .discrete(found)
    }

    func rates(of format: FourCC, size: FrameSize) -> [Double] {
        var found: [Double] = []
        for index in 0..<Self.enumerationLimit {
            var entry = v4l2_frmivalenum()
            (entry.index, entry.pixel_format) = (index, format.code)
            (entry.width, entry.height) = (UInt32(clamping: size.width), UInt32(clamping: size.height))
            guard succeeds(ZANZO_VIDIOC_ENUM_FRAMEINTERVALS, &entry) else { break }
            guard entry.type == V4L2_FRMIVAL_TYPE_DISCRETE.rawValue else {
                return [rate(of: entry.stepwise.max), rate(of: entry.stepwise.min)].compactMap { $0 }
            }
            if let rate = rate(of: entry.discrete) { found.append(rate) }
        }
        return found
    }

    private func rate(of interval: v4l2_fract) -> Double? {
        guard interval.numerator > 0, interval.denominator > 0 else { return nil }
        return Double(interval.denominator) / Double(interval.numerator)
    }

    func setFormat(_ format: FourCC, _ size: FrameSize) throws(V4L2Errno) -> V4L2Format {
        var wanted = request(format, size)
        try call("S_FMT", ZANZO_VIDIOC_S_FMT, &wanted)
        return reading(wanted)
    }

    private func request(_ format: FourCC, _ size: FrameSize) -> v4l2_format {
        var wanted = v4l2_format()
        wanted.type = Self.capture
        wanted.fmt.pix.width = UInt32(clamping: size.width)
        wanted.fmt.pix.height = UInt32(clamping: size.height)
        wanted.fmt.pix.pixelformat = format.code
        wanted.fmt.pix.field = V4L2_FIELD_NONE.rawValue
        return wanted
    }

    private func reading(_ format: v4l2_format) -> V4L2Format {
        let pix = format.fmt.pix
        return V4L2Format(
            fourCC: FourCC(code: pix.pixelformat), size: FrameSize(width: Int(pix.width), height: Int(pix.height)),
            bytesPerLine: Int(pix.bytesperline), byteCount: Int(pix.sizeimage), colorspace: pix.colorspace,
            quantization: pix.quantization)
    }

    func setRate(_ rate: Double?) -> Double? {
        var parameters = v4l2_streamparm()
        parameters.type = Self.capture
        guard succeeds(ZANZO_VIDIOC_G_PARM, &parameters) else { return nil }
        if let rate, parameters.parm.capture.capability & UInt32(V4L2_CAP_TIMEPERFRAME) != 0 {
            parameters.parm.capture.timeperframe = v4l2_fract(
                numerator: 1000, denominator: UInt32(max(1, min(1e6, (rate * 1000).rounded()))))
            // A refusal is not a fault: the camera gives what it gives, and the pipeline thins it out.
            _ = succeeds(ZANZO_VIDIOC_S_PARM, &parameters)
        }
        return self.rate(of: parameters.parm.capture.timeperframe)
    }

    func prepareConversion(to size: FrameSize) throws(V4L2Errno) -> (streamed: V4L2Format, converted: V4L2Format)? {
        if converter == nil { converter = v4lconvert_create(descriptor) }
        guard let converter else { return nil }
        var (from, to) = (v4l2_format(), request(FourCC("YU12"), size))
        guard v4lconvert_try_format(converter, &to, &from) == 0, to.fmt.pix.pixelformat == FourCC("YU12").code else {
            return nil
        }
        try call("S_FMT", ZANZO_VIDIOC_S_FMT, &from)
        (streamed, converted) = (from, to)
        return (reading(from), reading(to))
    }

    func convert(_ frame: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Int? {
        guard let converter, let source = frame.bindMemory(to: UInt8.self).baseAddress else { return nil }
        // libv4lconvert takes its source as mutable and only reads it.
        let written = v4lconvert_convert(
            converter, &streamed, &converted, UnsafeMutablePointer(mutating: source), Int32(clamping: frame.count),
            target.bindMemory(to: UInt8.self).baseAddress, Int32(clamping: target.count))
        return written >= 0 ? Int(written) : nil
    }

    func mapBuffers(_ count: Int) throws(V4L2Errno) -> Int {
        var wanted = v4l2_requestbuffers()
        (wanted.count, wanted.type, wanted.memory) = (UInt32(count), Self.capture, V4L2_MEMORY_MMAP.rawValue)
        try call("REQBUFS", ZANZO_VIDIOC_REQBUFS, &wanted)
        guard wanted.count > 0, wanted.count <= 32 else { throw V4L2Errno(call: "REQBUFS", code: ENOMEM) }
        for index in 0..<wanted.count {
            var entry = buffer(index)
            try call("QUERYBUF", ZANZO_VIDIOC_QUERYBUF, &entry)
            let length = Int(entry.length)
            guard length > 0, let start = mmap(nil, length, PROT_READ, MAP_SHARED, descriptor, Int(entry.m.offset)),
                start != MAP_FAILED
            else { throw V4L2Errno(call: "mmap", code: length > 0 ? errno : EINVAL) }
            buffers.append(UnsafeMutableRawBufferPointer(start: start, count: length))
        }
        return buffers.map(\.count).min() ?? 0
    }

    private func buffer(_ index: UInt32) -> v4l2_buffer {
        var entry = v4l2_buffer()
        (entry.index, entry.type, entry.memory) = (index, Self.capture, V4L2_MEMORY_MMAP.rawValue)
        return entry
    }

    func enqueueAll() throws(V4L2Errno) {
        for index in buffers.indices { try enqueue(index) }
    }

    func enqueue(_ index: Int) throws(V4L2Errno) {
        var entry = buffer(UInt32(index))
        try call("QBUF", ZANZO_VIDIOC_QBUF, &entry)
    }

    func start() throws(V4L2Errno) {
        var type = Self.capture
        try call("STREAMON", ZANZO_VIDIOC_STREAMON, &type)
        isStreaming = true
    }

    func wait(_ timeout: Duration) throws(V4L2Errno) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        // Rounded up: a wait of 0.4 ms must not become a spin.
        let milliseconds = Int32(clamping: (max(0, timeout.nanoseconds) + 999_999) / 1_000_000)
        let count = poll(&entry, 1, milliseconds)
        if count < 0 {
            guard errno == EINTR else { throw V4L2Errno(call: "poll", code: errno) }
            return false
        }
        guard count > 0 else { return false }
        // An unplugged or broken device answers at once, for ever; without this the caller would burn a core.
        if Int32(entry.revents) & POLLIN == 0 { throw V4L2Errno(call: "poll", code: ENODEV) }
        return true
    }

    func dequeue() throws(V4L2Errno) -> V4L2Buffer? {
        var entry = buffer(0)
        do throws(V4L2Errno) {
            try call("DQBUF", ZANZO_VIDIOC_DQBUF, &entry)
        } catch {
            if error.code == EAGAIN { return nil }
            throw error
        }
        let index = Int(entry.index)
        guard buffers.indices.contains(index) else { throw V4L2Errno(call: "DQBUF", code: EINVAL) }
        let isMonotonic =
            entry.flags & UInt32(V4L2_BUF_FLAG_TIMESTAMP_MASK) == UInt32(V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC)
        return V4L2Buffer(
            index: index, bytes: UnsafeRawBufferPointer(buffers[index]), used: Int(entry.bytesused),
            flags: entry.flags, sequence: entry.sequence,
            time: isMonotonic ? MonotonicTime(nanoseconds: zanzo_buffer_nanoseconds(&entry)) : nil)
    }
}
