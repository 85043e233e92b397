import CFFmpeg
import Video

/// Turns decoded frames into views: straight over the decoder's planes wherever `PixelFormat` knows the layout, through
/// swscale where it does not (10-bit, 4:1:1, BGR, palettes).
///
/// For one thread at a time. swscale's table and target are made anew where the frames' geometry changes.
final class FrameMapper {
    private var scaler: OpaquePointer?
    private var scalerKey: (Int32, Int32, Int32)?
    private let converted: UnsafeMutablePointer<AVFrame>
    /// A frame that had to be turned.
    private let turned: UnsafeMutablePointer<AVFrame>

    init?() {
        guard let frame = av_frame_alloc() else { return nil }
        guard let other = av_frame_alloc() else {
            var frame: UnsafeMutablePointer<AVFrame>? = frame
            av_frame_free(&frame)
            return nil
        }
        (converted, turned) = (frame, other)
    }

    deinit {
        sws_freeContext(scaler)
        var frame: UnsafeMutablePointer<AVFrame>? = converted
        av_frame_free(&frame)
        frame = turned
        av_frame_free(&frame)
    }

    /// A view of `frame`, upright, valid as long as `frame` and until the next call; nil where memory ran out or swscale
    /// cannot. What `stream` says of a turned camera holds where the frame says nothing.
    func view(
        _ frame: UnsafeMutablePointer<AVFrame>, of stream: UnsafeMutablePointer<AVStream>? = nil,
        isPicture: Bool = false
    ) -> PixelView? {
        let orientation = Orientation(frame, of: stream)
        guard orientation == .upright else { return turn(frame, orientation, Self.range(frame, isPicture: isPicture)) }
        let size = FrameSize(width: Int(frame.pointee.width), height: Int(frame.pointee.height))
        guard size.width > 0, size.height > 0 else { return nil }
        if let format = Self.direct(AVPixelFormat(frame.pointee.format)) {
            return Self.view(frame, size, format, Self.range(frame, isPicture: isPicture))
        }
        guard let target = convert(frame) else { return nil }
        guard let format = Self.direct(AVPixelFormat(target.pointee.format)) else { return nil }
        return Self.view(target, size, format, Self.range(frame, isPicture: isPicture))
    }

    /// Formats whose planes can be turned one by one, with the bytes of a pixel.
    private static func step(_ format: PixelFormat?) -> Int? {
        switch format {
        case .gray8, .yuv420p, .yuv444p: 1
        case .rgb24: 3
        case .rgba: 4
        case .yuv422p, .nv12, .yuyv422, .uyvy422, nil: nil
        }
    }

    private func turn(
        _ frame: UnsafeMutablePointer<AVFrame>, _ orientation: Orientation, _ range: LumaRange
    ) -> PixelView? {
        var source = frame
        if Self.step(Self.direct(AVPixelFormat(frame.pointee.format))) == nil {
            guard let target = convert(frame) else { return nil }
            source = target
        }
        let size = FrameSize(width: Int(source.pointee.width), height: Int(source.pointee.height))
        guard let format = Self.direct(AVPixelFormat(source.pointee.format)), let step = Self.step(format),
            size.width > 0, size.height > 0
        else { return nil }
        let shown = orientation.size(of: size)
        if Int(turned.pointee.width) != shown.width || Int(turned.pointee.height) != shown.height
            || turned.pointee.format != source.pointee.format
        {
            av_frame_unref(turned)
            (turned.pointee.width, turned.pointee.height) = (Int32(shown.width), Int32(shown.height))
            turned.pointee.format = source.pointee.format
            guard av_frame_get_buffer(turned, 0) == 0 else { return nil }
        }
        guard let from = Self.view(source, size, format, range), let to = Self.view(turned, shown, format, range) else {
            return nil
        }
        let chroma = format.chromaSize(of: size) ?? size
        let sources = [
            (from.planes.0, from.strides.0, size), (from.planes.1, from.strides.1, chroma),
            (from.planes.2, from.strides.2, chroma),
        ]
        let targets = [(to.planes.0, to.strides.0), (to.planes.1, to.strides.1), (to.planes.2, to.strides.2)]
        for index in 0..<format.planeCount {
            guard let plane = sources[index].0, let target = targets[index].0 else { return nil }
            orientation.turn(
                plane, stride: sources[index].1, size: sources[index].2, step: step,
                into: UnsafeMutablePointer(mutating: target), targetStride: targets[index].1)
        }
        return to
    }

    private static func view(
        _ frame: UnsafeMutablePointer<AVFrame>, _ size: FrameSize, _ format: PixelFormat, _ range: LumaRange
    ) -> PixelView? {
        let (data, lines) = (frame.pointee.data, frame.pointee.linesize)
        let count = format.planeCount
        guard data.0 != nil, count < 2 || data.1 != nil, count < 3 || data.2 != nil else { return nil }
        return PixelView(
            planes: (
                UnsafePointer(data.0), count > 1 ? UnsafePointer(data.1) : nil, count > 2 ? UnsafePointer(data.2) : nil
            ),
            strides: (Int(lines.0), Int(lines.1), Int(lines.2)), size: size, format: format, range: range)
    }

    /// The `PixelFormat` of the same layout; nil where there is none.
    private static func direct(_ format: AVPixelFormat) -> PixelFormat? {
        switch format {
        case AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUVJ420P: .yuv420p
        case AV_PIX_FMT_YUV422P, AV_PIX_FMT_YUVJ422P: .yuv422p
        case AV_PIX_FMT_YUV444P, AV_PIX_FMT_YUVJ444P: .yuv444p
        case AV_PIX_FMT_NV12: .nv12
        case AV_PIX_FMT_GRAY8: .gray8
        case AV_PIX_FMT_YUYV422: .yuyv422
        case AV_PIX_FMT_UYVY422: .uyvy422
        case AV_PIX_FMT_RGB24: .rgb24
        case AV_PIX_FMT_RGBA, AV_PIX_FMT_RGB0: .rgba
        default: nil
        }
    }

    /// yuvj formats, RGB, grey and pictures are full range; colour video that does not say is limited, as every player assumes.
    /// Grey that does not say is not: raw Y800, FFV1 or JPEG 2000 hold what a sensor or a picture gave.
    private static func range(_ frame: UnsafeMutablePointer<AVFrame>, isPicture: Bool) -> LumaRange {
        if isPicture || frame.pointee.color_range == AVCOL_RANGE_JPEG { return .full }
        if frame.pointee.color_range == AVCOL_RANGE_UNSPECIFIED,
            let description = av_pix_fmt_desc_get(AVPixelFormat(frame.pointee.format)),
            description.pointee.nb_components <= 2
        {
            return .full
        }
        switch AVPixelFormat(frame.pointee.format) {
        case AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_YUVJ422P, AV_PIX_FMT_YUVJ444P, AV_PIX_FMT_YUVJ440P, AV_PIX_FMT_YUVJ411P:
            return .full
        default:
            return .limited
        }
    }

    private func convert(_ frame: UnsafeMutablePointer<AVFrame>) -> UnsafeMutablePointer<AVFrame>? {
        let key = (frame.pointee.width, frame.pointee.height, frame.pointee.format)
        if scalerKey.map({ $0 != key }) ?? true {
            guard prepare(key) else { return nil }
        }
        // swscale takes pointers to arrays that Swift sees as tuples inside AVFrame: four pointers, four ints.
        typealias Planes = (UnsafeMutablePointer<UnsafePointer<UInt8>?>, UnsafeMutablePointer<Int32>)
        func withPlanes<R>(_ frame: UnsafeMutablePointer<AVFrame>, _ body: (Planes) -> R) -> R {
            withUnsafeMutablePointer(to: &frame.pointee.data) { data in
                withUnsafeMutablePointer(to: &frame.pointee.linesize) { lines in
                    data.withMemoryRebound(to: UnsafePointer<UInt8>?.self, capacity: 8) { data in
                        lines.withMemoryRebound(to: Int32.self, capacity: 8) { body((data, $0)) }
                    }
                }
            }
        }
        let rows = withPlanes(frame) { from in
            withPlanes(converted) { to in
                to.0.withMemoryRebound(to: UnsafeMutablePointer<UInt8>?.self, capacity: 8) {
                    sws_scale(scaler, from.0, from.1, 0, frame.pointee.height, $0, to.1)
                }
            }
        }
        return rows == frame.pointee.height ? converted : nil
    }

    private func prepare(_ key: (Int32, Int32, Int32)) -> Bool {
        sws_freeContext(scaler)
        scaler = nil
        scalerKey = nil
        av_frame_unref(converted)
        let source = AVPixelFormat(key.2)
        guard let description = av_pix_fmt_desc_get(source), sws_isSupportedInput(source) != 0 else { return false }
        let flags = Int32(truncatingIfNeeded: description.pointee.flags)
        let isColour = flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL) != 0
        let target =
            isColour ? AV_PIX_FMT_RGB24 : description.pointee.nb_components <= 2 ? AV_PIX_FMT_GRAY8 : AV_PIX_FMT_YUV420P
        (converted.pointee.width, converted.pointee.height) = (key.0, key.1)
        converted.pointee.format = target.rawValue
        guard av_frame_get_buffer(converted, 0) == 0,
            let made = sws_getContext(key.0, key.1, source, key.0, key.1, target, SWS_POINT, nil, nil, nil)
        else { return false }
        // Same range on both sides: expanding is FrameShrinker's work, after averaging.
        let table = sws_getCoefficients(SWS_CS_ITU601)
        sws_setColorspaceDetails(made, table, isColour ? 1 : 0, table, isColour ? 1 : 0, 0, 1 << 16, 1 << 16)
        scaler = made
        scalerKey = key
        return true
    }
}
