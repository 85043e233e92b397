import Glibc
import Testing

@testable import Anomaly

/// Peaks whose distribution is known: how often one is over a value.
private enum PeakLaw: CaseIterable {
    case exponential, gamma, weibull, lognormal, student, bounded

    func peak(_ random: inout SeededRandom) -> Double {
        switch self {
        case .exponential: random.exponential()
        case .gamma: random.gamma3()
        case .weibull: pow(random.exponential(), 1 / 0.7)
        case .lognormal: exp(random.normal())
        case .student:  // 3 degrees of freedom, as a normal over the root of a mean square: shape 1/3
            abs(random.normal()) / ((0..<3).reduce(0) { sum, _ in sum + pow(random.normal(), 2) } / 3).squareRoot()
        case .bounded: 1 - pow(random.uniform(), 1 / 3.0)  // (1 - x)³ over x: shape -1/3, and no peak over 1
        }
    }

    func survival(_ x: Double) -> Double {
        switch self {
        case .exponential: return exp(-x)
        case .gamma: return exp(-x) * (1 + x + x * x / 2)
        case .weibull: return exp(-pow(x, 0.7))
        case .lognormal: return 0.5 * erfc(log(x) / 2.0.squareRoot())
        case .student:  // Both sides of Student's t: 1 - 2/π·(atan(x/√3) + (x/√3) / (1 + x²/3)).
            let ratio = x / 3.0.squareRoot()
            return 1 - 2 / Double.pi * (atan(ratio) + ratio / (1 + ratio * ratio))
        case .bounded: return x >= 1 ? 0 : pow(1 - x, 3)
        }
    }
}

@Suite struct ParetoTailTests {
    /// An hour's 1,200 stretches, the highest tenth as peaks, and a budget of a twelfth of an event in that time (2 a
    /// day), over 60 seeds: the true rate at the threshold that was found lies in the interval that was said.
    @Test(arguments: PeakLaw.allCases) private func theIntervalHoldsTheTruth(law: PeakLaw) throws {
        let (seeds, stretches, allowed) = (60, 1200, 1 / 12.0)
        var (within, over) = (0, 0)
        var ratios: [Double] = []
        for seed in 0..<seeds {
            var random = SeededRandom(UInt64(1000 * seed + 17))
            let peaks = (0..<stretches).map { _ in law.peak(&random) }.sorted(by: >)
            let tail = try #require(ParetoTail(peaks: Array(peaks[0..<120]), level: peaks[120], dispersion: 1))
            let threshold = tail.threshold(expected: allowed)
            #expect(abs(tail.expected(at: threshold, quantile: 0.5) / allowed - 1) < 1e-6)
            let truth = Double(stretches) * law.survival(threshold)
            let (low, high) = (
                tail.expected(at: threshold, quantile: 0.025), tail.expected(at: threshold, quantile: 0.975)
            )
            #expect(low < allowed && allowed < high)
            if low <= truth && truth <= high { within += 1 }
            if truth > high { over += 1 }
            ratios.append(truth / allowed)
        }
        ratios.sort()
        let median = ratios[seeds / 2]
        print("\(law): \(within) of \(seeds) in the interval, \(over) over it, median \(median) of the budget")
        #expect(Double(within) >= 0.88 * Double(seeds) && over <= seeds / 12)
        // A tail that ends: the line lies beyond it for more than half of the seeds.
        #expect(median < 2.5 && (median > 0.3 || law == .bounded))
    }

    /// Excesses that do come from a tail of known shape: it is found, and they fit it.
    @Test(arguments: [-0.3, -0.1, 0, 0.2, 0.4]) func findsTheShape(shape: Double) throws {
        var random = SeededRandom(5)
        let peaks = (0..<5000).map { _ in
            let uniform = random.uniform()
            return 7 + (shape == 0 ? -log(uniform) : (pow(uniform, -shape) - 1) / shape) * 0.02
        }
        let tail = try #require(ParetoTail(peaks: peaks, level: 7, dispersion: 1))
        #expect(tail.count == 5000 && abs(tail.shape - shape) < 0.04 && abs(tail.scale / 0.02 - 1) < 0.06)
        #expect(tail.misfit < ParetoTail.largestMisfit)
        // As many as there are lie over u, a hundredth of them over the quantile.
        #expect(abs(tail.expected(at: 7, quantile: 0.5) / 5000 - 1) < 1e-3)
        let quantile = 7 + 0.02 * (shape == 0 ? log(100) : (pow(100, shape) - 1) / shape)
        #expect(abs(tail.expected(at: quantile, quantile: 0.5) / 50 - 1) < 0.15)
    }

    /// Peaks that come in bundles say less: the interval grows, and the line moves little.
    @Test func dispersionWidensTheInterval() throws {
        var random = SeededRandom(6)
        let peaks = (0..<100).map { _ in 1 + random.exponential() }
        func interval(_ dispersion: Double) throws -> (low: Double, high: Double, threshold: Double) {
            let tail = try #require(ParetoTail(peaks: peaks, level: 1, dispersion: dispersion))
            return (
                tail.expected(at: 6, quantile: 0.025), tail.expected(at: 6, quantile: 0.975),
                tail.threshold(expected: 0.5)
            )
        }
        let (plain, bundled) = (try interval(1), try interval(4))
        #expect(bundled.low < 0.8 * plain.low && bundled.high > 1.5 * plain.high)
        #expect(abs(bundled.threshold / plain.threshold - 1) < 0.25)
    }

    /// Two kinds of peaks, as where swells stand out of noise, are no tail.
    @Test func whatIsNoTailDoesNotFit() throws {
        var random = SeededRandom(7)
        let peaks = (0..<120).map { $0 < 90 ? 1 + 0.1 * random.exponential() : 4 + random.exponential() }
        let tail = try #require(ParetoTail(peaks: peaks, level: 1, dispersion: 1))
        #expect(tail.misfit > 2 * ParetoTail.largestMisfit)
    }

    @Test func peaksThatAreAllTheSameAreNoTail() {
        #expect(ParetoTail(peaks: [2, 2, 2], level: 1, dispersion: 1) == nil)
        #expect(ParetoTail(peaks: [2], level: 1, dispersion: 1) == nil)
        #expect(ParetoTail(peaks: [], level: 1, dispersion: 1) == nil)
    }
}

@Suite struct PoissonIntervalTests {
    /// `[0 if c == 0 else chi2.ppf(.025, 2*c)/2, chi2.ppf(.975, 2*c + 2)/2]` of SciPy.
    @Test(arguments: [
        (0, 0.0, 3.6888794541139354), (1, 0.025317807984289876, 5.571643390938898),
        (2, 0.24220927854396496, 7.22468766772396), (3, 0.6186721228956014, 8.767273069742323),
        (5, 1.6234863901184207, 11.66833207932267),
        (10, 4.7953886961324335, 18.39035604201778), (100, 81.36399125092314, 121.62679379242638),
        (1000, 938.9730184076952, 1063.952136016302),
    ])
    func isGarwoods(count: Int, low: Double, high: Double) {
        let found = PoissonInterval.of(count: count)
        #expect(abs(found.low - low) <= 1e-9 * low && abs(found.high - high) <= 1e-9 * high)
        let bundled = PoissonInterval.of(count: 4 * count, dispersion: 4)
        #expect(abs(bundled.low - 4 * low) <= 1e-8 * low && abs(bundled.high - 4 * high) <= 1e-8 * high)
    }

    /// `special.gammainc(a, x)` of SciPy.
    @Test(arguments: [
        (0.5, 0.2, 0.47291074313446196), (1, 1, 0.6321205588285577), (3, 2.5, 0.45618688411667035),
        (10, 14, 0.890600630357261), (100, 90, 0.15822098918643007), (0.3, 5, 0.9993486812492816),
        (250, 300, 0.9986225281224718), (2, 0, 0),
    ])
    func isTheIncompleteGammaFunction(shape: Double, x: Double, share: Double) {
        #expect(abs(PoissonInterval.gammaShare(x, shape: shape) - share) < 1e-12)
        if share > 0 {
            #expect(abs(PoissonInterval.gammaQuantile(share, shape: shape) / x - 1) < 1e-9)
        }
    }
}
