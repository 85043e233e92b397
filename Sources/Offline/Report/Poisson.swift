import Glibc

/// Counts of rare events.
enum Poisson {
    /// The 95 % interval of the expected count where `count` were seen (Garwood 1936): exact, from the distribution itself.
    static func interval(_ count: Int) -> ClosedRange<Double> {
        let limit = Double(count) + 10 * Double(count + 1).squareRoot() + 10
        let low = count == 0 ? 0 : root(in: 0...Double(count)) { 1 - cumulative(count - 1, mean: $0) - 0.025 }
        let high = root(in: Double(count)...limit) { 0.025 - cumulative(count, mean: $0) }
        return low...high
    }

    /// The probability of `count` or fewer.
    static func cumulative(_ count: Int, mean: Double) -> Double {
        guard mean > 0 else { return 1 }
        let logarithms = (0...count).map { Double($0) * log(mean) - mean - lgamma(Double($0) + 1) }
        return min(1, logarithms.reduce(0) { $0 + exp($1) })
    }

    /// Where an ascending function becomes 0, by bisection.
    private static func root(in range: ClosedRange<Double>, _ function: (Double) -> Double) -> Double {
        var (low, high) = (range.lowerBound, range.upperBound)
        for _ in 0..<100 {
            let middle = (low + high) / 2
            if function(middle) < 0 { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }
}
