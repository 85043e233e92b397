import Glibc

/// SplitMix64 (Steele, Lea, Flood 2014): all randomness of a training run, from its seed; its state is one number.
struct RandomSequence: RandomNumberGenerator {
    private(set) var state: UInt64

    /// The sequence that follows from `keys`: other numbers for each combination.
    init(_ keys: UInt64...) {
        state = keys.reduce(0x5A41_4E5A_4F00_0001) { Self.mixed($0 ^ $1) &+ 0x9E37_79B9_7F4A_7C15 }
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mixed(state)
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

    private static func mixed(_ key: UInt64) -> UInt64 {
        var z = key
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
