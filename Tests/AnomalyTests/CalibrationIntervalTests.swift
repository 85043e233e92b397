import Glibc
import Testing
import Video

@testable import Anomaly

/// Normal scores of known law, independent or not, at 5 frames a second.
private enum Process: CaseIterable {
    case exponential, weibull, student, autoregressive, movingMaxima

    func scores(_ count: Int, seed: UInt64) -> [Double] {
        var random = SeededRandom(seed)
        switch self {
        case .exponential: return (0..<count).map { _ in 0.01 * random.exponential() }
        case .weibull: return (0..<count).map { _ in 0.01 * pow(random.exponential(), 1 / 0.7) }
        case .student:
            return (0..<count).map { _ in
                let mean = (0..<4).reduce(0.0) { sum, _ in sum + pow(random.normal(), 2) } / 4
                return 0.01 * abs(random.normal()) / mean.squareRoot()
            }
        case .autoregressive:  // Lognormal, with a memory of 10 frames.
            var state = random.normal()
            let noise = (1 - 0.9 * 0.9).squareRoot()
            return (0..<count).map { _ in
                state = 0.9 * state + noise * random.normal()
                return 0.01 * exp(0.3 * state)
            }
        case .movingMaxima:  // The greatest of 6 Fréchet variables of shape 1/5: extremal index 1/6.
            let sources = (0..<count + 5).map { _ in 0.01 * pow(random.exponential(), -0.2) }
            return (0..<count).map { sources[$0...$0 + 5].reduce(0, max) }
        }
    }
}

/// Events a frame that a detector raises in the long run, where one frame starts one, of scores that are the greatest
/// of `span` independent values, which are over the line with probability `over`, over the release level with `loud`:
/// a renewal process. An event waits for `pause` quiet frames in a row, a run without a loud value that begins after
/// the last one has left (Feller 1968, XIII.7), and then for a value over the line.
private func eventRate(over: Double, loud: Double, span: Int, pause: Int) -> Double {
    1 / (1 / over + (pow(1 - loud, -Double(span - 1 + pause)) - 1) / loud)
}

private func count(_ scores: [Double], threshold: Double, _ settings: DetectorSettings) -> Int {
    var judge = Detector(settings: settings, rate: 5)
    var events = 0
    for (index, score) in scores.enumerated() {
        let time = MonotonicTime(nanoseconds: Int64(index) * 200_000_000)
        if judge.observe(score: score / threshold, frame: UInt64(index), time: time) == .start { events += 1 }
    }
    return events
}

/// How often the truth lay in the interval, and where.
private struct Tally {
    private var within = 0
    private var over = 0
    private var ratios: [Double] = []

    mutating func add(truth: Double, _ calibration: Calibration) throws {
        let expected = try #require(calibration.expected)
        #expect(expected.low <= expected.alertsPerDay && expected.alertsPerDay <= expected.high)
        if expected.low <= truth && truth <= expected.high { within += 1 }
        if truth > expected.high { over += 1 }
        ratios.append(truth / calibration.alertsPerDay)
    }

    /// 95 % is what is promised; 88 % of 40 is what a lucky and an unlucky choice of seeds both pass.
    func judge(_ name: String, medians: ClosedRange<Double>) {
        let median = ratios.sorted()[ratios.count / 2]
        print("\(name): \(within) of \(ratios.count) in the interval, \(over) over it, median \(median) of the budget")
        #expect(Double(within) >= 0.88 * Double(ratios.count), "\(name)")
        #expect(10 * over <= ratios.count, "\(name)")
        #expect(medians.contains(median), "\(name): median \(median)")
    }
}

@Suite struct CalibrationIntervalTests {
    private static let seeds = UInt64(40)

    /// Ten minutes of footage, in which the budget allows 0.4 events (60 a day): the default detector is run over a
    /// half a million fresh frames (28 hours) to see what the thresholds are worth.
    @Test(arguments: Process.allCases) private func theDetectorKeepsTheIntervalInTheLongRun(process: Process) throws {
        var calibrations: [Calibration] = []
        for seed in 0..<Self.seeds {
            calibrations.append(
                try Calibration.fit(
                    scores: process.scores(3016, seed: 100 + seed), rate: 5, alertsPerDay: 60,
                    detector: DetectorSettings()))
        }
        #expect(calibrations.allSatisfy { $0.tail.kind == .pareto && $0.events == 0 })
        let thresholds = calibrations.map(\.threshold)
        let (least, greatest) = (thresholds.reduce(.infinity, min), thresholds.reduce(0, max))
        let future = process.scores(500_000, seed: 9)
        // Between the steps of a ladder the logarithm of the rate is taken as straight.
        let ladder = (0...5).map { least * pow(greatest / least, Double($0) / 5) }
        let rates = ladder.map { line in
            let settings = calibrations[0].applied(to: DetectorSettings(), threshold: line)
            return log(max(0.3, Double(count(future, threshold: line, settings))) / 500_000 * 432_000)
        }
        var tally = Tally()
        for calibration in calibrations {
            let place = 5 * log(calibration.threshold / least) / log(greatest / least)
            let below = min(4, Int(place))
            let rate = exp(rates[below] + (place - Double(below)) * (rates[below + 1] - rates[below]))
            try tally.add(truth: rate, calibration)
        }
        tally.judge("\(process)", medians: 0.2...2.5)
    }

    private static let single: DetectorSettings = {
        var settings = DetectorSettings()
        (settings.startFrames, settings.startWindow, settings.releaseFrames) = (1, 1, 1)
        (settings.warmUpFrames, settings.warmUpTime) = (0, .zero)
        return settings
    }()

    /// An hour, and a budget of 2 a day (a twelfth of an event), 48 (two) and 1,200 (fifty: counted), of values whose
    /// true rate of events is known to the last digit; single, and smeared over 6 frames (extremal index 1/6).
    @Test(arguments: [2.0, 48, 1200], [1, 6]) func theIntervalHoldsTheExactRate(budget: Double, span: Int) throws {
        var tally = Tally()
        for seed in 0..<Self.seeds {
            var random = SeededRandom(500 + seed)
            let values = (0..<18_000 + span).map { _ in 0.01 * pow(random.exponential(), 1 / 0.8) }
            let scores = (0..<18_000).map { values[$0..<$0 + span].reduce(0, max) }
            let calibration = try Calibration.fit(
                scores: scores, rate: 5, alertsPerDay: budget, detector: Self.single)
            #expect((calibration.tail.kind == .quantile) == (budget == 1200))
            let release = calibration.applied(to: Self.single).releaseLevel
            func survival(_ x: Double) -> Double { exp(-pow(100 * x, 0.8)) }
            let rate = eventRate(
                over: survival(calibration.threshold), loud: survival(release * calibration.threshold), span: span,
                pause: 15)
            try tally.add(truth: 432_000 * rate, calibration)
        }
        tally.judge("budget \(budget), span \(span)", medians: 0.4...1.6)
    }

    /// Every clip has a level of its own, as scenes do: what an hour of ten clips says, a hundred other clips keep to.
    @Test func clipsOfDifferentLevels() throws {
        func clips(_ count: Int, seed: UInt64) -> [[Double]] {
            var random = SeededRandom(seed)
            return (0..<count).map { _ in
                let level = exp(0.15 * random.normal())
                return (0..<1816).map { _ in 0.01 * level * random.exponential() }
            }
        }
        let future = clips(100, seed: 1)
        let settings = DetectorSettings()
        var tally = Tally()
        for seed in 0..<Self.seeds {
            let calibration = try Calibration.fit(
                clips: clips(10, seed: 700 + seed), rate: 5, alertsPerDay: 24, detector: settings)
            let applied = calibration.applied(to: settings)
            let events = future.reduce(0) { $0 + count($1, threshold: calibration.threshold, applied) }
            try tally.add(truth: Double(events) / 180_000 * 432_000, calibration)
        }
        tally.judge("clips", medians: 0.1...2.5)
    }
}

@Suite struct FootageTests {
    private static let plain: DetectorSettings = {
        var settings = DetectorSettings()
        (settings.startFrames, settings.startWindow, settings.releaseFrames) = (1, 1, 2)
        (settings.warmUpFrames, settings.warmUpTime, settings.mergeGap) = (0, .zero, .seconds(3))
        return settings
    }()

    /// At one frame a second three quiet frames end an event; no peak goes over from one clip to the next.
    @Test func peaksAreDeclusteredByRuns() {
        let first: [Double] = [0, 5, 1, 1, 1, 6, 1, 7, 1, 1, 4, 0]
        let footage = Footage(clips: [first, [8, 0, 0, 0, 3]], rate: 1, detector: Self.plain)
        let clusters = footage.clusters(over: 2)
        #expect(clusters.map(\.peak) == [5, 7, 8, 3] && clusters.map(\.frame) == [1, 7, 12, 16])
        #expect(footage.clusters(over: 6).map(\.peak) == [7, 8], "over, not at")
        #expect(footage.clusters(over: 8).isEmpty)
    }

    @Test func sustainedIsTheKthGreatestOfN() {
        var settings = Self.plain
        (settings.startFrames, settings.startWindow) = (2, 3)
        let footage = Footage(clips: [[1, 5, 3, 0, 4, 9, 9]], rate: 1, detector: settings)
        #expect(footage.sustained == [[0, 1, 3, 3, 3, 4, 9]])
    }

    @Test func dispersionOfCounts() {
        let footage = Footage(clips: [[Double](repeating: 0, count: 100)], rate: 1, detector: Self.plain)
        func clusters(_ frames: [Int]) -> [(peak: Double, frame: Int)] { frames.map { (1, $0) } }
        #expect(footage.dispersion(of: clusters([])) == 1)
        #expect(footage.dispersion(of: clusters(Array(stride(from: 0, to: 100, by: 5)))) == 1)
        // All twenty in the first of ten pieces: (18² + 9·2²) / (2·9) = 20.
        #expect(footage.dispersion(of: clusters([Int](repeating: 3, count: 20))) == 20)
    }

    /// A minute is too short for a tail: the line lies over all that was seen, and the interval says how little that is.
    @Test func tooFewPeaksForATail() throws {
        var random = SeededRandom(3)
        let scores = (0..<216).map { _ in 0.01 * random.exponential() }
        let calibration = try Calibration.fit(
            scores: scores, rate: 5, alertsPerDay: 2, detector: DetectorSettings())
        #expect(calibration.tail.kind == .quantile && calibration.events == 0 && calibration.isExtrapolated)
        let expected = try #require(calibration.expected)
        #expect(expected.alertsPerDay == 0 && expected.low == 0)
        #expect(abs(expected.high - 3.6888794541139354 * 86_400 / 40) < 1e-6)
        #expect(calibration.warning?.contains("with too few peaks to say how far up they go") == true)
    }
}
