import CV4L2
import Video

/// What a frame in a driver's buffer looks like: where its planes begin and how many bytes it takes at least.
///
/// Made from what the driver says of its format, and checked: a stride that is too small or absurd becomes the smallest
/// that is possible, so that a view never reads outside the bytes that `byteCount` promises.
struct V4L2Layout: Sendable, Hashable {
    let size: FrameSize
    let format: PixelFormat
    let range: LumaRange
    let strides: (Int, Int, Int)
    let offsets: (Int, Int, Int)
    /// Bytes that a whole frame takes; a buffer with fewer is damaged.
    let byteCount: Int

    /// Formats that are read as they come, in order of preference: those with colour that cost least first.
    static let native: [(fourCC: FourCC, format: PixelFormat)] = [
        (FourCC("NV12"), .nv12), (FourCC("YU12"), .yuv420p), (FourCC("YUYV"), .yuyv422), (FourCC("UYVY"), .uyvy422),
        (FourCC("RGB3"), .rgb24), (FourCC("GREY"), .gray8),
    ]
    /// Formats whose frames are JPEG pictures.
    static let jpeg = [FourCC("MJPG"), FourCC("JPEG")]

    /// Nil where the format is none that is read as it comes, or the size is impossible in it.
    init?(_ given: V4L2Format) {
        guard let format = Self.native.first(where: { $0.fourCC == given.fourCC })?.format else { return nil }
        let (width, height) = (given.size.width, given.size.height)
        let sides = 1...FrameShrinker.largestSide
        guard sides.contains(width), sides.contains(height) else { return nil }
        let smallest: Int
        switch format {
        case .yuyv422, .uyvy422: smallest = (width + 1) / 2 * 4
        case .rgb24: smallest = width * 3
        case .nv12, .yuv420p: smallest = (width + 1) / 2 * 2
        default: smallest = width
        }
        let isPlausible = given.bytesPerLine >= smallest && given.bytesPerLine <= smallest * 4 + 4096
        let stride = isPlausible ? given.bytesPerLine : smallest
        let (luma, chromaRows) = (stride * height, (height + 1) / 2)
        switch format {
        case .nv12:
            (strides, offsets) = ((stride, stride, 0), (0, luma, 0))
            byteCount = luma + stride * (chromaRows - 1) + smallest
        case .yuv420p:
            let half = stride / 2
            (strides, offsets) = ((stride, half, half), (0, luma, luma + half * chromaRows))
            byteCount = luma + half * chromaRows + half * (chromaRows - 1) + smallest / 2
        default:
            (strides, offsets) = ((stride, 0, 0), (0, 0, 0))
            byteCount = stride * (height - 1) + smallest
        }
        (size, self.format, range) = (given.size, format, Self.range(given, format))
    }

    /// A view of the frame in `bytes`, which are `byteCount` or more.
    func view(_ bytes: UnsafeRawBufferPointer) -> PixelView? {
        guard bytes.count >= byteCount, let base = bytes.bindMemory(to: UInt8.self).baseAddress else { return nil }
        let count = format.planeCount
        return PixelView(
            planes: (base, count > 1 ? base + offsets.1 : nil, count > 2 ? base + offsets.2 : nil), strides: strides,
            size: size, format: format, range: range)
    }

    /// The kernel's own rule for "default" (V4L2_MAP_QUANTIZATION_DEFAULT): RGB and JPEG are full, all else limited.
    private static func range(_ given: V4L2Format, _ format: PixelFormat) -> LumaRange {
        switch given.quantization {
        case V4L2_QUANTIZATION_FULL_RANGE.rawValue: .full
        case V4L2_QUANTIZATION_LIM_RANGE.rawValue: .limited
        default: format.isRGB || given.colorspace == V4L2_COLORSPACE_JPEG.rawValue ? .full : .limited
        }
    }

    static func == (a: V4L2Layout, b: V4L2Layout) -> Bool {
        a.size == b.size && a.format == b.format && a.range == b.range && a.strides == b.strides
            && a.offsets == b.offsets
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(size)
        hasher.combine(format)
        hasher.combine(strides.0)
    }
}
