/// A picture in memory to draw on: 8-bit RGB, row by row, without padding.
///
/// Whatever is drawn is clipped to the picture: a coordinate outside it is not an error.
public struct Canvas: Sendable, Hashable {
    /// Pixels a row.
    public let width: Int
    /// Rows.
    public let height: Int
    /// `width * height * 3` bytes, R G B.
    public internal(set) var pixels: [UInt8]

    /// A picture of one colour (black by default).
    public init(width: Int, height: Int, colour: Colour = Colour(0, 0, 0)) {
        precondition(width >= 0 && height >= 0, "a canvas of a negative size")
        self.init(width: width, height: height, pixels: [UInt8](repeating: 0, count: width * height * 3))
        fill(colour)
    }

    /// A picture of the given bytes, `width * height * 3` of them.
    public init(width: Int, height: Int, pixels: [UInt8]) {
        precondition(pixels.count == width * height * 3, "the bytes do not fit the size")
        self.width = width
        self.height = height
        self.pixels = pixels
    }

    /// The colour at column `x` and row `y`, which must lie in the picture.
    public subscript(x: Int, y: Int) -> Colour {
        let at = (y * width + x) * 3
        return Colour(pixels[at], pixels[at + 1], pixels[at + 2])
    }

    /// Fills the whole picture.
    public mutating func fill(_ colour: Colour) {
        rectangle(x: 0, y: 0, width: width, height: height, colour: colour)
    }

    /// Fills a rectangle; `alpha` below 1 lets through what lies under it.
    public mutating func rectangle(
        x: Int, y: Int, width: Int, height: Int, colour: Colour, alpha: Double = 1
    ) {
        let columns = max(x, 0)..<max(max(x, 0), min(x + width, self.width))
        let rows = max(y, 0)..<max(max(y, 0), min(y + height, self.height))
        let stride = self.width * 3
        let opaque = alpha >= 1
        pixels.withUnsafeMutableBufferPointer { pixels in
            for row in rows {
                for column in columns {
                    let at = row * stride + column * 3
                    var new = colour
                    if !opaque {
                        new = colour.over(Colour(pixels[at], pixels[at + 1], pixels[at + 2]), alpha: alpha)
                    }
                    pixels[at] = new.red
                    pixels[at + 1] = new.green
                    pixels[at + 2] = new.blue
                }
            }
        }
    }

    /// Draws a rectangle's outline, `thickness` pixels wide, inwards.
    public mutating func frame(x: Int, y: Int, width: Int, height: Int, colour: Colour, thickness: Int = 1) {
        rectangle(x: x, y: y, width: width, height: thickness, colour: colour)
        rectangle(x: x, y: y + height - thickness, width: width, height: thickness, colour: colour)
        rectangle(x: x, y: y, width: thickness, height: height, colour: colour)
        rectangle(x: x + width - thickness, y: y, width: thickness, height: height, colour: colour)
    }

    /// Draws a line of one pixel's width (Bresenham), or of `thickness` pixels.
    public mutating func line(
        from start: (x: Int, y: Int), to end: (x: Int, y: Int), colour: Colour, thickness: Int = 1
    ) {
        var (x, y) = start
        let (dx, dy) = (abs(end.x - x), -abs(end.y - y))
        let (stepX, stepY) = (x < end.x ? 1 : -1, y < end.y ? 1 : -1)
        var error = dx + dy
        let half = (thickness - 1) / 2
        while true {
            rectangle(x: x - half, y: y - half, width: thickness, height: thickness, colour: colour)
            if x == end.x, y == end.y { return }
            let twice = 2 * error
            if twice >= dy {
                error += dy
                x += stepX
            }
            if twice <= dx {
                error += dx
                y += stepY
            }
        }
    }

    /// Copies another picture to (x, y).
    public mutating func draw(_ other: Canvas, x: Int, y: Int) {
        let columns = max(0, -x)..<max(max(0, -x), min(other.width, width - x))
        for row in max(0, -y)..<max(max(0, -y), min(other.height, height - y)) where !columns.isEmpty {
            let from = (row * other.width + columns.lowerBound) * 3
            let to = ((y + row) * width + x + columns.lowerBound) * 3
            pixels.replaceSubrange(to..<to + columns.count * 3, with: other.pixels[from..<from + columns.count * 3])
        }
    }

    /// Draws bytes as grey values, `source` pixels of them, stretched to the rectangle (nearest neighbour).
    public mutating func draw(
        luma: UnsafeBufferPointer<UInt8>, source: (width: Int, height: Int), x: Int, y: Int, width: Int, height: Int
    ) {
        precondition(luma.count >= source.width * source.height, "fewer bytes than pixels")
        drawIndexed(source: source, x: x, y: y, width: width, height: height) { index in
            let value = luma[index]
            return Colour(value, value, value)
        }
    }

    /// Draws values as colours, `scale` being the end of the map, stretched to the rectangle (nearest neighbour).
    public mutating func draw(
        heat: UnsafeBufferPointer<Float>, scale: Double, map: ColourMap = .inferno, source: (width: Int, height: Int),
        x: Int, y: Int, width: Int, height: Int
    ) {
        precondition(heat.count >= source.width * source.height, "fewer values than pixels")
        let factor = 1 / scale
        drawIndexed(source: source, x: x, y: y, width: width, height: height) { map[Double(heat[$0]) * factor] }
    }

    /// Calls `colour` with the index of the source's pixel for each pixel of the rectangle that lies in the picture.
    private mutating func drawIndexed(
        source: (width: Int, height: Int), x: Int, y: Int, width: Int, height: Int, colour: (Int) -> Colour
    ) {
        guard source.width > 0, source.height > 0, width > 0, height > 0 else { return }
        let columns = max(0, -x)..<max(max(0, -x), min(width, self.width - x))
        let rows = max(0, -y)..<max(max(0, -y), min(height, self.height - y))
        // The source's column for each of ours: one division a column, not one a pixel.
        let sourceColumns = columns.map { $0 * source.width / width }
        let stride = self.width
        pixels.withUnsafeMutableBufferPointer { pixels in
            for row in rows {
                let base = row * source.height / height * source.width
                var at = ((y + row) * stride + x + columns.lowerBound) * 3
                for column in sourceColumns {
                    let value = colour(base + column)
                    pixels[at] = value.red
                    pixels[at + 1] = value.green
                    pixels[at + 2] = value.blue
                    at += 3
                }
            }
        }
    }
}
