import Glibc

// All randomness of a training run follows from its seed: each use has a sequence of its own.
extension SeededGenerator {
    /// The sequence that follows from `keys`: other numbers for each combination.
    init(keys: UInt64...) {
        self.init(seed: 0)
        for key in keys {
            state ^= key
            state = next()
        }
    }

    /// Uniform in 0..<1, 53 bits.
    mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// Uniform in 0..<`count`.
    mutating func index(below count: Int) -> Int { Int.random(in: 0..<count, using: &self) }

    /// Standard normal numbers, in pairs (Box and Muller 1958).
    mutating func fillNormal(_ values: UnsafeMutableBufferPointer<Float>) {
        for at in stride(from: 0, to: values.count, by: 2) {
            let radius = (-2 * log(1 - uniform())).squareRoot()
            let angle = 2 * Double.pi * uniform()
            values[at] = Float(radius * cos(angle))
            if at + 1 < values.count { values[at + 1] = Float(radius * sin(angle)) }
        }
    }
}
