import Anomaly
import Capture
import FoundationEssentials
import Glibc
import Model
import Service
import TestSupport
import Testing
import Video

@testable import Offline

/// Calibration on real normal footage, where this machine has it: UCSD Ped2's training clips, pedestrians only.
@Suite("Calibration on real clips") struct CrossValidationTests {
    private static let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path
    private static let folder =
        (getenv("ZANZO_SHARED").map { String(cString: $0) } ?? package + "/../shared") + "/data/ped2/train"
    private static let rate = 10.0

    /// The detector's warm-up, in frames at `rate`.
    private static func warmUp(_ settings: DetectorSettings) -> Int {
        max(settings.warmUpFrames, Int((settings.warmUpTime.seconds * rate).rounded(.up)))
    }

    /// The chance of more than `count` (or, with `orFewer`, of `count` or fewer) of a Poisson variable.
    private static func poisson(_ count: Int, mean: Double) -> (orFewer: Double, orMore: Double) {
        var (term, sum, below) = (exp(-mean), 0.0, 0.0)
        for k in 0...max(0, count) {
            if k == count { below = sum }
            sum += term
            term *= mean / Double(k + 1)
        }
        return (min(1, sum), max(0, 1 - below))
    }

    /// Half of the clips (110 s) calibrate, the detector's events on the other half are counted: 40 draws, at a budget of
    /// half an event in so much footage, and of two. What is counted is to be possible, at 2.5 % to each side, for some
    /// rate within the interval that was said. Events need 2 of 3 frames and end after a second: with the defaults,
    /// so little footage has too few peaks for a tail.
    @Test(.enabled(if: access(folder + "/16", R_OK) == 0, "no data/ped2/train in ZANZO_SHARED"))
    func halfOfTheClipsSaysWhatTheOtherHalfDoes() throws {
        let (model, difference) = try Self.scores()
        var settings = DetectorSettings()
        (settings.startFrames, settings.startWindow, settings.mergeGap) = (2, 3, .seconds(1))
        // How many draws have peaks enough for a tail, the scores decide. The model's are those of the demo's model, and change
        // with it; frame difference has no model.
        for allowed in [0.5, 2] {
            try Self.crossValidate("model", model, allowed: allowed, byTail: 0.25, settings)
            try Self.crossValidate("frame difference", difference, allowed: allowed, byTail: 0.75, settings)
        }
    }

    /// Raw scores of the 16 clips: by the demo's model, whose scores drift slowly here, as it knows another street; and
    /// by frame difference, whose scores are restless.
    private static func scores() throws -> (model: [[Double]], difference: [[Double]]) {
        let model = try Model(path: Self.package + "/config/demo.safetensors")
        let size = FrameSize(width: model.topology.size, height: model.topology.size)
        var (clips, differences): ([[Double]], [[Double]]) = ([], [])
        for number in 1...16 {
            var (scores, changes): ([Double], [Double]) = ([], [])
            let baseline = FrameDifference(size: size, method: .standard)
            var specification = try SourceSpecification(
                parsing: Self.folder + (number < 10 ? "/0\(number)/" : "/\(number)/"))
            specification.options.rate = Self.rate
            try ClipScorer(model: model, method: .standard, rate: nil).play(
                makeSource(specification, time: SystemTime())
            ) { frame in
                scores.append(frame.raw)
                changes.append(baseline.score(frame.luma) ?? 0)
                return true
            }
            clips.append(scores)
            differences.append(changes)
        }
        return (clips, differences)
    }

    private static func crossValidate(
        _ name: String, _ clips: [[Double]], allowed: Double, byTail: Double, _ settings: DetectorSettings
    ) throws {
        let seconds = { (clips: [[Double]]) in
            clips.reduce(0) { $0 + Double(max(0, $1.count - Self.warmUp(settings))) / Self.rate }
        }
        let draws = 40
        var (within, more, events, tails) = (0, 0, 0, 0)
        for draw in 0..<draws {
            var random = SplitMix(seed: UInt64(draw))
            let order = clips.indices.shuffled(using: &random)
            let (known, held) = (order[..<8].map { clips[$0] }, order[8...].map { clips[$0] })
            let calibration = try Calibration.fit(
                clips: known, rate: Self.rate, alertsPerDay: allowed * 86_400 / seconds(known), detector: settings,
                method: .standard)
            let expected = try #require(calibration.expected)
            #expect(calibration.isExtrapolated == (allowed < 1))
            if calibration.tail.kind == .pareto { tails += 1 }
            let count = held.reduce(0) { sum, clip in
                sum
                    + EventMatch.events(
                        scores: clip, threshold: calibration.threshold, rate: Self.rate,
                        settings: calibration.applied(to: settings)
                    ).count
            }
            let days = seconds(held) / 86_400
            let isTooMany = Self.poisson(count, mean: expected.high * days).orMore < 0.025
            let isTooFew = Self.poisson(count, mean: expected.low * days).orFewer < 0.025
            if !isTooMany && !isTooFew { within += 1 }
            if isTooMany { more += 1 }
            events += count
        }
        print(
            "\(name): \(within) of \(draws) draws in the interval, \(more) over it; \(events) events, budget \(allowed) a "
                + "draw; \(tails) by the tail")
        #expect(Double(within) >= 0.88 * Double(draws) && more <= draws / 10)
        #expect(Double(tails) >= byTail * Double(draws))
        #expect(Double(events) <= 4 * allowed * Double(draws))
    }
}
