internal import Video

/// What one frame's luma says against an earlier one's, as a whole: for `SceneWatcher`.
///
/// The picture is cut into about 16×16 blocks. For each, six integer sums are taken in one pass; from them the error of
/// any affine law y = a·x + b over any set of blocks follows without looking at a pixel again.
///
/// The limits below were found on human action clips and UCSD Ped2 at 64×64, and this code was run on what came of
/// it. 4,000 pairs of frames up to 15 apart, and 2,400 with a plain or textured box of up to 40 % of the frame pasted
/// in, said nothing; 8 of 800 with a box of half the frame were cuts. All 1,408 pairs from one of the two sets to the
/// other were cuts. 3,532 of 3,600 changes of light (gain 0.3…1.5, offset -25…60 with noise of 1.5 codes, gamma
/// 0.5…1.5) were jumps; nearly all the others were 0.6·x + 60, which hardly moves a picture whose level is about 150.
struct FrameChange {
    /// Mean absolute change, in codes of 255, under which nothing happened to the picture as a whole. Noise gives 1–3.
    static let gate = 8.0
    /// Share of the blocks, the best explained ones, that a change of light is judged by: the rest may be people.
    static let kept = 0.75
    /// Share of the change's energy that the affine law has to explain in those.
    static let explained = 0.8
    /// Share of all blocks that have to change by `changedBy` codes: light falls on everything, a van does not.
    static let changed = 0.6
    static let changedBy = 4.0
    /// The least gain and correlation: under them it is not the same picture in another light.
    static let gain = 0.1
    static let correlation = 0.7
    /// Root mean square change of a block, in codes, from which its content counts as replaced; share for a cut.
    static let replacedBy = 12.0
    static let replaced = 0.65
    /// Standard deviation, in codes, under which a picture has no structure.
    static let flat = 3.0

    enum Kind { case light, cut, blank }

    /// Sums over a block's (or many blocks') pixels, x from the earlier frame and y from the later one.
    struct Sums {
        var n = 0, x = 0, y = 0, xx = 0, xy = 0, yy = 0, absolute = 0

        mutating func add(_ b: Sums) {
            n += b.n
            x += b.x
            y += b.y
            xx += b.xx
            xy += b.xy
            yy += b.yy
            absolute += b.absolute
        }

        var xVariance: Double { variance(xx, x) }
        var yVariance: Double { variance(yy, y) }
        /// Mean square of y - x.
        var change: Double { Double(xx - 2 * xy + yy) / Double(n) }

        private func variance(_ square: Int, _ sum: Int) -> Double {
            let mean = Double(sum) / Double(n)
            return max(0, Double(square) / Double(n) - mean * mean)
        }

        /// The affine law y = a·x + b of least squares; a = 0 where x is constant.
        var law: (a: Double, b: Double) {
            let (mx, my) = (Double(x) / Double(n), Double(y) / Double(n))
            let a = xVariance > 1e-9 ? (Double(xy) / Double(n) - mx * my) / xVariance : 0
            return (a, my - a * mx)
        }

        /// Correlation of x and y; 0 where one is constant.
        var correlation: Double {
            let spread = (xVariance * yVariance).squareRoot()
            guard spread > 1e-9 else { return 0 }
            return (Double(xy) / Double(n) - Double(x) / Double(n) * Double(y) / Double(n)) / spread
        }

        /// Mean square of y - (a·x + b).
        func error(_ law: (a: Double, b: Double)) -> Double {
            let (a, b) = law
            let square = Double(yy) + a * a * Double(xx) + b * b * Double(n)
            let mixed = a * b * Double(x) - a * Double(xy) - b * Double(y)
            return max(0, (square + 2 * mixed) / Double(n))
        }
    }

    private let size: FrameSize
    private let blockWidth: Int, blockHeight: Int
    private var blocks: [Sums]  // its memory never changes size
    private var errors: [Double]  // one a block
    private var sorted: [Double]  // scratch for the rank

    init(size: FrameSize) {
        self.size = size
        blockWidth = max(2, (size.width + 15) / 16)
        blockHeight = max(2, (size.height + 15) / 16)
        let columns = (size.width + blockWidth - 1) / blockWidth
        let rows = (size.height + blockHeight - 1) / blockHeight
        blocks = Array(repeating: Sums(), count: columns * rows)
        errors = Array(repeating: 0, count: blocks.count)
        sorted = errors
    }

    /// What happened to the picture as a whole between two frames of `size`; nil for what happens in a part of it.
    mutating func judge(from reference: [UInt8], to y: UnsafePointer<UInt8>) -> Kind? {
        reference.withUnsafeBufferPointer { reference in
            reference.baseAddress.flatMap { judge(from: $0, to: y) }
        }
    }

    private mutating func judge(from x: UnsafePointer<UInt8>, to y: UnsafePointer<UInt8>) -> Kind? {
        // Nearly every frame ends here, after one plain pass.
        guard Self.absoluteChange(x, y, size.area) >= Self.gate * Double(size.area) else { return nil }
        let all = measure(x, y)
        if all.yVariance < Self.flat * Self.flat, all.xVariance >= Self.flat * Self.flat { return .blank }
        if isLight(all) { return .light }
        let law = all.law
        // Where the frames still resemble each other, what another light explains is not replaced.
        let alike = all.correlation >= Self.correlation && law.a >= Self.gain
        var replaced = 0
        for block in blocks {
            let error = alike ? min(block.change, block.error(law)) : block.change
            if error >= Self.replacedBy * Self.replacedBy { replaced += 1 }
        }
        return Double(replaced) >= Self.replaced * Double(blocks.count) ? .cut : nil
    }

    private static func absoluteChange(_ x: UnsafePointer<UInt8>, _ y: UnsafePointer<UInt8>, _ count: Int) -> Double {
        var sum = 0
        var index = 0
        while index < count {
            sum += Int(abs(Int32(x[index]) - Int32(y[index])))
            index += 1
        }
        return Double(sum)
    }

    /// Fills `blocks`; returns the sums over all of them.
    private mutating func measure(_ x: UnsafePointer<UInt8>, _ y: UnsafePointer<UInt8>) -> Sums {
        var all = Sums()
        var index = 0
        for top in stride(from: 0, to: size.height, by: blockHeight) {
            for left in stride(from: 0, to: size.width, by: blockWidth) {
                var block = Sums()
                for row in top..<min(top + blockHeight, size.height) {
                    var at = row * size.width + left
                    let end = row * size.width + min(left + blockWidth, size.width)
                    block.n += end - at
                    while at < end {
                        let (a, b) = (Int(x[at]), Int(y[at]))
                        block.x += a
                        block.y += b
                        block.xx += a * a
                        block.xy += a * b
                        block.yy += b * b
                        block.absolute += abs(a - b)
                        at += 1
                    }
                }
                blocks[index] = block
                all.add(block)
                index += 1
            }
        }
        return all
    }

    /// Whether one affine law explains the change of most of the picture.
    private mutating func isLight(_ all: Sums) -> Bool {
        var changed = 0
        for block in blocks where Double(block.absolute) >= Self.changedBy * Double(block.n) { changed += 1 }
        guard Double(changed) >= Self.changed * Double(blocks.count) else { return false }
        // Fit to everything, then twice more to the blocks that the last law explains best.
        var kept = all
        for _ in 0..<2 {
            let law = kept.law
            for index in blocks.indices {
                errors[index] = blocks[index].error(law)
                sorted[index] = errors[index]
            }
            let limit = rank(Int(Self.kept * Double(blocks.count)))
            kept = Sums()
            for index in blocks.indices where errors[index] <= limit { kept.add(blocks[index]) }
        }
        let law = kept.law
        guard Double(kept.absolute) >= Self.gate * Double(kept.n),
            kept.error(law) <= (1 - Self.explained) * kept.change
        else { return false }
        let twiceFlat = 4 * Self.flat * Self.flat
        // Nothing to correlate: the level moved.
        if kept.xVariance < twiceFlat, kept.yVariance < twiceFlat { return true }
        return law.a >= Self.gain && kept.correlation >= Self.correlation
    }

    /// The `count`th least of `sorted` (from 1), by Hoare's quickselect: `sort` would allocate.
    private mutating func rank(_ count: Int) -> Double {
        let wanted = max(0, count - 1)
        var (low, high) = (0, sorted.count - 1)
        while low < high {
            let pivot = sorted[(low + high) / 2]
            var (i, j) = (low, high)
            while i <= j {
                while sorted[i] < pivot { i += 1 }
                while sorted[j] > pivot { j -= 1 }
                if i <= j {
                    sorted.swapAt(i, j)
                    i += 1
                    j -= 1
                }
            }
            if wanted <= j {
                high = j
            } else if wanted >= i {
                low = i
            } else {
                return sorted[wanted]
            }
        }
        return sorted[wanted]
    }
}
