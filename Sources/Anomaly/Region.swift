internal import Video

/// A box around a part of the frame whose error stands out.
public struct Region: Sendable, Hashable {
    /// Left and top edge, 0…1 over the frame.
    public let x: Double, y: Double
    /// Width and height, 0…1 over the frame.
    public let width: Double, height: Double
    /// The worst tile's mean squared error over the threshold: 1.0 is the alarm line.
    public let score: Double

    /// A box with its left and top edge, width and height (0…1 over the frame) and its score.
    public init(x: Double, y: Double, width: Double, height: Double, score: Double) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
        self.score = score
    }
}

extension Scorer {
    /// Boxes around connected groups of tiles that stand out in the frame last scored, highest score first, at most
    /// `limit`. May allocate: called where an event starts, changes or ends, not for each frame.
    ///
    /// With `worstTiles`, a tile stands out where its mean is at or over `threshold`, which is a tile's own alarm
    /// line. With `mean`, the threshold speaks of the whole picture: along edges a normal frame has tiles at many
    /// times the picture's mean, by an amount that depends on the scene. So there a tile stands out where it has at
    /// least half of the worst tile's error (and is at or over the threshold): the box is drawn at half maximum
    /// around the worst place, and around others that come near it. Such a region's score is local, and may be far
    /// over the frame's own.
    public func regions(threshold: Double, limit: Int = 4) -> [Region] {
        let means = currentTileMeans()
        guard threshold > 0, threshold.isFinite, let worst = means.max(), mean.isFinite else { return [] }
        let level = method == .mean ? max(threshold, worst / 2) : threshold
        var waiting = means.map { $0 >= level }  // tiles that stand out and belong to no box yet
        var regions = [Region]()
        for start in waiting.indices where waiting[start] {
            regions.append(takeGroup(from: start, of: &waiting, means: means, threshold: threshold))
        }
        // A stable order where scores are equal: from the top left.
        let order = regions.indices.sorted { (-regions[$0].score, $0) < (-regions[$1].score, $1) }
        return order.prefix(max(0, limit)).map { regions[$0] }
    }

    /// The box around the tiles of `waiting` that hang together with tile `start`, corners included; takes them out.
    private func takeGroup(
        from start: Int, of waiting: inout [Bool], means: UnsafeBufferPointer<Double>, threshold: Double
    ) -> Region {
        let columns = grid.lefts.count
        var stack = [start]
        waiting[start] = false
        var (left, top, right, bottom, worst) = (size.width, size.height, 0, 0, 0.0)
        while let tile = stack.popLast() {
            let (row, column) = (tile / columns, tile % columns)
            left = min(left, grid.lefts[column])
            right = max(right, grid.lefts[column] + grid.width)
            top = min(top, grid.tops[row])
            bottom = max(bottom, grid.tops[row] + grid.height)
            worst = max(worst, means[tile])
            for nearRow in max(0, row - 1)...min(grid.tops.count - 1, row + 1) {
                for nearColumn in max(0, column - 1)...min(columns - 1, column + 1) {
                    let near = nearRow * columns + nearColumn
                    guard waiting[near] else { continue }
                    waiting[near] = false
                    stack.append(near)
                }
            }
        }
        let (width, height) = (Double(size.width), Double(size.height))
        return Region(
            x: Double(left) / width, y: Double(top) / height, width: Double(right - left) / width,
            height: Double(bottom - top) / height, score: worst / threshold)
    }
}
