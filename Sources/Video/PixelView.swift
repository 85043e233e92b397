/// Width and height in pixels.
public struct FrameSize: Hashable, Sendable, Codable {
    /// Pixels a row.
    public var width: Int
    /// Rows.
    public var height: Int

    /// `width` × `height` pixels.
    public init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    /// Pixels in all.
    public var area: Int { width * height }
}

extension FrameSize: CustomStringConvertible {
    /// As people write it: `640x480`.
    public var description: String { "\(width)x\(height)" }
}

/// How a decoded frame lies in memory, one byte a sample: what capture accepts without a conversion.
///
/// Names are FFmpeg's; V4L2's fourcc in brackets.
public enum PixelFormat: String, Hashable, Sendable, CaseIterable {
    /// One plane of luma (GREY).
    case gray8
    /// One plane, Y0 U Y1 V for each pair of pixels (YUYV).
    case yuyv422
    /// One plane, U Y0 V Y1 for each pair of pixels (UYVY).
    case uyvy422
    /// Three planes, chroma halved in both directions (YU12, yuv420p and yuvj420p).
    case yuv420p
    /// Three planes, chroma halved across (yuv422p, yuvj422p).
    case yuv422p
    /// Three planes, chroma of full size (yuv444p, yuvj444p).
    case yuv444p
    /// Two planes: luma, then interleaved UV halved in both directions (NV12).
    case nv12
    /// One plane, R G B (RGB3).
    case rgb24
    /// One plane, R G B A; alpha is not used.
    case rgba

    /// Planes in memory.
    public var planeCount: Int {
        switch self {
        case .gray8, .yuyv422, .uyvy422, .rgb24, .rgba: 1
        case .nv12: 2
        case .yuv420p, .yuv422p, .yuv444p: 3
        }
    }
}

/// The span of luma codes: 16…235 in most video (limited, "tv"), 0…255 in pictures and MJPEG (full, "pc").
public enum LumaRange: Hashable, Sendable {
    /// ITU-R BT.601/709 studio swing: black is 16, white is 235.
    case limited
    /// Black is 0, white is 255.
    case full
}

/// A decoded frame in its source's own memory, borrowed: valid only until the source is asked for the next one.
public struct PixelView {
    /// Plane base addresses; as many as `format.planeCount`, the others nil.
    public var planes: (UnsafePointer<UInt8>?, UnsafePointer<UInt8>?, UnsafePointer<UInt8>?)
    /// Bytes from one row to the next, for each plane.
    public var strides: (Int, Int, Int)
    /// The visible size in pixels.
    public var size: FrameSize
    /// How samples lie in the planes.
    public var format: PixelFormat
    /// The span of the luma (and chroma) codes; not used for RGB.
    public var range: LumaRange

    /// A view of up to three planes.
    public init(
        planes: (UnsafePointer<UInt8>?, UnsafePointer<UInt8>?, UnsafePointer<UInt8>?), strides: (Int, Int, Int),
        size: FrameSize, format: PixelFormat, range: LumaRange
    ) {
        self.planes = planes
        self.strides = strides
        self.size = size
        self.format = format
        self.range = range
    }
}
