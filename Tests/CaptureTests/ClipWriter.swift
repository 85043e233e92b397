import CFFmpeg
import Glibc
import Testing
import Video

/// A folder of a test's own, removed with the value's last reference.
final class Scratch {
    let path: String

    init() throws {
        var template = Array("/tmp/zanzo-capture-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw TestFailure("mkdtemp: errno \(errno)") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        if let stream = opendir(path) {
            while let entry = readdir(stream) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                unlink("\(path)/\(name)")
            }
            closedir(stream)
        }
        rmdir(path)
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes `bytes` into the file `name`; gives its path.
    @discardableResult
    func write(_ bytes: [UInt8], _ name: String) throws -> String {
        guard let file = fopen(self.file(name), "wb") else { throw TestFailure("fopen: errno \(errno)") }
        fwrite(bytes, 1, bytes.count, file)
        fclose(file)
        return self.file(name)
    }

    func read(_ name: String) throws -> [UInt8] {
        guard let file = fopen(self.file(name), "rb") else { throw TestFailure("fopen: errno \(errno)") }
        defer { fclose(file) }
        var (bytes, buffer) = ([UInt8](), [UInt8](repeating: 0, count: 1 << 16))
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
    }
}

struct TestFailure: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}

/// What a test's clip is made of.
struct ClipStyle {
    var codec = "mpeg4"
    var size = FrameSize(width: 64, height: 48)
    var frames = 10
    var rate: Int32 = 10
    var format = AV_PIX_FMT_YUV420P
    var keyEvery: Int32 = 5
    /// Time stamp of each frame, in frames.
    var stamp: (Int) -> Int64 = { Int64($0) }
    /// Options of the encoder.
    var options: [(String, String)] = []
}

/// Writes small clips with libavcodec's own encoders: frame n is flat, of luma 40 + 10 n (8-bit codes).
enum ClipWriter {
    static func luma(_ index: Int) -> UInt8 { UInt8(40 + 10 * (index % 18)) }

    static func has(_ codec: String) -> Bool { avcodec_find_encoder_by_name(codec) != nil }

    static func write(_ path: String, _ style: ClipStyle = ClipStyle()) throws {
        var output: UnsafeMutablePointer<AVFormatContext>?
        try check(avformat_alloc_output_context2(&output, nil, nil, path), "container")
        guard let output, let encoder = avcodec_find_encoder_by_name(style.codec),
            let stream = avformat_new_stream(output, nil), let codec = avcodec_alloc_context3(encoder),
            let frame = av_frame_alloc(), let packet = av_packet_alloc()
        else { throw TestFailure("no encoder \(style.codec)") }
        defer {
            var (c, f, p): (UnsafeMutablePointer<AVCodecContext>?, UnsafeMutablePointer<AVFrame>?, _) = (
                codec, frame, UnsafeMutablePointer<AVPacket>?(packet)
            )
            avcodec_free_context(&c)
            av_frame_free(&f)
            av_packet_free(&p)
            avformat_free_context(output)
        }
        (codec.pointee.width, codec.pointee.height) = (Int32(style.size.width), Int32(style.size.height))
        codec.pointee.pix_fmt = style.format
        codec.pointee.time_base = AVRational(num: 1, den: style.rate)
        codec.pointee.framerate = AVRational(num: style.rate, den: 1)
        codec.pointee.gop_size = style.keyEvery
        codec.pointee.max_b_frames = 0
        codec.pointee.bit_rate = 2_000_000
        codec.pointee.thread_count = 1
        if output.pointee.oformat.pointee.flags & AVFMT_GLOBALHEADER != 0 {
            codec.pointee.flags |= AV_CODEC_FLAG_GLOBAL_HEADER
        }
        for (key, value) in style.options { av_opt_set(codec, key, value, AV_OPT_SEARCH_CHILDREN) }
        try check(avcodec_open2(codec, encoder, nil), "open encoder")
        try check(avcodec_parameters_from_context(stream.pointee.codecpar, codec), "parameters")
        stream.pointee.time_base = codec.pointee.time_base
        stream.pointee.avg_frame_rate = codec.pointee.framerate
        try check(avio_open(&output.pointee.pb, path, AVIO_FLAG_WRITE), "open \(path)")
        try check(avformat_write_header(output, nil), "header")
        func drain() throws {
            while avcodec_receive_packet(codec, packet) == 0 {
                av_packet_rescale_ts(packet, codec.pointee.time_base, stream.pointee.time_base)
                packet.pointee.stream_index = stream.pointee.index
                try check(av_interleaved_write_frame(output, packet), "write")
            }
        }
        for index in 0..<style.frames {
            av_frame_unref(frame)
            (frame.pointee.width, frame.pointee.height) = (codec.pointee.width, codec.pointee.height)
            frame.pointee.format = style.format.rawValue
            try check(av_frame_get_buffer(frame, 0), "buffer")
            fill(frame, index)
            frame.pointee.pts = style.stamp(index)
            try check(avcodec_send_frame(codec, frame), "encode")
            try drain()
        }
        avcodec_send_frame(codec, nil)
        try drain()
        try check(av_write_trailer(output), "trailer")
        avio_closep(&output.pointee.pb)
    }

    private static func fill(_ frame: UnsafeMutablePointer<AVFrame>, _ index: Int) {
        let isDeep = [AV_PIX_FMT_YUV420P10LE, AV_PIX_FMT_GRAY10LE].map(\.rawValue).contains(frame.pointee.format)
        let (data, lines) = (frame.pointee.data, frame.pointee.linesize)
        let planes: [(UnsafeMutablePointer<UInt8>?, Int32, UInt8)] = [
            (data.0, lines.0, luma(index)), (data.1, lines.1, 128), (data.2, lines.2, 128),
        ]
        for (number, (plane, stride, code)) in planes.enumerated() {
            guard let plane else { continue }
            let halved = number > 0 && frame.pointee.format != AV_PIX_FMT_YUV444P.rawValue
            let rows = Int(frame.pointee.height) / (halved ? 2 : 1)
            for at in 0..<rows * Int(stride) {
                if isDeep {
                    plane[at] = UInt8(truncatingIfNeeded: at % 2 == 0 ? Int(code) << 2 : Int(code) >> 6)
                } else {
                    plane[at] = code
                }
            }
        }
    }

    private static func check(_ code: Int32, _ what: String) throws {
        guard code >= 0 else { throw TestFailure("\(what): libav error \(code)") }
    }
}
