import Video

/// What tells a picture that is a strip of square frames side by side from one that is a frame.
package enum StripFile {
    private static let (prefix, suffix) = ("strip-", ".png")

    /// The name that `zanzo record` gives the strip whose first frame is the recording's `first`: strip-00000256.png.
    package static func name(first: Int) -> String {
        let digits = String(first)
        return prefix + String(repeating: "0", count: max(0, 8 - digits.count)) + digits + suffix
    }

    /// The first frame by such a name; nil for any other.
    package static func first(ofName path: String) -> Int? {
        let name = path.split(separator: "/").last ?? ""
        guard name.hasPrefix(prefix), name.hasSuffix(suffix) else { return nil }
        let digits = name.dropFirst(prefix.count).dropLast(suffix.count)
        return (8...12).contains(digits.count) && digits.utf8.allSatisfy { (48...57).contains($0) } ? Int(digits) : nil
    }

    /// Frames of a strip of this size, 2 or more; 1: it is none.
    static func count(_ size: FrameSize) -> Int {
        guard size.height > 0, size.width % size.height == 0 else { return 1 }
        return max(1, size.width / size.height)
    }

    /// Strips of fewer frames might be a wide camera's pictures, 2:1 or 3:1.
    private static let fewestFrames = 4

    /// Higher pictures might be a panorama's, 4:1; `zanzo record` writes frames of no more than this.
    private static let greatestSide = 512

    /// Whether a picture in a folder is a strip: of a size that no camera's picture has, or by its name.
    static func isStrip(_ size: FrameSize, path: String) -> Bool {
        count(size) >= fewestFrames && size.height <= greatestSide || count(size) > 1 && first(ofName: path) != nil
    }

    /// Whether the strip `next` goes on where `path`, of `count` frames, ended: both are of one recording.
    static func goesOn(_ path: String, _ count: Int, _ next: String) -> Bool {
        guard let first = first(ofName: path) else { return false }
        return Self.first(ofName: next) == first + count
    }

    /// Frame `index` of a strip: the same memory, seen through a square window.
    ///
    /// Throws where `strip` is none; the error names `operation`.
    static func frame(_ index: Int, of strip: PixelView, _ operation: String) throws(CaptureError) -> PixelView {
        let side = strip.size.height
        guard count(strip.size) > 1 else {
            throw CaptureError(
                .notACamera, operation,
                "\(strip.size) is not a strip of square frames: its width must be a multiple (2 or more) of its height")
        }
        let left = index * side
        var view = strip
        view.size = FrameSize(width: side, height: side)
        func moved(_ plane: UnsafePointer<UInt8>?, _ bytes: Int) -> UnsafePointer<UInt8>? { plane.map { $0 + bytes } }
        let (a, b, c) = strip.planes
        switch strip.format {
        case .gray8: view.planes.0 = moved(a, left)
        case .yuyv422, .uyvy422: view.planes.0 = moved(a, left * 2)
        case .rgb24: view.planes.0 = moved(a, left * 3)
        case .rgba: view.planes.0 = moved(a, left * 4)
        case .nv12: view.planes = (moved(a, left), moved(b, left / 2 * 2), nil)
        case .yuv420p, .yuv422p: view.planes = (moved(a, left), moved(b, left / 2), moved(c, left / 2))
        case .yuv444p: view.planes = (moved(a, left), moved(b, left), moved(c, left))
        }
        return view
    }
}
