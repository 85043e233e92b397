import CFFmpeg
import Glibc
import Video

/// RTSP, HTTP and video files, through libavformat and libavcodec.
///
/// A stream's frames carry its own time stamps, anchored to their arrival (`StreamClock`); a file's carry its own from the
/// moment of opening on.
/// After `.timedOut` an RTSP stream can be read on; HTTP cannot (its buffer is in an error state then) and has to be
/// opened anew, so pass `read` the time after which the camera counts as lost, and end it early by `cancellation`.
final class LibavSource: FrameSource {
    /// How long opening may take in all, up to the first picture: some cameras send a key frame every 10 s only.
    static let openingTime = Duration.seconds(15)
    /// The same for this source: tests shorten it.
    var openingTime = LibavSource.openingTime
    /// Frames after a damaged one that count as damaged too where no key frame comes (streams with gradual refresh).
    private static let healingLimit = 300
    /// Packets or reads in a row that may fail before a source counts as broken.
    private static let failureLimit = 250

    /// HLS brings a segment at a time, some of them ten seconds long: its silence is no sign that the camera is gone.
    private static let segmentPatience = 3

    let isLive: Bool
    /// A TCP sender waits for its reader; of datagrams the kernel keeps a few, and drops the rest.
    var slack: Duration? { isLive ? (request.isRTSP && options.transport == .udp ? .zero : .seconds(1)) : nil }
    let cancellation = Cancellation()
    private(set) var counters = SourceCounters()

    private let request: LibavInput.Request
    private let options: SourceOptions
    private let time: any TimeSource
    private let deadline: LibavDeadline
    private let path: String?

    private var input: LibavInput?
    private var mapper: FrameMapper?
    private var stamps = FileStamps()
    private var clock = StreamClock()
    /// Whether `input.frame` holds a decoded frame that was not given yet.
    private var isFramePending = false
    /// A file's frame whose time has not come yet.
    private var early: SourceFrame?
    private var format = (size: FrameSize(width: 0, height: 0), pixels: Int32(-1))
    private var hasSeenKey = false
    private var packetsBeforeKey = 0
    /// When a still image was last fetched.
    private var lastFetch: MonotonicTime?
    private var isDraining = false
    private var failures = 0
    /// Frames to distrust from here on: later pictures are made from the damaged one until a key frame comes.
    private var healing = 0
    private var framesThisPass = 0
    private var previousStamp: Int64?

    init(address: StreamAddress, options: SourceOptions, time: any TimeSource) {
        let url = address.url(user: options.user, password: options.password)
        request = LibavInput.Request(
            url: url, name: address.description, isLive: true, isRTSP: address.isRTSP, options: options)
        (self.options, self.time, isLive, path) = (options, time, true, nil)
        deadline = LibavDeadline(cancellation: cancellation)
    }

    /// A file: `path` may hold a colon, so libavformat gets it with its protocol.
    init(path: String, options: SourceOptions, time: any TimeSource) {
        request = LibavInput.Request(
            url: "file:\(path)", name: path, isLive: false, isRTSP: false, options: options)
        (self.options, self.time, isLive, self.path) = (options, time, false, path)
        deadline = LibavDeadline(cancellation: cancellation)
    }

    func open() throws(CaptureError) -> SourceFormat {
        close()
        let operation = "open \(request.name)"
        if let path { try checkFile(path, operation) }
        deadline.allow(openingTime)
        let input = try LibavInput(request, deadline: deadline)
        self.input = input
        mapper = FrameMapper()
        stamps.begin(rate: options.rate, time: time)
        clock = StreamClock(isTrusted: input.hasTimeStamps)
        var damaged = 0
        do throws(CaptureError) {
            while true {
                switch try decode() {
                case .frame:
                    isFramePending = true
                    return try describe()
                case .corrupt: damaged += 1
                case .end: throw CaptureError(.badData, operation, "there is not one whole picture in it")
                }
            }
        } catch {
            close()
            if error.code == .timedOut, !cancellation.isCancelled {
                throw CaptureError(.timedOut, operation, silence(damaged: damaged))
            }
            throw error
        }
    }

    func close() {
        input = nil
        mapper = nil
        isFramePending = false
        early = nil
        format = (FrameSize(width: 0, height: 0), -1)
        (hasSeenKey, isDraining, failures, framesThisPass, previousStamp, healing) = (false, false, 0, 0, nil, 0)
        (packetsBeforeKey, lastFetch) = (0, nil)
    }

    func read(timeout: Duration) throws(CaptureError) -> Reading {
        let isSegmented = try opened().isSegmented
        if let early { return try give(early, timeout) }
        if !isFramePending {
            deadline.allow(isSegmented ? timeout * Self.segmentPatience : timeout)
            switch try decode() {
            case .corrupt: return .corrupt(nil)
            case .end: return .end
            case .frame: isFramePending = true
            }
        }
        let input = try opened()
        // A pending frame in another format waits for the next read.
        let size = FrameSize(width: Int(input.frame.pointee.width), height: Int(input.frame.pointee.height))
        if size != format.size || input.frame.pointee.format != format.pixels {
            return .formatChanged(try describe())
        }
        isFramePending = false
        guard let view = mapper?.view(input.frame, of: input.stream) else {
            counters.corrupt += 1
            return .corrupt(nil)
        }
        return try give(stamped(view, input), timeout)
    }

    /// Gives `frame`; where files are paced, at its time. A pause in the file may be longer than `timeout`.
    private func give(_ frame: SourceFrame, _ timeout: Duration) throws(CaptureError) -> Reading {
        if options.realTime, !isLive, !time.sleep(until: frame.time, atMost: timeout, unless: cancellation) {
            early = frame
            if cancellation.isCancelled { throw .cancelled("read \(request.name)") }
            return .waiting
        }
        early = nil
        counters.frames += 1
        return .frame(frame)
    }

    // MARK: -

    private enum Decoded { case frame, corrupt, end }

    private func opened() throws(CaptureError) -> LibavInput {
        guard let input else { throw CaptureError(.disconnected, "read \(request.name)", "it is not open") }
        return input
    }

    /// Reads packets until the decoder gives a frame (left in `input.frame`), a damaged one, or the end.
    private func decode() throws(CaptureError) -> Decoded {
        while true {
            // A looped file or a still image is opened anew in between.
            let input = try opened()
            let code = avcodec_receive_frame(input.codec, input.frame)
            if code == 0 {
                failures = 0
                return try isGood(input) ? .frame : countCorrupt()
            }
            if code == ZANZO_AVERROR_EOF {
                guard try input.isStillImage && isLive ? fetchAgain() : startAgain(input) else { return .end }
                continue
            }
            if code != ZANZO_AVERROR_EAGAIN {
                try fail(code)
                return countCorrupt()
            }
            if let damaged = try feed(input) { return damaged }
        }
    }

    /// Gives the decoder one packet; `.corrupt` where packet or read failed.
    private func feed(_ input: LibavInput) throws(CaptureError) -> Decoded? {
        let code = av_read_frame(input.format, input.packet)
        defer { av_packet_unref(input.packet) }
        if deadline.cancellation.isCancelled { throw .cancelled("read \(request.name)") }
        if code == ZANZO_AVERROR_EOF {
            guard !isLive || input.isStillImage else {
                throw LibavErrors.error(code, "read \(request.name)", isLive: true, isOpen: true)
            }
            guard !isDraining else { return nil }
            isDraining = true
            avcodec_send_packet(input.codec, nil)
            return nil
        }
        guard code >= 0 else {
            if code == ZANZO_AVERROR_EXIT || deadline.isOver {
                throw CaptureError(.timedOut, "read \(request.name)", "no frame in time")
            }
            try fail(code)
            return countCorrupt()
        }
        guard input.packet.pointee.stream_index == input.stream.pointee.index else { return nil }
        if !hasSeenKey {
            guard input.isIntraOnly || input.packet.pointee.flags & AV_PKT_FLAG_KEY != 0 else {
                packetsBeforeKey += 1
                return nil
            }
            hasSeenKey = true
        }
        let sent = avcodec_send_packet(input.codec, input.packet)
        if sent < 0, sent != ZANZO_AVERROR_EAGAIN, sent != ZANZO_AVERROR_EOF {
            healing = input.isIntraOnly ? 0 : Self.healingLimit
            try fail(sent)
            return countCorrupt()
        }
        return nil
    }

    private func countCorrupt() -> Decoded {
        counters.corrupt += 1
        return .corrupt
    }

    /// One damaged packet is a damaged frame; very many in a row are a broken source, as is a cut connection.
    private func fail(_ code: Int32) throws(CaptureError) {
        failures += 1
        let isData = code == ZANZO_AVERROR_INVALIDDATA || code == ZANZO_AVERROR_EAGAIN
        guard isData, failures < Self.failureLimit else {
            throw LibavErrors.error(code, "read \(request.name)", isLive: isLive, isOpen: true)
        }
    }

    /// Whether the decoder vouches for its frame and for those that it was made from; brings a hardware frame into memory.
    private func isGood(_ input: LibavInput) throws(CaptureError) -> Bool {
        let frame = input.frame
        if frame.pointee.hw_frames_ctx != nil {
            guard let copy = av_frame_alloc() else { return false }
            var owned: UnsafeMutablePointer<AVFrame>? = copy
            defer { av_frame_free(&owned) }
            guard av_hwframe_transfer_data(copy, frame, 0) >= 0 else { return false }
            av_frame_copy_props(copy, frame)
            av_frame_unref(frame)
            av_frame_move_ref(frame, copy)
        }
        if frame.pointee.key_frame != 0 { healing = 0 }
        if DecoderDamage.marks(frame) { healing = input.isIntraOnly ? 1 : Self.healingLimit }
        guard healing > 0 else { return true }
        healing -= 1
        return false
    }

    /// At the end of a file that is to be looped: back to its start, by opening it anew. Raw video cannot be sought in, other
    /// containers seek to the nearest key frame only; an opened file begins at its beginning. False where it ends here.
    private func startAgain(_ input: LibavInput) throws(CaptureError) -> Bool {
        guard options.loop, framesThisPass > 0, !cancellation.isCancelled else { return false }
        try reopen()
        stamps.startAgain()
        return true
    }

    private func reopen() throws(CaptureError) {
        mapper = FrameMapper()
        input = nil
        input = try LibavInput(request, deadline: deadline)
        (isDraining, hasSeenKey, framesThisPass, previousStamp) = (false, false, 0, nil)
    }

    /// Fetches a still image again when it is time to.
    private func fetchAgain() throws(CaptureError) -> Bool {
        lastFetch = (lastFetch ?? time.now()) + Duration(seconds: 1 / (options.pollingRate ?? 1))
        let due = max(lastFetch ?? time.now(), time.now())
        guard time.sleep(until: due, atMost: .seconds(3600), unless: cancellation) else {
            throw .cancelled("read \(request.name)")
        }
        lastFetch = due
        deadline.allow(openingTime)
        try reopen()
        return true
    }

    private func describe() throws(CaptureError) -> SourceFormat {
        let input = try opened()
        let frame = input.frame.pointee
        let size = FrameSize(width: Int(frame.width), height: Int(frame.height))
        guard (1...FrameShrinker.largestSide).contains(size.width),
            (1...FrameShrinker.largestSide).contains(size.height)
        else {
            throw CaptureError(
                .unsupported, "open \(request.name)",
                "frames of \(size) are larger than the 8192x8192 that are supported")
        }
        guard let view = mapper?.view(input.frame, of: input.stream) else {
            throw CaptureError(.unsupported, "open \(request.name)", "its pixel format cannot be converted")
        }
        format = (size, frame.format)
        guard isLive, input.isStillImage else {
            return SourceFormat(name: input.codecName, size: view.size, rate: options.rate ?? input.rate)
        }
        // What libavformat says of its rate is made up.
        return SourceFormat(
            name: "still image (\(input.codecName), fetched again and again)", size: view.size,
            rate: options.pollingRate ?? 1)
    }

    private func stamped(_ view: PixelView, _ input: LibavInput) -> SourceFrame {
        framesThisPass += 1
        let stamp = input.frame.pointee.best_effort_timestamp
        let base = input.stream.pointee.time_base
        let seconds = stamp == ZANZO_AV_NOPTS_VALUE ? nil : Double(stamp) * Double(base.num) / Double(max(1, base.den))
        guard !isLive else { return arrived(view, seconds) }
        if stamp != ZANZO_AV_NOPTS_VALUE {
            if let previousStamp, stamp <= previousStamp { counters.nonMonotonic += 1 }
            previousStamp = stamp
        }
        let since = stamps.next(seconds, nominalRate: input.rate ?? 25)
        return SourceFrame(view: view, time: stamps.origin + since, utc: stamps.utc + since)
    }

    /// A stream's frame that arrives now with its own stamp of `seconds`.
    private func arrived(_ view: PixelView, _ seconds: Double?) -> SourceFrame {
        let (now, utc, before) = (time.now(), time.utc(), clock.nonMonotonic)
        // Stamps beyond three hundred years are none.
        let isStill = input?.isStillImage == true
        let stamp = seconds.flatMap { abs($0) < 1e9 && !isStill ? Duration(seconds: $0) : nil }
        let taken = clock.time(of: stamp, arrival: now)
        counters.nonMonotonic += clock.nonMonotonic - before
        let streamTime = clock.isTrusted ? stamp.map { MonotonicTime(nanoseconds: $0.nanoseconds) } : nil
        return SourceFrame(view: view, time: taken, utc: utc + (taken - now), streamTime: streamTime)
    }

    /// Why there was no picture within the time that opening may take.
    private func silence(damaged: Int) -> String {
        let patience = "within \(openingTime.components.seconds) s"
        if damaged > 0 { return "no good picture \(patience): all that came are damaged" }
        if packetsBeforeKey > 0 {
            return "no key frame came \(patience): set the camera's key frame interval (GOP) to a few seconds"
        }
        return "no picture \(patience); is anything sent?"
    }

    /// libavformat's errors for these are the same as for a damaged file.
    private func checkFile(_ path: String, _ operation: String) throws(CaptureError) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw LibavErrors.error(-errno, operation, isLive: false) }
        guard status.st_mode & S_IFMT != S_IFDIR else { throw LibavErrors.error(-EISDIR, operation, isLive: false) }
        if status.st_mode & S_IFMT == S_IFREG, status.st_size == 0 {
            throw CaptureError(.badData, operation, "the file is empty (0 bytes)")
        }
    }
}
