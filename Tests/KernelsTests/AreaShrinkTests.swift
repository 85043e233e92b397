import TestSupport
import Kernels
import Testing

@Suite("Shrinking by area average")
struct AreaShrinkTests {
    struct Shape: CustomTestStringConvertible, Sendable {
        var source: (Int, Int)
        var target: (Int, Int)
        var step = 1
        var testDescription: String { "\(source.0)x\(source.1) to \(target.0)x\(target.1), step \(step)" }
    }

    static let shapes: [Shape] = [
        Shape(source: (64, 64), target: (64, 64)), Shape(source: (64, 64), target: (64, 64), step: 2),
        Shape(source: (1, 1), target: (64, 64)), Shape(source: (1, 1), target: (1, 1)),
        Shape(source: (640, 480), target: (64, 64), step: 2), Shape(source: (128, 96), target: (64, 48)),
        Shape(source: (192, 108), target: (64, 36)), Shape(source: (192, 108), target: (64, 36), step: 2),
        Shape(source: (192, 108), target: (64, 36), step: 4), Shape(source: (256, 144), target: (64, 36), step: 3),
        Shape(source: (320, 180), target: (64, 64)), Shape(source: (7, 5), target: (3, 2)),
        Shape(source: (3, 2), target: (7, 5)), Shape(source: (13, 1000), target: (5, 3)),
        Shape(source: (8192, 3), target: (1, 1)), Shape(source: (3, 8192), target: (1, 1), step: 2),
        Shape(source: (8191, 8), target: (64, 7)), Shape(source: (17, 8192), target: (16, 8191)),
        Shape(source: (96, 100), target: (48, 100)), Shape(source: (100, 96), target: (100, 48)),
    ]

    static let randomShapes: [Shape] = {
        var random = SplitMix(seed: 7)
        return (0..<60).map { _ in
            func side(_ limit: Int) -> Int { Int.random(in: 1...limit, using: &random) }
            return Shape(source: (side(300), side(300)), target: (side(120), side(120)), step: side(4))
        }
    }()

    /// The definition: overlaps of [i W, (i + 1) W) with [x w, (x + 1) w) in both directions, halves up.
    static func oracle(_ source: [UInt8], _ shape: Shape) -> [UInt8] {
        let ((sw, sh), (tw, th)) = (shape.source, shape.target)
        func overlaps(_ index: Int, _ from: Int, _ to: Int) -> [(Int, Int)] {
            let (start, end) = (index * from, (index + 1) * from)
            return (start / to...(end - 1) / to).map { ($0, min(end, ($0 + 1) * to) - max(start, $0 * to)) }
        }
        return (0..<th).flatMap { y in
            let rows = overlaps(y, sh, th)
            return (0..<tw).map { x in
                var sum = 0
                for (column, wx) in overlaps(x, sw, tw) {
                    for (row, wy) in rows { sum += wx * wy * Int(source[row * sw + column]) }
                }
                return UInt8((2 * sum + sw * sh) / (2 * sw * sh))
            }
        }
    }

    @Test("Every instruction set gives the exact average and stays inside the rows", arguments: shapes + randomShapes)
    func exact(shape: Shape) throws {
        var random = SplitMix(seed: UInt64(shape.source.0 * 31 + shape.target.1))
        let (width, height) = shape.source
        let isWhite = shape.source.0 % 5 == 0  // extremes: all 255 where nothing may overflow
        let samples = (0..<width * height).map { _ in isWhite ? 255 : UInt8.random(in: 0...255, using: &random) }
        let expected = Self.oracle(samples, shape)
        let stride = (width - 1) * shape.step + 1
        for side in Guarded<UInt8>.Side.allCases {
            let source = Guarded<UInt8>(count: stride * height, at: side)
            for index in 0..<stride * height { source.base[index] = 0xAA }
            for y in 0..<height {
                for x in 0..<width { source.base[y * stride + x * shape.step] = samples[y * width + x] }
            }
            for name in KernelTable.names {
                guard let kernels = KernelTable.named(name) else { continue }
                let target = Guarded<UInt8>(count: expected.count, at: side)
                let shrink = AreaShrink(
                    sourceWidth: width, sourceHeight: height, width: shape.target.0, height: shape.target.1,
                    kernels: kernels)
                for _ in 0..<2 {  // twice: nothing may stay behind from the first frame
                    shrink.run(
                        source: source.base, stride: stride, step: shape.step, into: target.base,
                        destinationStride: shape.target.0)
                    #expect(target.values == expected, "\(name)")
                }
            }
        }
    }

    @Test("Halves are rounded up")
    func halves() {
        let target = Guarded<UInt8>(count: 1)
        let shrink = AreaShrink(sourceWidth: 2, sourceHeight: 1, width: 1, height: 1)
        shrink.run(source: [10, 11], stride: 2, step: 1, into: target.base, destinationStride: 1)
        #expect(target.values == [11])
    }

    @Test("An upside-down picture is read by a negative stride, and target rows may have a gap")
    func strides() {
        let target = Guarded<UInt8>([9, 9, 9, 9, 9])
        let source: [UInt8] = [1, 3, 5, 7]
        let shrink = AreaShrink(sourceWidth: 2, sourceHeight: 2, width: 1, height: 2)
        source.withUnsafeBufferPointer { source in
            guard let base = source.baseAddress else { return }
            shrink.run(source: base + 2, stride: -2, step: 1, into: target.base, destinationStride: 3)
        }
        #expect(target.values == [6, 9, 9, 2, 9])
    }
}
