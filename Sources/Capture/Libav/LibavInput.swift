import CFFmpeg
import Glibc
import Synchronization
import Video

/// When a blocking call of libav has to give up. libav asks it (every 100 ms at most) on the thread that blocks.
final class LibavDeadline: Sendable {
    private let nanoseconds = Atomic<Int64>(.max)
    let cancellation: Cancellation

    init(cancellation: Cancellation) { self.cancellation = cancellation }

    /// Gives the calls from now on this much time in all. Network and disk are real: so is the clock.
    func allow(_ duration: Duration) {
        nanoseconds.store((SystemTime().now() + duration).nanoseconds, ordering: .relaxed)
    }

    var isOver: Bool {
        cancellation.isCancelled || SystemTime().now().nanoseconds > nanoseconds.load(ordering: .relaxed)
    }
}

/// An opened container and the decoder of its video: owns libav's contexts, frees them at the end of its life.
final class LibavInput {
    /// What to open and how; `url` holds the password, `name` does not.
    struct Request {
        var url: String
        var name: String
        var isLive: Bool
        var isRTSP: Bool
        var options: SourceOptions
    }

    let format: UnsafeMutablePointer<AVFormatContext>
    let codec: UnsafeMutablePointer<AVCodecContext>
    let stream: UnsafeMutablePointer<AVStream>
    let packet: UnsafeMutablePointer<AVPacket>
    let frame: UnsafeMutablePointer<AVFrame>
    let codecName: String
    /// Whether every frame stands alone (MJPEG, PNG): there is no first key frame to wait for.
    let isIntraOnly: Bool
    /// Whether the stream's time stamps are the camera's own: MJPEG over HTTP and raw video have none, and libavformat makes
    /// up 25 a second.
    let hasTimeStamps: Bool
    /// Whether it comes a segment at a time (HLS).
    let isSegmented: Bool
    /// Whether it is one picture and then the end: a camera's `snap.jpg`, that has to be fetched again and again.
    let isStillImage: Bool
    private let deadline: LibavDeadline

    /// Opens container and decoder; the deadline must have been set. Errors name `request.name`, never its URL.
    init(_ request: Request, deadline: LibavDeadline) throws(CaptureError) {
        _ = LibavErrors.silenced
        let operation = "open \(request.name)"
        let format = try Self.openFormat(request, deadline, operation)
        do throws(CaptureError) {
            let (index, decoder) = try Self.findVideo(format, request, deadline, operation)
            guard let stream = format.pointee.streams[index] else { throw Self.outOfMemory(operation) }
            let codec = try Self.openCodec(decoder, stream, request, operation)
            guard let packet = av_packet_alloc(), let frame = av_frame_alloc() else {
                throw Self.outOfMemory(operation)
            }
            (self.stream, self.codec, self.packet, self.frame) = (stream, codec, packet, frame)
        } catch {
            var format: UnsafeMutablePointer<AVFormatContext>? = format
            avformat_close_input(&format)
            throw error
        }
        self.format = format
        self.deadline = deadline
        codecName = String(cString: avcodec_get_name(codec.pointee.codec_id))
        let container = format.pointee.iformat.map { String(cString: $0.pointee.name) } ?? ""
        isSegmented = container == "hls"
        isStillImage = container.hasSuffix("_pipe") || container == "image2"
        hasTimeStamps = Self.timedContainers.contains { container.contains($0) }
        isIntraOnly = DecoderDamage.isIntraOnly(codec.pointee.codec_id)
    }

    /// Containers (words of libavformat's names) whose stamps come from the sender.
    private static let timedContainers = ["rtsp", "hls", "mpegts", "flv", "matroska", "mp4", "asf", "rtp", "sdp"]

    deinit {
        // RTSP says TEARDOWN here: a camera that is silent must not hold up a close.
        deadline.allow(.milliseconds(300))
        var (codec, packet, frame): (UnsafeMutablePointer<AVCodecContext>?, UnsafeMutablePointer<AVPacket>?, _) =
            (self.codec, self.packet, UnsafeMutablePointer<AVFrame>?(self.frame))
        avcodec_free_context(&codec)
        av_packet_free(&packet)
        av_frame_free(&frame)
        var format: UnsafeMutablePointer<AVFormatContext>? = self.format
        avformat_close_input(&format)
    }

    /// Frames a second as the container says; nil where it does not, or says nonsense.
    var rate: Double? {
        for rate in [stream.pointee.avg_frame_rate, stream.pointee.r_frame_rate, codec.pointee.framerate]
        where rate.num > 0 && rate.den > 0 {
            if let rate = Rate(perSecond: Double(rate.num) / Double(rate.den)) { return rate.perSecond }
        }
        return nil
    }

    private static func outOfMemory(_ operation: String) -> CaptureError {
        CaptureError(.unavailable, operation, "out of memory")
    }

    private static func openFormat(
        _ request: Request, _ deadline: LibavDeadline, _ operation: String
    ) throws(CaptureError) -> UnsafeMutablePointer<AVFormatContext> {
        guard var context = avformat_alloc_context() as UnsafeMutablePointer<AVFormatContext>? else {
            throw outOfMemory(operation)
        }
        // The deadline outlives the context: LibavInput keeps it, and it is only used by calls made in between.
        context.pointee.interrupt_callback = AVIOInterruptCB(
            callback: {
                Unmanaged<LibavDeadline>.fromOpaque($0.unsafelyUnwrapped).takeUnretainedValue().isOver ? 1 : 0
            },
            opaque: Unmanaged.passUnretained(deadline).toOpaque())
        var dictionary: OpaquePointer?
        defer { av_dict_free(&dictionary) }
        for (key, value) in dictionaryEntries(request) { av_dict_set(&dictionary, key, value, 0) }
        var opened: UnsafeMutablePointer<AVFormatContext>? = context
        let code = avformat_open_input(&opened, request.url, nil, &dictionary)
        guard code >= 0, let opened else { throw failure(code, request, deadline, operation) }
        context = opened
        return context
    }

    private static func dictionaryEntries(_ request: Request) -> [(String, String)] {
        // A playlist or a redirect in a hostile file must not make the daemon read other things than it was told to.
        guard request.isLive else { return [("protocol_whitelist", "file")] }
        let socketTimeout = ("timeout", "15000000")  // µs; behind the interrupt callback, should it not be asked
        guard request.isRTSP else {
            return [("protocol_whitelist", "http,https,tls,tcp,crypto"), socketTimeout]
        }
        return [
            ("protocol_whitelist", "rtsp,rtsps,rtp,udp,tcp,tls,srtp"), socketTimeout,
            ("rtsp_transport", request.options.transport.rawValue), ("allowed_media_types", "video"),
        ]
    }

    private static func findVideo(
        _ format: UnsafeMutablePointer<AVFormatContext>, _ request: Request, _ deadline: LibavDeadline,
        _ operation: String
    ) throws(CaptureError) -> (Int, UnsafePointer<AVCodec>) {
        // An RTSP server names its codecs in the SDP: probing would only decode the first seconds twice.
        if !(request.isRTSP && hasStream(format, of: AVMEDIA_TYPE_VIDEO)) {
            let code = avformat_find_stream_info(format, nil)
            guard code >= 0 else { throw failure(code, request, deadline, operation) }
        }
        var decoder: UnsafePointer<AVCodec>?
        let index = av_find_best_stream(format, AVMEDIA_TYPE_VIDEO, -1, -1, &decoder, 0)
        guard index >= 0, let decoder else {
            if index == ZANZO_AVERROR_DECODER_NOT_FOUND {
                throw failure(index, request, deadline, operation)
            }
            // Of an RTSP session only video was asked for: what else there is does not show.
            guard request.isRTSP || hasStream(format, of: AVMEDIA_TYPE_AUDIO) else {
                throw LibavErrors.error(ZANZO_AVERROR_INVALIDDATA, operation, isLive: request.isLive)
            }
            throw CaptureError(.notACamera, operation, "there is no video in it")
        }
        for other in 0..<Int(format.pointee.nb_streams) where other != Int(index) {
            format.pointee.streams[other]?.pointee.discard = AVDISCARD_ALL
        }
        return (Int(index), decoder)
    }

    /// Whether the container says of one of its streams that it is of that type, and in which encoding.
    private static func hasStream(_ format: UnsafeMutablePointer<AVFormatContext>, of type: AVMediaType) -> Bool {
        (0..<Int(format.pointee.nb_streams)).contains { index in
            guard let parameters = format.pointee.streams[index]?.pointee.codecpar else { return false }
            return parameters.pointee.codec_type == type && parameters.pointee.codec_id != AV_CODEC_ID_NONE
        }
    }

    private static func openCodec(
        _ decoder: UnsafePointer<AVCodec>, _ stream: UnsafeMutablePointer<AVStream>, _ request: Request,
        _ operation: String
    ) throws(CaptureError) -> UnsafeMutablePointer<AVCodecContext> {
        guard let codec = avcodec_alloc_context3(decoder) else { throw outOfMemory(operation) }
        do throws(CaptureError) {
            avcodec_parameters_to_context(codec, stream.pointee.codecpar)
            codec.pointee.pkt_timebase = stream.pointee.time_base
            codec.pointee.thread_count = Int32(max(1, min(64, request.options.decoderThreads)))
            codec.pointee.max_pixels = Int64(FrameShrinker.largestSide * FrameShrinker.largestSide)
            DecoderDamage.watch(codec)
            if let hardware = request.options.hardware { try attach(hardware, to: codec, operation) }
            let code = avcodec_open2(codec, decoder, nil)
            guard code >= 0 else { throw LibavErrors.error(code, operation, isLive: request.isLive) }
        } catch {
            var codec: UnsafeMutablePointer<AVCodecContext>? = codec
            avcodec_free_context(&codec)
            throw error
        }
        return codec
    }

    /// libav's default `get_format` then picks the device's format wherever the decoder has one.
    private static func attach(
        _ hardware: String, to codec: UnsafeMutablePointer<AVCodecContext>, _ operation: String
    ) throws(CaptureError) {
        let type = av_hwdevice_find_type_by_name(hardware)
        guard type != AV_HWDEVICE_TYPE_NONE else {
            var (known, next): ([String], AVHWDeviceType) = ([], av_hwdevice_iterate_types(AV_HWDEVICE_TYPE_NONE))
            while next != AV_HWDEVICE_TYPE_NONE {
                if let name = av_hwdevice_get_type_name(next) { known.append(String(cString: name)) }
                next = av_hwdevice_iterate_types(next)
            }
            throw CaptureError(
                .unsupported, operation,
                "hardware decoder \"\(hardware)\" is not one of this FFmpeg's: \(known.joined(separator: ", "))")
        }
        let code = av_hwdevice_ctx_create(&codec.pointee.hw_device_ctx, type, nil, nil, 0)
        guard code >= 0 else {
            throw CaptureError(
                .unsupported, operation, "hardware decoder \"\(hardware)\" cannot be used: \(LibavErrors.text(code))")
        }
    }

    private static func failure(
        _ code: Int32, _ request: Request, _ deadline: LibavDeadline, _ operation: String
    ) -> CaptureError {
        if deadline.cancellation.isCancelled { return .cancelled(operation) }
        if deadline.isOver || code == ZANZO_AVERROR_EXIT {
            return CaptureError(.timedOut, operation, "no answer in time")
        }
        if code == ZANZO_AVERROR_HTTP_UNAUTHORIZED, request.options.user != nil {
            return CaptureError(
                .authentication, operation,
                "user or password are wrong, or the camera takes only Digest with SHA-256, which FFmpeg's libavformat "
                    + "\(avformat_version() >> 16) cannot do: have the camera accept Digest MD5 as well (401)")
        }
        if code == -EPROTONOSUPPORT, request.isRTSP {
            let (refused, other) = request.options.transport == .tcp ? ("TCP", "udp") : ("UDP", "tcp")
            return CaptureError(
                .unsupported, operation, "the camera does not send over \(refused) (461): set transport: \(other)")
        }
        return LibavErrors.error(code, operation, isLive: request.isLive)
    }
}
