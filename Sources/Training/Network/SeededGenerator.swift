/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): small, and the same numbers on every machine.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    /// All that it remembers: saved and set again, it goes on with the same numbers.
    public var state: UInt64

    /// The sequence that follows from `seed`.
    public init(seed: UInt64) { state = seed }

    /// The next 64 bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Uniform in -limit…limit.
    mutating func uniform(in limit: Float) -> Float {
        (Float(next() >> 40) * 0x1p-23 - 1) * limit
    }
}
