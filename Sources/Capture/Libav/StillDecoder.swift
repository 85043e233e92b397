import CFFmpeg
import Glibc
import Video

/// Decodes one PNG or JPEG at a time; the view it gives is valid until the next one.
final class StillDecoder {
    /// The largest picture file that is read.
    static let largestFile = 256 << 20
    private let frame: UnsafeMutablePointer<AVFrame>
    private let mapper: FrameMapper

    /// Nil where memory has run out.
    init?() {
        _ = LibavErrors.silenced
        guard let mapper = FrameMapper(), let frame = av_frame_alloc() else { return nil }
        (self.mapper, self.frame) = (mapper, frame)
    }

    deinit {
        var frame: UnsafeMutablePointer<AVFrame>? = frame
        av_frame_free(&frame)
    }

    /// The picture in the file at `path`, full range.
    ///
    /// Throws `.badData` where the file is no whole picture.
    func decode(path: RawPath) throws(CaptureError) -> PixelView {
        let operation = "read \(path.text)"
        var packet: UnsafeMutablePointer<AVPacket>? = av_packet_alloc()
        defer { av_packet_free(&packet) }
        guard let packet else { throw CaptureError(.unavailable, operation, "out of memory") }
        try Self.load(path, into: packet, operation)
        guard let codec = Self.codec(packet) else {
            throw CaptureError(.badData, operation, "it is neither a PNG nor a JPEG, whatever its name says")
        }
        guard let decoder = avcodec_find_decoder(codec), let opened = avcodec_alloc_context3(decoder) else {
            throw CaptureError(.unsupported, operation, "this FFmpeg was built without a decoder for it")
        }
        var context: UnsafeMutablePointer<AVCodecContext>? = opened
        defer { avcodec_free_context(&context) }
        opened.pointee.thread_count = 1
        opened.pointee.max_pixels = 1 << 28
        DecoderDamage.watch(opened)
        av_frame_unref(frame)
        guard avcodec_open2(opened, decoder, nil) >= 0, avcodec_send_packet(opened, packet) >= 0,
            avcodec_send_packet(opened, nil) >= 0, avcodec_receive_frame(opened, frame) >= 0,
            !DecoderDamage.marks(frame)
        else { throw CaptureError(.badData, operation, "the picture is damaged or cut short") }
        guard let view = mapper.view(frame, isPicture: true) else {
            throw CaptureError(.unsupported, operation, "its pixel format cannot be converted")
        }
        return view
    }

    private static func load(
        _ path: RawPath, into packet: UnsafeMutablePointer<AVPacket>, _ operation: String
    ) throws(CaptureError) {
        guard let file = path.withCString({ fopen($0, "rbe") }) else {
            throw LibavErrors.error(-errno, operation, isLive: false)
        }
        defer { fclose(file) }
        var status = stat()
        guard fstat(fileno(file), &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw CaptureError(.notACamera, operation, "it is not a file")
        }
        guard status.st_size > 0 else { throw CaptureError(.badData, operation, "the file is empty (0 bytes)") }
        guard status.st_size <= largestFile else {
            throw CaptureError(.unsupported, operation, "it is larger than the 256 MB that are read")
        }
        guard av_new_packet(packet, Int32(status.st_size)) >= 0, let data = packet.pointee.data else {
            throw CaptureError(.unavailable, operation, "out of memory")
        }
        guard fread(data, 1, status.st_size, file) == status.st_size else {
            throw CaptureError(.badData, operation, "it became shorter while it was read")
        }
    }

    /// By the file's first bytes, not its name.
    private static func codec(_ packet: UnsafeMutablePointer<AVPacket>) -> AVCodecID? {
        let bytes = UnsafeBufferPointer(start: packet.pointee.data, count: min(8, Int(packet.pointee.size)))
        if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return AV_CODEC_ID_PNG }
        return bytes.starts(with: [0xFF, 0xD8, 0xFF]) ? AV_CODEC_ID_MJPEG : nil
    }
}
