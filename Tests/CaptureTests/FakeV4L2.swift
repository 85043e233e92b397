import CV4L2
import Glibc
import Video

@testable import Capture

/// A V4L2 device that does what its script says: the answers of a driver, good and bad.
final class FakeV4L2: V4L2Device {
    /// What one wait and dequeue bring.
    enum Step {
        /// A buffer with that sequence number, flags and bytes.
        case buffer(sequence: UInt32, flags: Int32 = 0, bytes: [UInt8], used: Int? = nil, time: Int64? = nil)
        /// Nothing before the deadline.
        case silence
        /// The call fails.
        case fault(String, Int32)
        /// `poll` says yes and DQBUF says EAGAIN.
        case empty
    }

    var flags = UInt32(V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING)
    var offered: [(FourCC, V4L2Sizes?, [Double])]
    private let steps: [Step]
    private var cursor = 0
    /// Fails the call of that name.
    var refusals: [String: Int32] = [:]
    /// Changes what S_FMT answers.
    var adjust: (V4L2Format) -> V4L2Format = { $0 }
    var conversion: (streamed: V4L2Format, converted: V4L2Format)?
    var bufferLength = 1 << 20
    private(set) var isClosed = false
    private(set) var isStreaming = false
    /// The buffers that the driver has, a bit each: a set would allocate, and a test counts allocations.
    private var queue: UInt64 = 0
    var enqueued: [Int] { (0..<64).filter { queue >> $0 & 1 == 1 } }
    private(set) var rateAsked: Double?
    /// Called in each wait for which the script has nothing more.
    var whenWaiting: () -> Void = {}
    private(set) var waits = 0
    private var memory: [UnsafeMutableRawBufferPointer] = []

    init(_ offered: [(FourCC, V4L2Sizes?, [Double])], _ steps: [Step] = []) {
        (self.offered, self.steps) = (offered, steps)
    }

    convenience init(_ name: String, _ width: Int, _ height: Int, _ steps: [Step] = []) {
        self.init([(FourCC(name), .discrete([FrameSize(width: width, height: height)]), [30])], steps)
    }

    deinit { memory.forEach { $0.deallocate() } }

    private func refuse(_ call: String) throws(V4L2Errno) {
        if let code = refusals[call] { throw V4L2Errno(call: call, code: code) }
    }

    func capabilities() throws(V4L2Errno) -> V4L2Capabilities {
        try refuse("QUERYCAP")
        return V4L2Capabilities(driver: "fake", card: "Fake Camera", bus: "usb-1", flags: flags)
    }

    func formats() -> [FourCC] { offered.map(\.0) }
    func sizes(of format: FourCC) -> V4L2Sizes? { offered.first { $0.0 == format }?.1 }
    func rates(of format: FourCC, size: FrameSize) -> [Double] { offered.first { $0.0 == format }?.2 ?? [] }

    func setFormat(_ format: FourCC, _ size: FrameSize) throws(V4L2Errno) -> V4L2Format {
        try refuse("S_FMT")
        return adjust(V4L2Format(fourCC: format, size: size, bytesPerLine: 0, byteCount: 0))
    }

    func setRate(_ rate: Double?) -> Double? {
        rateAsked = rate
        return rate ?? 30
    }

    func prepareConversion(to size: FrameSize) throws(V4L2Errno) -> (streamed: V4L2Format, converted: V4L2Format)? {
        conversion
    }

    func convert(_ frame: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Int? {
        guard let first = frame.first, first != 0 else { return nil }
        for at in target.indices { target[at] = first }
        return target.count
    }

    func mapBuffers(_ count: Int) throws(V4L2Errno) -> Int {
        try refuse("REQBUFS")
        memory = (0..<count).map { _ in .allocate(byteCount: bufferLength, alignment: 64) }
        return bufferLength
    }

    func enqueueAll() throws(V4L2Errno) { for index in memory.indices { try enqueue(index) } }

    func enqueue(_ index: Int) throws(V4L2Errno) {
        try refuse("QBUF")
        precondition(queue >> index & 1 == 0, "a buffer was given to the driver twice")
        queue |= 1 << index
    }

    func start() throws(V4L2Errno) {
        try refuse("STREAMON")
        isStreaming = true
    }

    func wait(_ timeout: Duration) throws(V4L2Errno) -> Bool {
        guard cursor < steps.count else {
            waits += 1
            whenWaiting()
            usleep(UInt32(timeout.nanoseconds / 1000))
            return false
        }
        switch steps[cursor] {
        case .silence:
            cursor += 1
            usleep(UInt32(timeout.nanoseconds / 1000))
            return false
        case .fault("poll", let code): throw V4L2Errno(call: "poll", code: code)
        default: return true
        }
    }

    func dequeue() throws(V4L2Errno) -> V4L2Buffer? {
        guard cursor < steps.count else { return nil }
        cursor += 1
        switch steps[cursor - 1] {
        case .buffer(let sequence, let flags, let bytes, let used, let time):
            guard queue != 0 else { throw V4L2Errno(call: "DQBUF", code: EINVAL) }
            let index = queue.trailingZeroBitCount
            queue &= ~(1 << index)
            bytes.withUnsafeBytes { memory[index].copyMemory(from: $0) }
            return V4L2Buffer(
                index: index, bytes: UnsafeRawBufferPointer(memory[index]),
                used: min(used ?? bytes.count, bufferLength),
                flags: UInt32(bitPattern: flags), sequence: sequence, time: time.map { MonotonicTime(nanoseconds: $0) })
        case .fault(let call, let code): throw V4L2Errno(call: call, code: code)
        case .silence, .empty: return nil
        }
    }

    func close() {
        isClosed = true
        isStreaming = false
    }
}

/// Hands out devices in turn, or errors: what is plugged in at one opening after another.
final class FakeBus: @unchecked Sendable {
    // Sendable is unchecked: the openers' type asks for it, and each test uses its bus from its own thread only.
    private var plugged: [Result<FakeV4L2, V4L2Errno>]

    init(_ plugged: [Result<FakeV4L2, V4L2Errno>]) { self.plugged = plugged }

    func open(_ path: String) throws(V4L2Errno) -> any V4L2Device {
        guard !plugged.isEmpty else { throw V4L2Errno(call: "open", code: ENOENT) }
        return try plugged.removeFirst().get()
    }
}
