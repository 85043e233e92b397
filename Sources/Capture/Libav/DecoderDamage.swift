import CFFmpeg

/// What decoders say of a damaged picture.
///
/// Left alone, a decoder fills what is missing (with grey, black or the frame before) and calls the result a picture.
///
/// - Codecs whose frames all stand alone (MJPEG, PNG): with `AV_EF_EXPLODE` half a picture is an error. What other programs
///   read without a word stays good: a missing EOI, bytes behind it, CMYK, progressive scans, EXIF, restart markers. A JPEG that
///   lacks no more than its last block passes, for that is where one without an EOI ends.
/// - H.264, MPEG-4 and MPEG-2 mark what they concealed (`decode_error_flags`, `AV_FRAME_FLAG_CORRUPT`). They are not asked to
///   explode: that loses whole frames around the damage, and finds no more of it.
/// - HEVC reports a slice that is cut short; of flipped bits within one, like VP8, VP9 and FFV1, it says nothing.
enum DecoderDamage {
    /// Has a decoder that is about to be opened report what it can.
    static func watch(_ codec: UnsafeMutablePointer<AVCodecContext>) {
        guard isIntraOnly(codec.pointee.codec_id) else { return }
        codec.pointee.err_recognition |= AV_EF_EXPLODE | AV_EF_CRCCHECK | AV_EF_BITSTREAM | AV_EF_BUFFER
    }

    /// Whether the decoder calls this frame damaged.
    static func marks(_ frame: UnsafeMutablePointer<AVFrame>) -> Bool {
        frame.pointee.flags & AV_FRAME_FLAG_CORRUPT != 0 || frame.pointee.decode_error_flags != 0
    }

    /// Whether every frame of the codec stands alone: there is no key frame to wait for, and damage does not last.
    static func isIntraOnly(_ codec: AVCodecID) -> Bool {
        avcodec_descriptor_get(codec).map { Int32($0.pointee.props) & AV_CODEC_PROP_INTRA_ONLY != 0 } ?? false
    }
}
