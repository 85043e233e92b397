import Glibc
import TestSupport

/// Random variates, the same on every machine.
struct SeededRandom: RandomNumberGenerator {
    private var bits: SplitMix
    init(_ seed: UInt64) { bits = SplitMix(seed: seed) }

    mutating func next() -> UInt64 { bits.next() }

    /// In (0, 1).
    mutating func uniform() -> Double { (Double(next() >> 11) + 0.5) / 9_007_199_254_740_992 }

    /// Exponential with mean 1.
    mutating func exponential() -> Double { -log(uniform()) }

    /// Gamma of shape 3 and scale 1.
    mutating func gamma3() -> Double { exponential() + exponential() + exponential() }

    /// Normal with mean 0 and deviation 1 (Box and Muller).
    mutating func normal() -> Double { (-2 * log(uniform())).squareRoot() * cos(2 * .pi * uniform()) }
}
