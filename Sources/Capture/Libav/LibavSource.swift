import CFFmpeg
import Glibc
import Video

/// RTSP, HTTP and video files, through libavformat and libavcodec.
///
/// A stream's frames carry the time of their arrival; a file's carry its own time stamps from the moment of opening on.
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

    let isLive: Bool
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
    /// Whether `input.frame` holds a decoded frame that was not given yet.
    private var isFramePending = false
    /// A file's frame whose time has not come yet.
    private var early: SourceFrame?
    private var format = (size: FrameSize(width: 0, height: 0), pixels: Int32(-1))
    private var hasSeenKey = false
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
        do throws(CaptureError) {
            while true {
                switch try decode(input) {
                case .frame:
                    isFramePending = true
                    return try describe(input)
                case .corrupt: continue
                case .end: throw CaptureError(.badData, operation, "there is not one whole picture in it")
                }
            }
        } catch {
            close()
            if error.code == .timedOut, !cancellation.isCancelled {
                throw CaptureError(
                    .timedOut, operation, "no picture within \(openingTime.seconds) s; is anything sent?")
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
    }

    func read(timeout: Duration) throws(CaptureError) -> Reading {
        guard let input else {
            throw CaptureError(.disconnected, "read \(request.name)", "it is not open")
        }
        if let early { return try give(early, timeout) }
        if !isFramePending {
            deadline.allow(timeout)
            switch try decode(input) {
            case .corrupt: return .corrupt
            case .end: return .end
            case .frame: isFramePending = true
            }
        }
        // A pending frame in another format waits for the next read.
        let size = FrameSize(width: Int(input.frame.pointee.width), height: Int(input.frame.pointee.height))
        if size != format.size || input.frame.pointee.format != format.pixels {
            return .formatChanged(try describe(input))
        }
        isFramePending = false
        guard let view = mapper?.view(input.frame) else {
            counters.corrupt += 1
            return .corrupt
        }
        return try give(stamped(view, input), timeout)
    }

    /// Gives `frame`; where files are paced, at its time. A pause in the file that is longer than `timeout` is a timeout.
    private func give(_ frame: SourceFrame, _ timeout: Duration) throws(CaptureError) -> Reading {
        if options.realTime, !isLive, !time.sleep(until: frame.time, atMost: timeout, unless: cancellation) {
            early = frame
            if cancellation.isCancelled { throw .cancelled("read \(request.name)") }
            throw CaptureError(.timedOut, "read \(request.name)", "its next frame is later than that")
        }
        early = nil
        counters.frames += 1
        return .frame(frame)
    }

    // MARK: -

    private enum Decoded { case frame, corrupt, end }

    /// Reads packets until the decoder gives a frame (left in `input.frame`), a damaged one, or the end.
    private func decode(_ input: LibavInput) throws(CaptureError) -> Decoded {
        while true {
            let code = avcodec_receive_frame(input.codec, input.frame)
            if code == 0 {
                failures = 0
                return try isGood(input) ? .frame : countCorrupt()
            }
            if code == ZANZO_AVERROR_EOF {
                guard try startAgain(input) else { return .end }
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
            guard !isLive else { throw LibavErrors.error(code, "read \(request.name)", isLive: true) }
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
            guard input.isIntraOnly || input.packet.pointee.flags & AV_PKT_FLAG_KEY != 0 else { return nil }
            hasSeenKey = true
        }
        let sent = avcodec_send_packet(input.codec, input.packet)
        if sent < 0, sent != ZANZO_AVERROR_EAGAIN, sent != ZANZO_AVERROR_EOF {
            healing = Self.healingLimit
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
            throw LibavErrors.error(code, "read \(request.name)", isLive: isLive)
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
        if frame.pointee.flags & AV_FRAME_FLAG_CORRUPT != 0 || frame.pointee.decode_error_flags != 0 {
            healing = Self.healingLimit
        }
        healing = max(0, healing - 1)
        return healing == 0
    }

    /// At the end of a file that is to be looped: back to its start. False where it ends here.
    private func startAgain(_ input: LibavInput) throws(CaptureError) -> Bool {
        guard options.loop, framesThisPass > 0, !cancellation.isCancelled else { return false }
        guard av_seek_frame(input.format, input.stream.pointee.index, 0, AVSEEK_FLAG_BACKWARD) >= 0 else {
            return false
        }
        avcodec_flush_buffers(input.codec)
        (isDraining, hasSeenKey, framesThisPass, previousStamp) = (false, false, 0, nil)
        stamps.startAgain()
        return true
    }

    private func describe(_ input: LibavInput) throws(CaptureError) -> SourceFormat {
        let frame = input.frame.pointee
        let size = FrameSize(width: Int(frame.width), height: Int(frame.height))
        guard (1...FrameShrinker.largestSide).contains(size.width),
            (1...FrameShrinker.largestSide).contains(size.height)
        else {
            throw CaptureError(
                .unsupported, "open \(request.name)",
                "frames of \(size) are larger than the 8192x8192 that are supported")
        }
        guard mapper?.view(input.frame) != nil else {
            throw CaptureError(.unsupported, "open \(request.name)", "its pixel format cannot be converted")
        }
        format = (size, frame.format)
        return SourceFormat(name: input.codecName, size: size, rate: options.rate ?? input.rate)
    }

    private func stamped(_ view: PixelView, _ input: LibavInput) -> SourceFrame {
        framesThisPass += 1
        let stamp = input.frame.pointee.best_effort_timestamp
        if stamp != ZANZO_AV_NOPTS_VALUE {
            if let previousStamp, stamp <= previousStamp { counters.nonMonotonic += 1 }
            previousStamp = stamp
        }
        guard !isLive else { return SourceFrame(view: view, time: time.now(), utc: time.utc()) }
        let base = input.stream.pointee.time_base
        let seconds = stamp == ZANZO_AV_NOPTS_VALUE ? nil : Double(stamp) * Double(base.num) / Double(max(1, base.den))
        let since = stamps.next(seconds, nominalRate: input.rate ?? 25)
        return SourceFrame(view: view, time: stamps.origin + since, utc: stamps.utc + since)
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
