import CKernels
import Glibc
import Testing

/// Maps in the kernels' layout, made from and compared with PyTorch's.
enum Maps {
    static let sentinel: Float = 12345

    static func tanh(_ x: Double) -> Double { Glibc.tanh(x) }

    static func scaled(_ weights: [Float], by scale: [Float]) -> [Float] {
        let each = weights.count / scale.count
        return weights.indices.map { weights[$0] * scale[$0 / each] }
    }

    /// [channels][height][width] → [height + 2][width + 2][stride], `zero` around and in the padding.
    static func bordered<Element>(
        _ values: [Element], _ channels: Int, _ height: Int, _ width: Int, _ stride: Int, _ zero: Element
    ) -> [Element] {
        var map = [Element](repeating: zero, count: (height + 2) * (width + 2) * stride)
        for c in 0..<channels {
            for y in 0..<height {
                for x in 0..<width {
                    map[((y + 1) * (width + 2) + x + 1) * stride + c] = values[(c * height + y) * width + x]
                }
            }
        }
        return map
    }

    /// How far the inside of a bordered map is from what was expected, the worst of `distance(found, index)`; padding
    /// channels are zero, and the border is still `blank`.
    static func expect<Element: Numeric>(
        _ map: [Element], like expected: Oracle.Map, blank: Element, _ name: String,
        distance: (Element, Int) -> Double
    ) {
        let stride = map.count / ((expected.height + 2) * (expected.width + 2))
        var (worst, stray) = (0.0, 0)
        for y in 0..<expected.height + 2 {
            for x in 0..<expected.width + 2 {
                let isInside = y > 0 && y <= expected.height && x > 0 && x <= expected.width
                for c in 0..<stride {
                    let value = map[(y * (expected.width + 2) + x) * stride + c]
                    if !isInside {
                        stray += value == blank ? 0 : 1
                    } else if c >= expected.channels {
                        stray += value == 0 ? 0 : 1
                    } else {
                        worst = max(worst, distance(value, expected.index(c, y - 1, x - 1)))
                    }
                }
            }
        }
        #expect(worst <= 1, "\(name): \(worst) times the distance allowed")
        #expect(stray == 0, "\(name): border or padding written")
    }

    /// Floats are what was expected, to rounding.
    static func expect(_ map: [Float], is expected: Oracle.Map, isRectified: Bool, _ name: String) {
        expect(map, like: expected, blank: sentinel, name) { value, index in
            let wanted = isRectified ? max(0, expected.values[index]) : expected.values[index]
            // The second term is the last digit that a float has at all.
            let allowed = 2e-6 * expected.magnitude[index] + Double(Float.leastNonzeroMagnitude) * 4
            return abs(Double(value) - wanted) / allowed
        }
    }

    /// A byte is the one nearest to `exact`; where that lies within `doubt` of a boundary, it may be that of either side.
    static func distance(_ byte: UInt8, from exact: Double, doubt: Double) -> Double {
        func nearest(_ x: Double) -> Double { min(255, max(0, x.rounded(.toNearestOrEven))) }
        return (nearest(exact - doubt)...nearest(exact + doubt)).contains(Double(byte)) ? 0 : 2
    }
}
