import CKernels
import Kernels
import TestSupport
import Testing

@Suite("Batch norm's passes and the optimiser against float64")
struct NormTests {
    struct Shape: CustomTestStringConvertible, Sendable {
        var height, width, channels: Int
        var testDescription: String { "\(height)x\(width)x\(channels)" }
    }

    static let shapes = [(1, 1, 8), (3, 5, 24), (4, 130, 16), (16, 16, 32), (2, 65, 64)].map {
        Shape(height: $0.0, width: $0.1, channels: $0.2)
    }

    @Test("Moments, forward, sums and backward", arguments: shapes)
    func norm(shape: Shape) {
        for table in ConvolutionTests.tables {
            let channels = table.padded(shape.channels), (height, width) = (shape.height, shape.width)
            for side in Guarded<Float>.Side.allCases {
                var random = SplitMix(seed: UInt64(height * 31 + width))
                func vector(_ range: ClosedRange<Float> = -1...1) -> Guarded<Float> {
                    Guarded(random.floats(channels, in: range), at: side)
                }
                let scale = vector(), shift = vector(), mean = vector()
                let alpha = vector(), beta = vector(), gamma = vector()
                // x in a map with a border, whose last row ends where its numbers do.
                let yRow = width * channels, xRow = yRow + 2 * channels
                let y = Guarded<Float>(random.floats(height * yRow), at: side)
                let x = Guarded<Float>(count: (height - 1) * xRow + yRow, at: side)
                let before = random.floats(x.count)
                for index in before.indices { x.base[index] = before[index] }
                var norm = zanzo_norm(
                    height: height, width: width, channels: channels, y_row: yRow, x_row: xRow, scale: scale.base,
                    shift: shift.base, mean: mean.base, alpha: alpha.base, beta: beta.base, gamma: gamma.base)
                let sums = Guarded<Double>(count: 2 * channels, at: side == .start ? .start : .end)
                let products = Guarded<Double>(count: 2 * channels, at: side == .start ? .start : .end)
                for index in 0..<2 * channels { (sums.base[index], products.base[index]) = (3, -2) }
                let dx = Guarded<Float>(before, at: side)
                table.training.normMoments(sums.base, y.base, &norm)
                table.training.normForward(x.base, y.base, &norm)
                table.training.normSums(products.base, dx.base, y.base, &norm)
                table.training.normBackward(dx.base, dx.base, y.base, &norm)
                var expected = [Double](repeating: 3, count: 2 * channels) + Array(repeating: -2, count: 2 * channels)
                var worst = 0.0
                func compare(_ found: Float, _ wanted: Double) {
                    worst = max(worst, abs(Double(found) - wanted) / (1e-6 * (1 + abs(wanted))))
                }
                for row in 0..<height {
                    for i in 0..<yRow {
                        let c = i % channels, value = Double(y.base[row * yRow + i]), at = row * xRow + i
                        let z = Double(scale.base[c]) * value + Double(shift.base[c])
                        let distance = value - Double(mean.base[c]), dz = z > 0 ? Double(before[at]) : 0
                        expected[c] += distance
                        expected[channels + c] += distance * distance
                        expected[2 * channels + c] += dz
                        expected[3 * channels + c] += dz * distance
                        compare(x.base[at], max(0, z))
                        compare(
                            dx.base[at],
                            Double(alpha.base[c]) * dz + Double(beta.base[c]) * distance + Double(gamma.base[c]))
                    }
                    // Between the rows, nothing has been written.
                    for i in yRow..<xRow where row + 1 < height {
                        #expect(x.base[row * xRow + i] == before[row * xRow + i])
                        #expect(dx.base[row * xRow + i] == before[row * xRow + i])
                    }
                }
                let pixels = Double(height * width)
                for (found, wanted) in zip(sums.values + products.values, expected) {
                    worst = max(worst, abs(found - wanted) / (1e-6 * (3 + pixels)))
                }
                #expect(worst <= 1, "\(table.name): \(worst) times the distance allowed")
            }
        }
    }

    @Test("Adam is its definition, tails included", arguments: [1, 7, 16, 33, 1000])
    func adam(count: Int) {
        for table in ConvolutionTests.tables {
            var random = SplitMix(seed: UInt64(count))
            let w = Guarded<Float>(random.floats(count)), m = Guarded<Float>(random.floats(count, in: -0.1...0.1))
            let v = Guarded<Float>(random.floats(count, in: 0...0.01)), g = Guarded<Float>(random.floats(count))
            let before = (w.values, m.values, v.values)
            var step = zanzo_adam_step(
                gradient_scale: 0.5, weight_decay: 1e-2, one_minus_beta1: 0.1, beta2: 0.999, one_minus_beta2: 0.001,
                step: 3e-3, root: 1.5, epsilon: 1e-8)
            table.training.adam(w.base, m.base, v.base, g.base, count, &step)
            var (worst, squares) = (0.0, 0.0)
            for i in 0..<count {
                let gradient = 0.5 * Double(g.base[i]) + 1e-2 * Double(before.0[i])
                let mean = Double(before.1[i]) + 0.1 * (gradient - Double(before.1[i]))
                let square = 0.999 * Double(before.2[i]) + 0.001 * gradient * gradient
                let weight = Double(before.0[i]) - 3e-3 * mean / (1.5 * square.squareRoot() + 1e-8)
                for (found, wanted) in [(w.base[i], weight), (m.base[i], mean), (v.base[i], square)] {
                    worst = max(worst, abs(Double(found) - wanted) / (1e-6 * (0.01 + abs(wanted))))
                }
                squares += Double(g.base[i]) * Double(g.base[i])
            }
            #expect(worst <= 1, "\(table.name): \(worst) times the distance allowed")
            #expect(abs(table.training.sumSquares(g.base, count) / squares - 1) < 1e-6, "\(table.name)")
        }
    }
}
