import Testing
import Video

@testable import Anomaly

/// The scorer written as its definition reads, in double precision throughout.
private struct Oracle {
    var mean: Double
    var tiles: [(left: Int, top: Int, width: Int, height: Int, mean: Double)] = []

    init(_ x: [Float], _ y: [Float], _ mask: Mask, tile: Int) {
        let size = mask.size
        func error(_ column: Int, _ row: Int) -> (Double, Int) {
            let at = row * size.width + column
            guard mask.weights[at] == 1 else { return (0, 0) }
            let d = Double(x[at]) - Double(y[at])
            return (d * d, 1)
        }
        func mean(_ left: Int, _ top: Int, _ width: Int, _ height: Int) -> (Double, Int) {
            var (sum, count) = (0.0, 0)
            for row in top..<top + height {
                for column in left..<left + width {
                    let (e, n) = error(column, row)
                    sum += e
                    count += n
                }
            }
            return (count > 0 ? sum / Double(count) : 0, count)
        }
        self.mean = mean(0, 0, size.width, size.height).0
        let (width, height) = (min(tile, size.width), min(tile, size.height))
        func places(_ length: Int, _ edge: Int) -> [Int] {
            var places = [Int]()
            var at = 0
            while at + edge < length {
                places.append(at)
                at += max(1, edge / 2)
            }
            return places + [length - edge]
        }
        for top in places(size.height, height) {
            for left in places(size.width, width) {
                let (value, count) = mean(left, top, width, height)
                if 2 * count >= width * height { tiles.append((left, top, width, height, value)) }
            }
        }
    }

    func worst(_ count: Int) -> Double {
        let worst = tiles.map(\.mean).sorted(by: >).prefix(count)
        return worst.isEmpty ? mean : worst.reduce(0, +) / Double(worst.count)
    }
}

private func scored(_ scorer: Scorer, _ x: [Float], _ y: [Float]) -> Double {
    x.withUnsafeBufferPointer { x in y.withUnsafeBufferPointer { scorer.score(input: x, output: $0) } }
}

private func box(_ left: Double, _ top: Double, _ right: Double, _ bottom: Double) -> Polygon {
    Polygon([.init(x: left, y: top), .init(x: right, y: top), .init(x: right, y: bottom), .init(x: left, y: bottom)])
}

@Suite struct ScorerTests {
    static let sizes = [(64, 64), (33, 17), (7, 5), (1, 1), (3, 40), (96, 54)]
    static let masks: [[Polygon]] = [
        [], [box(0, 0, 0.5, 1)], [box(0.2, 0.1, 0.7, 0.6), box(0.6, 0.6, 1, 1)],
        [Polygon([.init(x: 0, y: 0), .init(x: 1, y: 0), .init(x: 0, y: 1)])],
    ]

    @Test(arguments: sizes, masks)
    func equalsTheOracle(size: (Int, Int), masks: [Polygon]) {
        let size = FrameSize(width: size.0, height: size.1)
        let mask = Mask(size: size, regions: [], masks: masks)
        var random = SeededRandom(UInt64(size.area))
        for (count, tile) in [(4, 8), (1, 2), (64, 5), (3, 100)] {
            let x = (0..<size.area).map { _ in Float(random.uniform() * 2 - 1) }
            let y = x.map { $0 + Float(random.normal()) * 0.1 }
            let oracle = Oracle(x, y, mask, tile: tile)
            let scorer = Scorer(size: size, mask: mask, method: .worstTiles(count: count, size: tile))
            let score = scored(scorer, x, y)
            #expect(abs(score - oracle.worst(count)) <= 1e-6 * oracle.worst(count))
            #expect(abs(scorer.mean - oracle.mean) <= 1e-6 * oracle.mean)
            #expect(scored(scorer, x, y) == score, "the same frame, the same bits")
            let mean = Scorer(size: size, mask: mask, method: .mean)
            #expect(scored(mean, x, y) == scorer.mean)
        }
    }

    @Test func tilesReachEveryPixel() {
        for width in 1...70 {
            let size = FrameSize(width: width, height: 9)
            let grid = TileGrid(size: 8, mask: Mask(size: size))
            var covered = [Bool](repeating: false, count: width)
            for left in grid.lefts { for column in left..<left + grid.width { covered[column] = true } }
            #expect(!covered.contains(false))
            #expect(grid.lefts.last == width - grid.width)
            #expect(Set(grid.lefts).count == grid.lefts.count)
        }
    }

    @Test func perfectIsZeroAndWorstIsFour() {
        let size = FrameSize(width: 16, height: 16)
        for method in [ScoreMethod.mean, .standard] {
            let scorer = Scorer(size: size, mask: Mask(size: size), method: method)
            let (black, white) = ([Float](repeating: -1, count: 256), [Float](repeating: 1, count: 256))
            #expect(scored(scorer, white, white) == 0)
            #expect(scored(scorer, white, black) == 4)
        }
    }

    @Test func aMaskedPixelCountsNowhere() {
        let size = FrameSize(width: 32, height: 32)
        let mask = Mask(size: size, regions: [], masks: [box(0, 0, 0.5, 0.5)])
        var y = [Float](repeating: 0, count: size.area)
        y[5 * 32 + 5] = .nan
        y[6 * 32 + 6] = 1
        for method in [ScoreMethod.mean, .standard] {
            let scorer = Scorer(size: size, mask: mask, method: method)
            #expect(scored(scorer, [Float](repeating: 0, count: size.area), y) == 0)
            #expect(scorer.errors.allSatisfy { $0 == 0 })
            #expect(scorer.regions(threshold: 0.1).isEmpty)
        }
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity])
    func aBrokenReconstructionGivesABrokenScore(value: Float) {
        let size = FrameSize(width: 32, height: 32)
        var y = [Float](repeating: 0, count: size.area)
        y[100] = value
        for method in [ScoreMethod.mean, .standard] {
            let scorer = Scorer(size: size, mask: Mask(size: size), method: method)
            #expect(!scored(scorer, [Float](repeating: 0, count: size.area), y).isFinite)
            #expect(scorer.regions(threshold: 0.1).isEmpty)
        }
    }

    @Test func aMaskOverEverythingGivesZero() {
        let size = FrameSize(width: 16, height: 16)
        let mask = Mask(size: size, regions: [], masks: [box(0, 0, 1, 1)])
        for method in [ScoreMethod.mean, .standard] {
            let scorer = Scorer(size: size, mask: mask, method: method)
            let (black, white) = ([Float](repeating: -1, count: 256), [Float](repeating: 1, count: 256))
            #expect(scored(scorer, white, black) == 0)
            #expect(scorer.regions(threshold: 0.1).isEmpty)
        }
    }

    @Test func whereNoTileIsHalfOpenTheMeanStands() {
        let size = FrameSize(width: 32, height: 32)
        let slit = Mask(size: size, regions: [box(0, 0.5, 1, 0.54)], masks: [])
        let x = [Float](repeating: 0, count: size.area)
        let scorer = Scorer(size: size, mask: slit, method: .worstTiles(count: 4, size: 8))
        #expect(slit.count == 32)
        #expect(scored(scorer, x, x.map { _ in 0.5 }) == 0.25)
    }

    /// What the tiles are for: a small thing hardly moves the mean.
    @Test func tilesSeeASmallThing() {
        let size = FrameSize(width: 64, height: 64)
        let x = [Float](repeating: 0, count: size.area)
        var y = x
        for row in 20..<28 { for column in 40..<48 { y[row * 64 + column] = 1 } }
        let tiles = Scorer(size: size, mask: Mask(size: size), method: .worstTiles(count: 1, size: 8))
        #expect(scored(tiles, x, y) == 1)
        #expect(tiles.mean == 64.0 / 4096)
    }
}

@Suite struct RegionTests {
    let size = FrameSize(width: 64, height: 64)

    private func frame(_ boxes: [(x: Int, y: Int, width: Int, height: Int, error: Float)], noise: Float = 0) -> [Float]
    {
        var y = [Float](repeating: noise.squareRoot(), count: size.area)
        for box in boxes {
            for row in box.y..<box.y + box.height {
                for column in box.x..<box.x + box.width { y[row * 64 + column] = box.error.squareRoot() }
            }
        }
        return y
    }

    private func regions(_ method: ScoreMethod, _ y: [Float], threshold: Double, limit: Int = 4) -> [Region] {
        let scorer = Scorer(size: size, mask: Mask(size: size), method: method)
        _ = scored(scorer, [Float](repeating: 0, count: size.area), y)
        return scorer.regions(threshold: threshold, limit: limit)
    }

    @Test(arguments: [ScoreMethod.mean, .standard])
    func findsTwoThingsHighestFirst(method: ScoreMethod) throws {
        let y = frame([(8, 8, 8, 8, 0.16), (40, 32, 8, 16, 0.25)], noise: 0.01)
        let found = regions(method, y, threshold: 0.1)
        try #require(found.count == 2)
        #expect(abs(found[0].score - 2.5) < 1e-5 && abs(found[1].score - 1.6) < 1e-5)
        // The thing lies in its box, and the box is at most half a tile larger on each side.
        let (x, y0) = (found[0].x * 64, found[0].y * 64)
        #expect((36...40).contains(x) && (28...32).contains(y0))
        #expect((48...52).contains(x + found[0].width * 64) && (48...52).contains(y0 + found[0].height * 64))
    }

    @Test func thingsThatTouchAreOne() {
        #expect(regions(.standard, frame([(8, 8, 16, 8, 0.5), (24, 16, 8, 8, 0.5)]), threshold: 0.2).count == 1)
        #expect(regions(.standard, frame([(8, 8, 8, 8, 0.5), (40, 8, 8, 8, 0.5)]), threshold: 0.3).count == 2)
    }

    @Test func keepsTheLimit() {
        let boxes = (0..<9).map { index -> (x: Int, y: Int, width: Int, height: Int, error: Float) in
            (4 + index % 3 * 24, 4 + index / 3 * 24, 8, 8, Float(1 + index) / 10)
        }
        for method in [ScoreMethod.standard, .mean] {
            for limit in [0, 1, 4] {
                let found = regions(method, frame(boxes), threshold: 0.05, limit: limit)
                #expect(found.count == limit)
                #expect(found.map(\.score) == found.map(\.score).sorted(by: >))
            }
        }
    }

    /// With the mean, a picture full of edges has many tiles over the whole picture's threshold: the box is drawn
    /// around what is worst, not around everything.
    @Test func theMeanKeepsToTheWorstPlace() {
        var y = frame([], noise: 0.001)
        for row in 0..<64 { for column in stride(from: 0, to: 64, by: 9) { y[row * 64 + column] = 0.35 } }
        for row in 40..<56 { for column in 40..<56 { y[row * 64 + column] = 0.8 } }
        let scorer = Scorer(size: size, mask: Mask(size: size), method: .mean)
        let score = scored(scorer, [Float](repeating: 0, count: size.area), y)
        let found = scorer.regions(threshold: score / 4)
        #expect(found.count == 1)
        #expect(found.allSatisfy { $0.width < 0.4 && $0.height < 0.4 && $0.x > 0.5 && $0.y > 0.5 })
    }

    @Test(arguments: [ScoreMethod.mean, .standard])
    func aFrameOverTheLineHasARegion(method: ScoreMethod) {
        var random = SeededRandom(7)
        for _ in 0..<20 {
            let x = [Float](repeating: 0, count: size.area)
            let scorer = Scorer(size: size, mask: Mask(size: size), method: method)
            let score = scored(scorer, x, x.map { _ in Float(random.normal()) })
            let found = scorer.regions(threshold: score)
            #expect(!found.isEmpty)
            for region in found {
                #expect(region.x >= 0 && region.y >= 0 && region.x + region.width <= 1 && region.y + region.height <= 1)
                #expect(region.score >= 1)
            }
        }
    }

    @Test(arguments: [0, -1, Double.nan, .infinity])
    func aThresholdThatIsNoneGivesNothing(threshold: Double) {
        #expect(regions(.standard, frame([(8, 8, 8, 8, 1)]), threshold: threshold).isEmpty)
    }
}
