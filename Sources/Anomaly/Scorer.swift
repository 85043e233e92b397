public import Video

/// Turns a frame and its reconstruction into a raw score, and says where in the frame the error lies.
///
/// One for each camera; used by one thread at a time. All memory is allocated at the start: `score` allocates nothing.
/// A pixel that the mask hides has error 0 and counts nowhere, even where its reconstruction is not a number. Where a
/// pixel that counts is not a number, the score is not a number: nothing is swept under the rug (see `Detector`).
public final class Scorer {
    /// The model's size in pixels.
    public let size: FrameSize
    /// How the error map becomes a number.
    public let method: ScoreMethod
    /// The mean squared error over the pixels that count, of the frame last scored; 0 where the mask hides everything.
    public private(set) var mean = 0.0

    let grid: TileGrid
    private let pixelCount: Int
    private let weights: UnsafeMutableBufferPointer<UInt8>  // size.area: 1 counts, 0 is masked
    private let map: UnsafeMutableBufferPointer<Float>  // size.area: (x - x̂)², 0 where masked
    private let columnSums: UnsafeMutableBufferPointer<Double>  // size.width: one row of tiles, added up by column
    private let tileMeans: UnsafeMutableBufferPointer<Double>  // grid.count: -1 where a tile is left out
    private let worst: UnsafeMutableBufferPointer<Double>  // the k greatest tile means, least first

    /// A scorer for frames of `size`, of whose pixels those count that `mask` (of the same size) lets through.
    public init(size: FrameSize, mask: Mask, method: ScoreMethod) {
        precondition(size.area > 0 && mask.size == size, "the mask is \(mask.size), the frame \(size)")
        self.size = size
        self.method = method
        pixelCount = mask.count
        let tileSize: Int
        let tileCount: Int
        switch method {
        case .mean: (tileCount, tileSize) = (1, max(4, min(size.width, size.height) / 8))
        case .worstTiles(let count, let size): (tileCount, tileSize) = (count, size)
        }
        precondition(tileCount >= 1 && tileSize >= 1, "no tiles, or tiles of no pixels")
        grid = TileGrid(size: tileSize, mask: mask)
        weights = .allocate(capacity: size.area)
        _ = weights.initialize(from: mask.weights)
        map = .allocate(capacity: size.area)
        map.initialize(repeating: 0)
        columnSums = .allocate(capacity: size.width)
        columnSums.initialize(repeating: 0)
        tileMeans = .allocate(capacity: grid.count)
        tileMeans.initialize(repeating: -1)
        worst = .allocate(capacity: tileCount)
        worst.initialize(repeating: 0)
    }

    deinit {
        weights.deallocate()
        map.deallocate()
        columnSums.deallocate()
        tileMeans.deallocate()
        worst.deallocate()
    }

    /// The error map of the frame last scored: `size.area` squared errors, row by row, 0 where masked. Valid until the
    /// next call of `score`.
    public var errors: UnsafeBufferPointer<Float> { UnsafeBufferPointer(map) }

    /// The raw score of a frame: `input` and its reconstruction `output`, `size.area` values each in [-1, 1], row by
    /// row.
    ///
    /// Values are 0 (perfect) to 4. Sums are in double precision and in a fixed order: the same frame gives the same
    /// bits. Where the mask leaves out every tile (only thin slits are open), the score is the mean.
    public func score(input: UnsafeBufferPointer<Float>, output: UnsafeBufferPointer<Float>) -> Double {
        precondition(input.count == size.area && output.count == size.area, "a frame of another size than the scorer's")
        mean = pixelCount > 0 ? measure(input, output) / Double(pixelCount) : 0
        guard case .worstTiles = method, mean.isFinite else { return mean }
        measureTiles()
        return meanOfWorstTiles() ?? mean
    }

    /// Fills the error map; returns its sum.
    private func measure(_ input: UnsafeBufferPointer<Float>, _ output: UnsafeBufferPointer<Float>) -> Double {
        guard let x = input.baseAddress, let y = output.baseAddress, let map = map.baseAddress,
            let weights = weights.baseAddress
        else { return 0 }
        // Four sums side by side: one alone would wait for each addition before the next. Plain multiply and add:
        // a fused one is a function call on baseline x86-64.
        var (sum0, sum1, sum2, sum3) = (0.0, 0.0, 0.0, 0.0)
        let whole = size.area & ~3
        var index = 0
        while index < whole {
            let (d0, d1) = (x[index] - y[index], x[index + 1] - y[index + 1])
            let (d2, d3) = (x[index + 2] - y[index + 2], x[index + 3] - y[index + 3])
            let e0 = weights[index] == 0 ? 0 : d0 * d0
            let e1 = weights[index + 1] == 0 ? 0 : d1 * d1
            let e2 = weights[index + 2] == 0 ? 0 : d2 * d2
            let e3 = weights[index + 3] == 0 ? 0 : d3 * d3
            map[index] = e0
            map[index + 1] = e1
            map[index + 2] = e2
            map[index + 3] = e3
            sum0 += Double(e0)
            sum1 += Double(e1)
            sum2 += Double(e2)
            sum3 += Double(e3)
            index += 4
        }
        while index < size.area {
            let difference = x[index] - y[index]
            map[index] = weights[index] == 0 ? 0 : difference * difference
            sum0 += Double(map[index])
            index += 1
        }
        return (sum0 + sum1) + (sum2 + sum3)
    }

    /// Fills `tileMeans` from the error map. Each row of tiles is added up by column first: a straight run over memory.
    private func measureTiles() {
        guard let map = map.baseAddress, let sums = columnSums.baseAddress, let means = tileMeans.baseAddress
        else { return }
        let width = size.width
        var tile = 0
        for top in grid.tops {
            var column = 0
            while column < width {
                sums[column] = 0
                column += 1
            }
            var row = top
            while row < top + grid.height {
                let line = map + row * width
                column = 0
                while column < width {
                    sums[column] += Double(line[column])
                    column += 1
                }
                row += 1
            }
            for left in grid.lefts {
                let count = grid.pixelCounts[tile]
                var sum = 0.0
                column = left
                while column < left + grid.width {
                    sum += sums[column]
                    column += 1
                }
                means[tile] = count > 0 ? sum / Double(count) : -1
                tile += 1
            }
        }
    }

    /// The mean of the greatest tile means (of all, where there are fewer than asked for); nil where none takes part.
    private func meanOfWorstTiles() -> Double? {
        var found = 0
        for mean in tileMeans where mean >= 0 {
            if found < worst.count {
                found += 1
            } else if mean <= worst[0] {
                continue
            } else {
                // Full: the least one leaves, by moving the others down a place.
                for place in 1..<max(1, found) { worst[place - 1] = worst[place] }
            }
            var place = found - 1
            while place > 0, worst[place - 1] > mean {
                worst[place] = worst[place - 1]
                place -= 1
            }
            worst[place] = mean
        }
        guard found > 0 else { return nil }
        var sum = 0.0
        for place in 0..<found { sum += worst[place] }
        return sum / Double(found)
    }

    /// Tile means for `regions`: measured by `score` already, except where the method is the mean.
    func currentTileMeans() -> UnsafeBufferPointer<Double> {
        if method == .mean { measureTiles() }
        return UnsafeBufferPointer(tileMeans)
    }
}
