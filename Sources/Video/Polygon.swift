/// A polygon in relative coordinates: x to the right and y downwards, both 0…1 over the frame.
public struct Polygon: Hashable, Sendable, Codable {
    /// A corner.
    public struct Point: Hashable, Sendable, Codable {
        /// 0 at the left edge, 1 at the right one.
        public var x: Double
        /// 0 at the top edge, 1 at the bottom one.
        public var y: Double
        /// The point (x, y).
        public init(x: Double, y: Double) {
            self.x = x
            self.y = y
        }
    }

    /// Corners in order; the last is joined to the first.
    public var points: [Point]

    /// A polygon of three corners or more.
    public init(_ points: [Point]) { self.points = points }

    /// Whether the point lies inside, by the even-odd rule (ray casting; W. R. Franklin's pnpoly).
    public func contains(x: Double, y: Double) -> Bool {
        var inside = false
        var previous = points.count - 1
        for index in points.indices {
            let (a, b) = (points[index], points[previous])
            if (a.y > y) != (b.y > y), x < (b.x - a.x) * (y - a.y) / (b.y - a.y) + a.x { inside.toggle() }
            previous = index
        }
        return inside
    }
}

/// Which of the model's pixels count for the score.
public struct Mask: Hashable, Sendable {
    /// The model's size.
    public let size: FrameSize
    /// `size.area` flags, row by row: 1 where the pixel counts, else 0.
    public let weights: [UInt8]
    /// Pixels that count.
    public let count: Int

    /// Every pixel of `size` counts.
    public init(size: FrameSize) { self.init(size: size, regions: [], masks: []) }

    /// Pixels whose centre lies in one of `regions` (all pixels where there are none) and in none of `masks`.
    public init(size: FrameSize, regions: [Polygon], masks: [Polygon]) {
        self.size = size
        var weights = [UInt8](repeating: 0, count: size.area)
        for row in 0..<size.height {
            let y = (Double(row) + 0.5) / Double(size.height)
            for column in 0..<size.width {
                let x = (Double(column) + 0.5) / Double(size.width)
                let wanted = regions.isEmpty || regions.contains { $0.contains(x: x, y: y) }
                let hidden = masks.contains { $0.contains(x: x, y: y) }
                weights[row * size.width + column] = wanted && !hidden ? 1 : 0
            }
        }
        self.weights = weights
        count = weights.reduce(0) { $0 + Int($1) }
    }
}
