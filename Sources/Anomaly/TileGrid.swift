internal import Video

/// Square tiles over a frame that overlap by half; the last one of each row and column ends at the frame's edge, so
/// that every pixel lies in a tile whatever the frame's size.
struct TileGrid {
    /// A tile's width and height in pixels: the size asked for, or the frame's where that is less.
    let width: Int, height: Int
    /// First column of each tile in a row of tiles; first row of each row of tiles.
    let lefts: [Int], tops: [Int]
    /// Pixels that count in each tile, `tops.count` rows of `lefts.count`; 0 where fewer than half of them count:
    /// such a tile is left out, as a few pixels along a mask's edge would be noise.
    let pixelCounts: [Int]

    /// Tiles of `size` × `size` pixels over `mask`.
    init(size: Int, mask: Mask) {
        width = min(size, mask.size.width)
        height = min(size, mask.size.height)
        lefts = Self.origins(length: mask.size.width, tile: width)
        tops = Self.origins(length: mask.size.height, tile: height)
        var counts = [Int]()
        for top in tops {
            for left in lefts {
                var count = 0
                for row in top..<top + height {
                    for column in left..<left + width { count += Int(mask.weights[row * mask.size.width + column]) }
                }
                counts.append(2 * count >= width * height ? count : 0)
            }
        }
        pixelCounts = counts
    }

    /// Tiles in the grid.
    var count: Int { lefts.count * tops.count }

    private static func origins(length: Int, tile: Int) -> [Int] {
        var origins = Array(stride(from: 0, through: length - tile, by: max(1, tile / 2)))
        if let last = origins.last, last != length - tile { origins.append(length - tile) }
        return origins
    }
}
