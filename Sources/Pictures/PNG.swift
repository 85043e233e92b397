import CPNG
import Glibc

/// PNG files in memory, by libpng.
public enum PNG {
    /// The widest and tallest picture that is decoded: more is a bomb, not a picture.
    public static let maximumSide = 16_384

    /// The version of the libpng that this process runs with.
    public static var libraryVersion: String { png_get_libpng_ver(nil).map { String(cString: $0) } ?? "unknown" }

    /// Encodes `canvas` as an 8-bit RGB PNG.
    ///
    /// `compression` is zlib's level, 0…9. Level 2 with the "up" filter was the best of what was measured: a walkway's
    /// photograph of 640×360 takes 5.6 ms and 152 kB (level 3: 9.0 ms, 137 kB; level 1: 5.1 ms, 162 kB; trying all
    /// filters: 9.2 ms, 145 kB), a comparison of 1499×358 takes 4.3 ms and 60 kB ("up" gains most: panels are
    /// stretched, so that rows repeat).
    ///
    /// - Throws: `badSize` for a canvas without pixels, `encoding` where libpng gives up (memory).
    public static func encode(_ canvas: Canvas, compression: Int = 2) throws(PictureError) -> [UInt8] {
        try encode(canvas, compression: compression, filters: PNG_FILTER_UP)
    }

    static func encode(_ canvas: Canvas, compression: Int, filters: Int32) throws(PictureError) -> [UInt8] {
        guard canvas.width > 0, canvas.height > 0 else {
            throw PictureError(
                code: .badSize, operation: "encode PNG", message: "\(canvas.width)x\(canvas.height) has no pixels")
        }
        var output = zanzo_png_output()
        defer { free(output.bytes) }
        let level = Int32(min(max(compression, 0), 9))
        let done = canvas.pixels.withUnsafeBufferPointer { pixels in
            zanzo_png_encode(
                pixels.baseAddress, UInt32(canvas.width), UInt32(canvas.height), 3, level, filters, &output)
        }
        guard done == 1, let bytes = output.bytes else {
            throw PictureError(code: .encoding, operation: "encode PNG", message: text(of: &output.message))
        }
        return Array(UnsafeBufferPointer(start: bytes, count: output.count))
    }

    /// Decodes a PNG of any kind to RGB; transparency is laid over black.
    ///
    /// - Throws: `badData` for what is not a PNG or is cut short, `badSize` beyond `maximumSide`.
    public static func decode(_ bytes: [UInt8]) throws(PictureError) -> Canvas {
        var image = png_image()
        var pixels: [UInt8] = []
        var side = (width: 0, height: 0)
        let fault: PictureError? = bytes.withUnsafeBytes { raw in
            guard zanzo_png_begin(raw.baseAddress, raw.count, &image) == 1 else { return unreadable(&image) }
            side = (Int(image.width), Int(image.height))
            guard side.width <= maximumSide, side.height <= maximumSide, side.width * side.height <= 1 << 26 else {
                zanzo_png_free(&image)
                return PictureError(
                    code: .badSize, operation: "decode PNG", message: "\(side.width)x\(side.height) is too large")
            }
            pixels = [UInt8](repeating: 0, count: side.width * side.height * 3)
            let done = pixels.withUnsafeMutableBufferPointer { zanzo_png_finish(&image, $0.baseAddress) }
            return done == 1 ? nil : unreadable(&image)
        }
        if let fault { throw fault }
        return Canvas(width: side.width, height: side.height, pixels: pixels)
    }

    private static func unreadable(_ image: inout png_image) -> PictureError {
        PictureError(code: .badData, operation: "decode PNG", message: text(of: &image.message))
    }

    /// The C string in a fixed-size array of characters.
    private static func text<T>(of message: inout T) -> String {
        withUnsafeBytes(of: &message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}
