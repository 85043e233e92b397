internal import Glibc

/// A generalised Pareto tail over a high level u, with what the footage leaves open about it.
///
/// Over a level that is high enough, excesses of (almost) any distribution follow a generalised Pareto distribution
/// (Pickands 1975): P(excess > y) = (1 + ξ·y / σ)^(-1 / ξ). Shape ξ and scale σ are not estimated as one point: a few
/// dozen peaks leave the shape wide open, and extrapolating with the likeliest one is how alarm lines end up wrong by
/// orders of magnitude. Each pair of a grid keeps its weight, the penalised likelihood of the peaks (Coles and Dixon
/// 1999; Coles 2001, §9.1), and the number of peaks over u its Poisson uncertainty. What is asked for is then a
/// quantile over all of them: it holds its probability for 10 peaks as for 200, without a bootstrap and without
/// chance. Maximum likelihood alone has no answer for small samples (Hosking and Wallis 1987).
///
/// - The penalty is a beta prior (Martins and Stedinger 2000) on ξ in (-0.5, 0.5), of mean 0.1: under -0.5 a tail
///   ends so hard that its end can't be estimated, over 0.5 it has no variance, which squared errors of at most 4
///   do not do. It leans to the heavy side: where footage says little, the line comes out higher.
/// - log σ is left open (a flat prior).
///
/// Everything is computed in units of the mean excess, so that it scales with the scores.
struct ParetoTail {
    /// u, in raw units.
    let level: Double
    /// Peaks over u.
    let count: Int
    /// How much more unevenly the peaks fall over the footage than independent ones would; 1 where they do not. The
    /// peaks then count as `count / dispersion` of them (quasi-likelihood, McCullagh and Nelder 1989).
    let dispersion: Double
    /// The weighted mean of the shapes, and the scale in raw units (the geometric mean).
    let shape: Double, scale: Double
    /// How far the excesses lie from the tail of mean shape and scale (Cramér and von Mises).
    let misfit: Double

    private struct Node {
        let shape: Double
        let scale: Double  // in mean excesses
        let weight: Double  // all add up to 1
    }

    private let nodes: [Node]
    private let unit: Double  // the mean excess in raw units

    /// The misfit that about one in ten samples of such a tail exceeds: 0.10 to 0.16 for shapes of 0.3 down to -0.3, by
    /// simulation; Choulakian and Stephens (2001) have the like for maximum likelihood.
    static let largestMisfit = 0.13

    /// The tail that `peaks` over `level` leave possible; nil where they are all the same.
    init?(peaks: [Double], level: Double, dispersion: Double) {
        precondition(dispersion >= 1, "a dispersion of \(dispersion)")
        let raw = peaks.filter { $0 > level }.map { $0 - level }.sorted()
        let mean = raw.reduce(0, +) / Double(max(1, raw.count))
        guard raw.count > 1, raw[0] < raw[raw.count - 1], mean > 0, mean.isFinite else { return nil }
        let excesses = raw.map { $0 / mean }
        (self.level, count, self.dispersion, unit) = (level, raw.count, dispersion, mean)
        nodes = Self.posterior(excesses, share: 1 / dispersion)
        let shape = nodes.reduce(0) { $0 + $1.weight * $1.shape }
        let logScale = nodes.reduce(0) { $0 + $1.weight * log($1.scale) }
        (self.shape, scale) = (shape, exp(logScale) * mean)
        misfit = Self.misfit(excesses, shape: shape, scale: exp(logScale))
    }

    private static let shapeCount = 33
    private static let reach = 4.0  // conditional standard deviations of log σ to each side
    private static let stepsEachSide = 6

    /// The grid: for each shape, scales around the likeliest one.
    private static func posterior(_ excesses: [Double], share: Double) -> [Node] {
        let count = Double(excesses.count)
        var found: [(shape: Double, scale: Double, log: Double)] = []
        found.reserveCapacity(shapeCount * (2 * stepsEachSide + 1))
        for index in 0..<shapeCount {
            let shape = (Double(index) + 0.5) / Double(shapeCount) - 0.5
            let (mode, deviation) = likeliestScale(excesses, shape: shape, share: share)
            // Beta(3, 2) on (-0.5, 0.5).
            let prior = 2 * log(0.5 + shape) + log(0.5 - shape)
            let step = reach * deviation / Double(stepsEachSide)
            for place in -stepsEachSide...stepsEachSide {
                let scale = mode * exp(Double(place) * step)
                guard let sum = logSum(excesses, shape / scale) else { continue }
                let exponent = abs(shape) < 1e-9 ? count / scale : (1 + 1 / shape) * sum
                let likelihood = -count * log(scale) - exponent
                found.append((shape, scale, share * likelihood + prior + log(step)))
            }
        }
        let top = found.reduce(-Double.infinity) { max($0, $1.log) }
        let weights = found.map { exp($0.log - top) }
        let total = weights.reduce(0, +)
        return zip(found, weights).compactMap { node, weight in
            weight < 1e-7 ? nil : Node(shape: node.shape, scale: node.scale, weight: weight / total)
        }
    }

    /// Σ log(1 + θ·y); nil where an excess lies beyond the tail's end.
    private static func logSum(_ excesses: [Double], _ theta: Double) -> Double? {
        guard 1 + theta * excesses[excesses.count - 1] > 0 else { return nil }
        return excesses.reduce(0) { $0 + log1p(theta * $1) }
    }

    /// The σ at which the likelihood for a given shape is greatest, and the standard deviation of log σ around it. The
    /// derivative by log σ, (1 + ξ)·Σ y / (σ + ξ·y) - n, falls as σ grows: bisection.
    private static func likeliestScale(
        _ excesses: [Double], shape: Double, share: Double
    ) -> (mode: Double, deviation: Double) {
        let count = Double(excesses.count)
        let end = max(0, -shape) * excesses[excesses.count - 1]
        var (low, high) = (end, end + 1 + shape)  // The mean excess is 1.
        for _ in 0..<26 {
            let middle = (low + high) / 2
            let slope = (1 + shape) * excesses.reduce(0) { $0 + $1 / (middle + shape * $1) }
            if slope > count { low = middle } else { high = middle }
        }
        let curvature = excesses.reduce(0) { sum, y in
            let reached = high + shape * y
            return sum + y * high / (reached * reached)
        }
        return (high, 1 / (share * (1 + shape) * curvature).squareRoot())
    }

    /// P(excess > y), y in mean excesses.
    private static func survival(_ excess: Double, shape: Double, scale: Double) -> Double {
        if abs(shape) < 1e-9 { return exp(-excess / scale) }
        let reached = 1 + shape * excess / scale
        return reached > 0 ? pow(reached, -1 / shape) : 0
    }

    private static func misfit(_ excesses: [Double], shape: Double, scale: Double) -> Double {
        let count = Double(excesses.count)
        return excesses.enumerated().reduce(1 / (12 * count)) { sum, next in
            let under = 1 - survival(next.element, shape: shape, scale: scale)
            let distance = under - (2 * Double(next.offset) + 1) / (2 * count)
            return sum + distance * distance
        }
    }

    /// The probability that fewer than `expected` peaks reach `threshold` in footage of this length, as a mean: over
    /// the grid, and over what the number of peaks over u says of its own mean, a gamma distribution (by Wilson and
    /// Hilferty's cube root).
    private func probability(of expected: Double, excess: Double) -> Double {
        let evidence = Double(count) / dispersion
        return nodes.reduce(0) { sum, node in
            let share = Self.survival(excess, shape: node.shape, scale: node.scale)
            guard share > 0 else { return sum + node.weight }
            let ratio = expected / (share * Double(count))
            let deviate = (cbrt(ratio) - 1 + 1 / (9 * evidence)) * 3 * evidence.squareRoot()
            return sum + node.weight * 0.5 * erfc(-deviate / 2.0.squareRoot())
        }
    }

    /// The threshold that as many peaks as `expected` (over 0) reach in footage of this length: more and fewer are
    /// equally likely. u at the least.
    func threshold(expected: Double) -> Double {
        guard probability(of: expected, excess: 0) < 0.5 else { return level }
        var high = 1.0
        while probability(of: expected, excess: high) < 0.5, high < 1e12 { high *= 2 }
        var low = high == 1 ? 0 : high / 2
        for _ in 0..<40 {
            let middle = (low + high) / 2
            if probability(of: expected, excess: middle) < 0.5 { low = middle } else { high = middle }
        }
        return level + high * unit
    }

    /// The mean number of peaks in footage of this length that reach `threshold` (u or more), at probability
    /// `quantile`; 0 where a tail that ends under the threshold is as probable as that.
    func expected(at threshold: Double, quantile: Double) -> Double {
        let excess = max(0, (threshold - level) / unit)
        var (low, high) = (log(1e-12), log(100 * Double(count)))
        guard probability(of: exp(low), excess: excess) < quantile else { return 0 }
        for _ in 0..<40 {
            let middle = (low + high) / 2
            if probability(of: exp(middle), excess: excess) < quantile { low = middle } else { high = middle }
        }
        return exp(high)
    }
}
