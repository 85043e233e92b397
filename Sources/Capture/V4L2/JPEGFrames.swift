import CFFmpeg
import Video

/// Decodes the JPEG pictures of an MJPG camera; luma comes straight from the decoder's planes.
final class JPEGFrames {
    private let codec: UnsafeMutablePointer<AVCodecContext>
    private let packet: UnsafeMutablePointer<AVPacket>
    private let frame: UnsafeMutablePointer<AVFrame>
    private let mapper: FrameMapper
    /// The picture's bytes with libav's padding behind them; a driver's mapping may end with the picture.
    private let padded: UnsafeMutableBufferPointer<UInt8>

    /// For pictures of up to `capacity` bytes; nil where memory or decoder is missing.
    init?(capacity: Int, threads: Int) {
        _ = LibavErrors.silenced
        guard let decoder = avcodec_find_decoder(AV_CODEC_ID_MJPEG), let mapper = FrameMapper() else { return nil }
        var codec = avcodec_alloc_context3(decoder)
        var (packet, frame) = (av_packet_alloc(), av_frame_alloc())
        codec?.pointee.thread_count = Int32(max(1, min(64, threads)))
        codec?.pointee.max_pixels = Int64(FrameShrinker.largestSide * FrameShrinker.largestSide)
        if let codec { DecoderDamage.watch(codec) }
        guard let codecOpened = codec, let packetMade = packet, let frameMade = frame,
            avcodec_open2(codecOpened, decoder, nil) == 0
        else {
            avcodec_free_context(&codec)
            av_packet_free(&packet)
            av_frame_free(&frame)
            return nil
        }
        (self.codec, self.packet, self.frame, self.mapper) = (codecOpened, packetMade, frameMade, mapper)
        padded = .allocate(capacity: capacity + Int(AV_INPUT_BUFFER_PADDING_SIZE))
        padded.initialize(repeating: 0)
    }

    deinit {
        var (codec, packet, frame): (UnsafeMutablePointer<AVCodecContext>?, UnsafeMutablePointer<AVPacket>?, _) = (
            self.codec, self.packet, UnsafeMutablePointer<AVFrame>?(self.frame)
        )
        avcodec_free_context(&codec)
        av_packet_free(&packet)
        av_frame_free(&frame)
        padded.deallocate()
    }

    /// The picture in `bytes`, valid until the next one; nil where it is damaged.
    func decode(_ bytes: UnsafeRawBufferPointer) -> PixelView? {
        guard let target = padded.baseAddress, let source = bytes.bindMemory(to: UInt8.self).baseAddress,
            bytes.count > 3, bytes.count <= padded.count - Int(AV_INPUT_BUFFER_PADDING_SIZE),
            source[0] == 0xFF, source[1] == 0xD8
        else { return nil }
        target.update(from: source, count: bytes.count)
        (target + bytes.count).update(repeating: 0, count: Int(AV_INPUT_BUFFER_PADDING_SIZE))
        (packet.pointee.data, packet.pointee.size) = (target, Int32(bytes.count))
        guard avcodec_send_packet(codec, packet) >= 0 else { return nil }
        let code = avcodec_receive_frame(codec, frame)
        guard code >= 0, !DecoderDamage.marks(frame) else { return nil }
        return mapper.view(frame, isPicture: true)
    }
}
