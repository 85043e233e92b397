import CKernels
import Glibc
import Testing

/// Maps in the kernels' layout, made from and compared with PyTorch's.
enum Maps {
    static let sentinel: Float = 12345

    static func tanh(_ x: Double) -> Double { Glibc.tanh(x) }

    /// All the work on one map.
    static func whole(_ pixels: Int, _ outputs: Int) -> zanzo_share {
        zanzo_share(
            maps: 1, in_map: 0, out_map: 0, first_pixel: 0, end_pixel: pixels, first_output: 0, end_output: outputs)
    }

    static func scaled(_ weights: [Float], by scale: [Float]) -> [Float] {
        let each = weights.count / scale.count
        return weights.indices.map { weights[$0] * scale[$0 / each] }
    }

    /// [channels][height][width] → [height + 2][width + 2][stride], zeros around and in the padding.
    static func bordered(
        _ values: [Float], _ channels: Int, _ height: Int, _ width: Int, _ stride: Int, _ side: Guarded<Float>.Side
    ) -> Guarded<Float> {
        let map = Guarded<Float>(count: (height + 2) * (width + 2) * stride, at: side)
        for c in 0..<channels {
            for y in 0..<height {
                for x in 0..<width {
                    map.base[((y + 1) * (width + 2) + x + 1) * stride + c] = values[(c * height + y) * width + x]
                }
            }
        }
        return map
    }

    /// A bordered map full of a number that no kernel writes.
    static func blank(_ height: Int, _ width: Int, _ stride: Int, _ side: Guarded<Float>.Side) -> Guarded<Float> {
        Guarded(Array(repeating: sentinel, count: (height + 2) * (width + 2) * stride), at: side)
    }

    /// The inside is what was expected, to rounding; padding channels are zero; the border was not touched.
    static func expect(
        _ map: borrowing Guarded<Float>, is expected: Oracle.Map, pixelStride: Int, isRectified: Bool, _ name: String
    ) {
        var (worst, stray) = (0.0, 0)
        for y in 0..<expected.height + 2 {
            for x in 0..<expected.width + 2 {
                let isInside = y > 0 && y <= expected.height && x > 0 && x <= expected.width
                for c in 0..<pixelStride {
                    let value = map.base[(y * (expected.width + 2) + x) * pixelStride + c]
                    if !isInside {
                        stray += value == sentinel ? 0 : 1
                    } else if c >= expected.channels {
                        stray += value == 0 ? 0 : 1
                    } else {
                        let index = expected.index(c, y - 1, x - 1)
                        let wanted = isRectified ? max(0, expected.values[index]) : expected.values[index]
                        worst = max(worst, abs(Double(value) - wanted) / (1e-6 * (1 + expected.magnitude[index])))
                    }
                }
            }
        }
        #expect(worst <= 1, "\(name): \(worst) times the rounding allowed")
        #expect(stray == 0, "\(name): border or padding written")
    }
}
