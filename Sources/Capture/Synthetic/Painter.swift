import Glibc
import Video

/// A colour as full-range BT.601 YCbCr, 0…255 each.
struct Colour: Sendable {
    var y: Float
    var cb: Float
    var cr: Float

    /// From red, green and blue, 0…255 each.
    init(_ red: Float, _ green: Float, _ blue: Float) {
        y = 0.299 * red + 0.587 * green + 0.114 * blue
        cb = 128 + 0.564 * (blue - y)
        cr = 128 + 0.713 * (red - y)
    }

    /// The same hue, `factor` as bright.
    func lit(_ factor: Float) -> Colour {
        var colour = self
        colour.y = min(255, y * factor)
        return colour
    }
}

/// A shape in scene units: the frame's height is 1, x runs to the right and y downwards.
enum Shape {
    /// A line from (x0, y0) to (x1, y1) with round ends, `radius` to each side.
    case capsule(x0: Float, y0: Float, x1: Float, y1: Float, radius: Float)
    /// An ellipse around (x, y).
    case ellipse(x: Float, y: Float, rx: Float, ry: Float)
    /// A rectangle with rounded corners.
    case box(left: Float, top: Float, right: Float, bottom: Float, corner: Float)
    /// A circle's line around (x, y), `width` to each side.
    case ring(x: Float, y: Float, radius: Float, width: Float)

    /// Left, top, right, bottom of what it covers.
    var bounds: (Float, Float, Float, Float) {
        switch self {
        case .capsule(let x0, let y0, let x1, let y1, let r):
            (min(x0, x1) - r, min(y0, y1) - r, max(x0, x1) + r, max(y0, y1) + r)
        case .ellipse(let x, let y, let rx, let ry): (x - rx, y - ry, x + rx, y + ry)
        case .box(let left, let top, let right, let bottom, _): (left, top, right, bottom)
        case .ring(let x, let y, let radius, let width):
            (x - radius - width, y - radius - width, x + radius + width, y + radius + width)
        }
    }

    /// The distance from (px, py) to its edge, negative inside (I. Quilez, "2D distance functions").
    @inline(__always)
    func distance(_ px: Float, _ py: Float) -> Float {
        switch self {
        case .capsule(let x0, let y0, let x1, let y1, let radius):
            let (dx, dy, ex, ey) = (px - x0, py - y0, x1 - x0, y1 - y0)
            let along = max(0, min(1, (dx * ex + dy * ey) / max(1e-9, ex * ex + ey * ey)))
            let (qx, qy) = (dx - ex * along, dy - ey * along)
            return (qx * qx + qy * qy).squareRoot() - radius
        case .ellipse(let x, let y, let rx, let ry):
            // First-order: the implicit function over the length of its gradient.
            let (dx, dy) = ((px - x) / rx, (py - y) / ry)
            let (gx, gy) = (dx / rx, dy / ry)
            let near = (dx * dx + dy * dy).squareRoot()
            return near * (near - 1) / max(1e-6, (gx * gx + gy * gy).squareRoot())
        case .box(let left, let top, let right, let bottom, let corner):
            let qx = abs(px - (left + right) / 2) - (right - left) / 2 + corner
            let qy = abs(py - (top + bottom) / 2) - (bottom - top) / 2 + corner
            let (ox, oy) = (max(qx, 0), max(qy, 0))
            return (ox * ox + oy * oy).squareRoot() + min(max(qx, qy), 0) - corner
        case .ring(let x, let y, let radius, let width):
            let (dx, dy) = (px - x, py - y)
            return abs((dx * dx + dy * dy).squareRoot() - radius) - width
        }
    }
}

/// Draws anti-aliased shapes into the three planes of a 4:2:0 picture.
struct Painter {
    let size: FrameSize
    let y: UnsafeMutablePointer<UInt8>
    let cb: UnsafeMutablePointer<UInt8>
    let cr: UnsafeMutablePointer<UInt8>

    var chromaSize: FrameSize { FrameSize(width: (size.width + 1) / 2, height: (size.height + 1) / 2) }

    /// Fills `shape`; `blur` scene units to each side of the edge fade out.
    func fill(_ shape: Shape, _ colour: Colour, opacity: Float = 1, blur: Float = 0) {
        let scale = Float(size.height)
        blend(shape, size, scale, opacity, blur) { at, alpha in
            y[at] = mixed(y[at], colour.y, alpha)
        }
        blend(shape, chromaSize, scale / 2, opacity, blur) { at, alpha in
            cb[at] = mixed(cb[at], colour.cb, alpha)
            cr[at] = mixed(cr[at], colour.cr, alpha)
        }
    }

    /// Darkens what lies under `shape`, as a shadow does; colour stays.
    func shade(_ shape: Shape, opacity: Float, blur: Float) {
        blend(shape, size, Float(size.height), opacity, blur) { at, alpha in y[at] = mixed(y[at], 0, alpha) }
    }

    @inline(__always)
    private func mixed(_ old: UInt8, _ new: Float, _ alpha: Float) -> UInt8 {
        UInt8(max(0, min(255, Float(old) + (new - Float(old)) * alpha + 0.5)))
    }

    /// Calls `put` with index and cover (0…1) of each of the plane's pixels that `shape` touches.
    @inline(__always)
    private func blend(
        _ shape: Shape, _ plane: FrameSize, _ scale: Float, _ opacity: Float, _ blur: Float,
        _ put: (Int, Float) -> Void
    ) {
        let (left, top, right, bottom) = shape.bounds
        let first = pixel((left - blur) * scale - 1, plane.width)
        let last = pixel((right + blur) * scale + 2, plane.width)
        let firstRow = pixel((top - blur) * scale - 1, plane.height)
        let lastRow = pixel((bottom + blur) * scale + 2, plane.height)
        let (unit, softness) = (1 / scale, 1 / max(1 / scale, 2 * blur))
        var row = firstRow
        while row < lastRow {
            let py = (Float(row) + 0.5) * unit
            var column = first
            while column < last {
                let cover = 0.5 - shape.distance((Float(column) + 0.5) * unit, py) * softness
                if cover > 0 { put(row * plane.width + column, min(1, cover) * opacity) }
                column += 1
            }
            row += 1
        }
    }

    /// `position` as a pixel index in 0…count, whatever it is.
    @inline(__always)
    private func pixel(_ position: Float, _ count: Int) -> Int { Int(max(0, min(Float(count), position))) }
}

/// Smooth noise in −1…1 from random values on a grid (value noise), two octaves.
struct ValueNoise: Sendable {
    let seed: UInt64

    func callAsFunction(_ x: Float, _ y: Float) -> Float {
        (octave(x, y, seed) * 2 + octave(x * 2.03, y * 2.03, seed &+ 1)) / 3
    }

    private func octave(_ x: Float, _ y: Float, _ seed: UInt64) -> Float {
        let (fx, fy) = (x.rounded(.down), y.rounded(.down))
        let (cx, cy) = (Int(fx), Int(fy))
        let (tx, ty) = (smooth(x - fx), smooth(y - fy))
        let top = lattice(cx, cy, seed) * (1 - tx) + lattice(cx + 1, cy, seed) * tx
        let bottom = lattice(cx, cy + 1, seed) * (1 - tx) + lattice(cx + 1, cy + 1, seed) * tx
        return top * (1 - ty) + bottom * ty
    }

    private func smooth(_ t: Float) -> Float { t * t * (3 - 2 * t) }

    private func lattice(_ x: Int, _ y: Int, _ seed: UInt64) -> Float {
        let key = UInt64(truncatingIfNeeded: x) &* 0x9E37_79B9 ^ UInt64(truncatingIfNeeded: y) &* 0xC2B2_AE3D_27D4_EB4F
        return Float(mix(key ^ seed &* 0x1656_67B1_9E37_79F9) >> 40) / Float(1 << 23) - 1
    }
}

/// Numbers that follow from a key alone: the same walker has the same coat in every frame.
struct KeyedRandom {
    private var state: UInt64

    init(_ parts: UInt64...) { state = parts.reduce(0x5A4E_5A4F) { mix($0 &* 31 &+ $1 &+ 0x9E37_79B9_7F4A_7C15) } }

    /// The next number in `range`.
    mutating func next(_ range: ClosedRange<Float>) -> Float {
        state &+= 0x9E37_79B9_7F4A_7C15
        return range.lowerBound + (range.upperBound - range.lowerBound) * Float(mix(state) >> 40) / Float(1 << 24)
    }

    /// One of `choices`, which has at least one.
    mutating func pick<T>(_ choices: [T]) -> T {
        choices[min(choices.count - 1, Int(next(0...1) * Float(choices.count)))]
    }
}
