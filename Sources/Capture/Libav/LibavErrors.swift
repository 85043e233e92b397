import CFFmpeg
import Glibc

/// libav's error codes in words for someone woken at night.
enum LibavErrors {
    /// Turns libav's own messages off, once: they go to stderr, without a camera's name and with its address.
    static let silenced: Void = {
        av_log_set_level(AV_LOG_QUIET)
        avformat_network_init()
    }()

    /// What `code` means for a stream or file that was being opened or read.
    static func error(_ code: Int32, _ operation: String, isLive: Bool, isOpen: Bool = false) -> CaptureError {
        // EIO has three meanings: a file that is cut short within a header, a host name that does not resolve, and a server that
        // hangs up in mid-stream.
        let code = code == -EIO && !isLive ? ZANZO_AVERROR_INVALIDDATA : code
        if code == -EIO, isOpen {
            return CaptureError(.disconnected, operation, "the other side closed the connection")
        }
        if let known = known(code) { return CaptureError(known.code, operation, known.message) }
        if code == ZANZO_AVERROR_EOF {
            return isLive
                ? CaptureError(.disconnected, operation, "the other side closed the connection")
                : CaptureError(.badData, operation, "the file ends before its first picture")
        }
        if code == ZANZO_AVERROR_INVALIDDATA {
            return CaptureError(
                isLive ? .disconnected : .badData, operation,
                !isLive
                    ? "it is not a video that can be read, or it is cut short"
                    : isOpen
                        ? "the stream makes no sense any more"
                        : "what comes is no video that FFmpeg can read: a web page, or MJPEG without its first boundary; "
                            + "check the address")
        }
        return CaptureError(isLive ? .disconnected : .badData, operation, text(code))
    }

    private static func known(_ code: Int32) -> (code: CaptureError.Code, message: String)? {
        switch code {
        case ZANZO_AVERROR_HTTP_UNAUTHORIZED:
            (
                .authentication,
                "user or password are missing or wrong (401): credentials: (or --credentials) names the file that has them"
            )
        case ZANZO_AVERROR_HTTP_FORBIDDEN:
            (.authentication, "this user may not see this stream (403)")
        case ZANZO_AVERROR_HTTP_NOT_FOUND:
            (.unavailable, "the camera has no stream at this path (404); check the address")
        case ZANZO_AVERROR_HTTP_BAD_REQUEST, ZANZO_AVERROR_HTTP_OTHER_4XX:
            (.unavailable, "the camera refused the request (4xx); check path and transport")
        case ZANZO_AVERROR_HTTP_SERVER_ERROR:
            (.unavailable, "the camera's server failed (5xx)")
        case ZANZO_AVERROR_PROTOCOL_NOT_FOUND:
            (.unsupported, "this FFmpeg was built without that protocol")
        case ZANZO_AVERROR_DEMUXER_NOT_FOUND, ZANZO_AVERROR_DECODER_NOT_FOUND, ZANZO_AVERROR_PATCHWELCOME:
            (.unsupported, "this FFmpeg was built without what it takes to read it")
        case -ECONNREFUSED: (.unavailable, "connection refused: nothing listens on that port")
        case -EHOSTUNREACH, -ENETUNREACH: (.unavailable, "no way to that host; check network and address")
        case -ETIMEDOUT: (.timedOut, "no answer in time")
        case -ECONNRESET, -EPIPE: (.disconnected, "the other side cut the connection")
        case -ENOENT: (.unavailable, "there is no such file")
        case -EISDIR: (.notACamera, "it is a directory")
        case -EACCES, -EPERM: (.noPermission, "this user may not read it")
        case -EIO: (.unavailable, "no connection: the host name cannot be resolved, or the network failed")
        case -ENOMEM: (.unavailable, "out of memory")
        default: nil
        }
    }

    /// libav's own text for `code`.
    static func text(_ code: Int32) -> String {
        var buffer = [CChar](repeating: 0, count: Int(AV_ERROR_MAX_STRING_SIZE))
        guard av_strerror(code, &buffer, buffer.count) == 0 else { return "libav error \(code)" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
