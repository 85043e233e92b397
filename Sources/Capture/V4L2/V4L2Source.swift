import CV4L2
import Glibc
import Video

/// A V4L2 camera. Every opening negotiates from nothing: what comes back after an unplug may be another camera.
final class V4L2Source: FrameSource {
    private static let bufferCount = 4
    /// A driver's stamp further from now than this is not believed.
    private static let believableAge = Duration.seconds(10)

    let isLive = true
    let cancellation = Cancellation()
    private(set) var counters = SourceCounters()

    private let path: String
    private let options: SourceOptions
    private let time: any TimeSource
    private let opener: V4L2Opener
    /// "read /dev/video0": made once, as a read must not allocate.
    private let operation: String

    private var device: (any V4L2Device)?
    private var agreement: V4L2Agreement?
    private var jpeg: JPEGFrames?
    private var target: UnsafeMutableRawBufferPointer?
    /// The buffer that the last frame's view lies in; the driver has it back at the next read.
    private var lent: Int?
    private var pending: (view: PixelView, time: MonotonicTime?, missed: Int)?
    private var size = FrameSize(width: 0, height: 0)
    private var sequence: UInt32?
    private var missedSinceFrame = 0
    private var previous: MonotonicTime?

    init(
        path: String, options: SourceOptions, time: any TimeSource,
        opener: @escaping V4L2Opener = { (path) throws(V4L2Errno) in try V4L2SystemDevice(path: path) }
    ) {
        (self.path, self.options, self.time, self.opener) = (path, options, time, opener)
        operation = "read \(path)"
    }

    deinit { close() }

    func open() throws(CaptureError) -> SourceFormat {
        close()
        let operation = "open \(path)"
        guard !cancellation.isCancelled else { throw .cancelled(operation) }
        do throws(CaptureError) {
            return try start(operation)
        } catch {
            close()
            throw error
        }
    }

    private func start(_ operation: String) throws(CaptureError) -> SourceFormat {
        let device = try attempt(operation) { () throws(V4L2Errno) in try opener(path) }
        self.device = device
        let capabilities = try attempt(operation) { () throws(V4L2Errno) in try device.capabilities() }
        if let problem = V4L2Faults.problem(capabilities, operation) { throw problem }
        let agreement = try V4L2Negotiation.agree(device, options, operation)
        self.agreement = agreement
        let length = try attempt(operation) { () throws(V4L2Errno) in
            let length = try device.mapBuffers(Self.bufferCount)
            try device.enqueueAll()
            return length
        }
        size = agreement.format.size
        switch agreement.reading {
        case .asItIs(let layout):
            guard layout.byteCount <= length else {
                throw CaptureError(
                    .unsupported, operation,
                    "its driver's buffers of \(length) bytes are too small for \(layout.byteCount) bytes of \(size)")
            }
        case .jpeg:
            guard let decoder = JPEGFrames(capacity: length, threads: options.decoderThreads) else {
                throw CaptureError(.unsupported, operation, "this FFmpeg was built without an MJPEG decoder")
            }
            jpeg = decoder
        case .converted(let layout):
            size = layout.size
            target = .allocate(byteCount: layout.byteCount, alignment: 64)
        }
        try attempt(operation) { () throws(V4L2Errno) in try device.start() }
        return SourceFormat(name: agreement.format.fourCC.description, size: size, rate: agreement.rate)
    }

    func close() {
        device?.close()
        target?.deallocate()
        (device, agreement, jpeg, target, lent, pending) = (nil, nil, nil, nil, nil, nil)
        (sequence, previous, missedSinceFrame) = (nil, nil, 0)
    }

    func read(timeout: Duration) throws(CaptureError) -> Reading {
        guard let device, let agreement else { throw CaptureError(.disconnected, operation, "it is not open") }
        if let pending {
            self.pending = nil
            return give(pending.view, pending.time, pending.missed)
        }
        let buffer = try attempt(operation) { () throws(V4L2Errno) in
            if let lent { try device.enqueue(lent) }
            lent = nil
            return try next(device, timeout)
        }
        guard let buffer else {
            if cancellation.isCancelled { throw .cancelled(operation) }
            throw CaptureError(.timedOut, operation, "no frame for \(timeout.seconds) s")
        }
        missedSinceFrame += hole(before: buffer.sequence)
        let view = view(buffer, agreement, device)
        if case .asItIs = agreement.reading, view != nil {
            lent = buffer.index
        } else {
            try attempt(operation) { () throws(V4L2Errno) in try device.enqueue(buffer.index) }
        }
        guard let view else {
            counters.corrupt += 1
            return .corrupt(nil)
        }
        let missed = missedSinceFrame
        missedSinceFrame = 0
        guard view.size == size else { return try change(view, buffer.time, missed, agreement) }
        return give(view, buffer.time, missed)
    }

    /// The next filled buffer; nil at the deadline. Waits in short pieces, so that a cancellation is noticed.
    private func next(_ device: any V4L2Device, _ timeout: Duration) throws(V4L2Errno) -> V4L2Buffer? {
        let clock = SystemTime()  // The driver and poll(2) live in real time, whatever clock a test has injected.
        let deadline = clock.now() + timeout
        while !cancellation.isCancelled {
            let left = max(.zero, deadline - clock.now())
            if try device.wait(min(left, Cancellation.latency)), let buffer = try device.dequeue() { return buffer }
            if left == .zero { return nil }
        }
        return nil
    }

    /// Frames that the driver lost between the last buffer and this one. Counts that jump far or back are a restart.
    private func hole(before number: UInt32) -> Int {
        defer { sequence = number }
        guard let sequence else { return 0 }
        let step = number &- sequence
        guard step > 1, step < 1 << 16 else { return 0 }
        counters.missed += UInt64(step - 1)
        return Int(step - 1)
    }

    /// The frame in `buffer`; nil where the driver calls it damaged, or it is too short, or cannot be decoded.
    private func view(_ buffer: V4L2Buffer, _ agreement: V4L2Agreement, _ device: any V4L2Device) -> PixelView? {
        guard buffer.flags & UInt32(V4L2_BUF_FLAG_ERROR) == 0 else { return nil }
        let bytes = UnsafeRawBufferPointer(rebasing: buffer.bytes.prefix(max(0, buffer.used)))
        switch agreement.reading {
        case .asItIs(let layout): return layout.view(bytes)
        case .jpeg: return jpeg?.decode(bytes)
        case .converted(let layout):
            guard let target, let written = device.convert(bytes, into: target), written >= layout.byteCount else {
                return nil
            }
            return layout.view(UnsafeRawBufferPointer(target))
        }
    }

    /// An MJPG camera that sends pictures of another size than it agreed to.
    private func change(
        _ view: PixelView, _ time: MonotonicTime?, _ missed: Int, _ agreement: V4L2Agreement
    ) throws(CaptureError) -> Reading {
        let sides = 1...FrameShrinker.largestSide
        guard sides.contains(view.size.width), sides.contains(view.size.height) else {
            throw CaptureError(.unsupported, "read \(path)", "pictures of \(view.size) are larger than 8192x8192")
        }
        size = view.size
        pending = (view, time, missed)
        return .formatChanged(
            SourceFormat(name: agreement.format.fourCC.description, size: view.size, rate: agreement.rate))
    }

    private func give(_ view: PixelView, _ stamp: MonotonicTime?, _ missed: Int) -> Reading {
        let now = time.now()
        var taken = now
        if let stamp, stamp <= now + .milliseconds(100), now - stamp < Self.believableAge { taken = stamp }
        if let previous, taken <= previous { counters.nonMonotonic += 1 }
        previous = taken
        counters.frames += 1
        let utc = time.utc() + (taken - now)
        return .frame(SourceFrame(view: view, time: taken, utc: utc, missed: missed))
    }

    private func attempt<R>(_ operation: String, _ body: () throws(V4L2Errno) -> R) throws(CaptureError) -> R {
        do throws(V4L2Errno) {
            return try body()
        } catch {
            throw V4L2Faults.error(error, operation, path: path)
        }
    }
}
