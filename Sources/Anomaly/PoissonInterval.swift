internal import Glibc

/// What a count says about the mean of the Poisson distribution that it came from.
enum PoissonInterval {
    /// The exact 95 % interval of the mean where `count` was counted (Garwood 1936): under its low end as many or more
    /// would be counted once in forty times, over its high end as few or fewer.
    ///
    /// `dispersion` (1 or more) widens it for counts that vary more than Poisson's do, as if there were so many times
    /// fewer of them, each counting as that many.
    static func of(count: Int, dispersion: Double = 1) -> (low: Double, high: Double) {
        precondition(count >= 0 && dispersion >= 1, "a count of \(count), a dispersion of \(dispersion)")
        let evidence = Double(count) / dispersion
        let low = count == 0 ? 0 : gammaQuantile(0.025, shape: evidence)
        return (low * dispersion, gammaQuantile(0.975, shape: evidence + 1) * dispersion)
    }

    /// The value that a gamma variable of this shape and scale 1 lies under with probability `share`; by bisection.
    static func gammaQuantile(_ share: Double, shape: Double) -> Double {
        var (low, high) = (0.0, shape + 10 * shape.squareRoot() + 20)
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if gammaShare(middle, shape: shape) < share { low = middle } else { high = middle }
        }
        return high
    }

    /// The regularised lower incomplete gamma function P(a, x): series under a + 1, else Lentz's continued fraction
    /// (Abramowitz and Stegun 6.5.29 and 6.5.31).
    static func gammaShare(_ x: Double, shape a: Double) -> Double {
        guard x > 0 else { return 0 }
        let front = exp(a * log(x) - x - lgamma(a))
        if x < a + 1 {
            var (term, sum, place) = (1 / a, 1 / a, a)
            while term > sum * 1e-15 {
                place += 1
                term *= x / place
                sum += term
            }
            return min(1, front * sum)
        }
        let tiny = 1e-300
        var b = x + 1 - a
        var (c, d) = (1 / tiny, 1 / b)
        var fraction = d
        for step in 1...10_000 {
            let numerator = -Double(step) * (Double(step) - a)
            b += 2
            d = 1 / nonZero(numerator * d + b, tiny)
            c = nonZero(b + numerator / c, tiny)
            fraction *= d * c
            if abs(d * c - 1) < 1e-15 { break }
        }
        return max(0, 1 - front * fraction)
    }

    private static func nonZero(_ value: Double, _ tiny: Double) -> Double { abs(value) < tiny ? tiny : value }
}
