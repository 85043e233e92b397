import Anomaly
import Testing

@testable import Service

/// What `zanzo quantize` says that bytes cost, on numbers small enough to be reckoned by hand.
@Suite struct PrecisionCostTests {
    /// Errors of 1, 2, 3 and 4 and one near zero, which bytes double; scores are ten times the errors.
    private static let floats = [1.0, 1e-9, 3, 2, 4].map { FrameError(score: 10 * $0, error: $0) }
    private static let bytes = [1.5, 2e-9, 3.3, 2, 3].map { FrameError(score: 10 * $0, error: $0) }

    private static func calibration(threshold: Double) throws -> Calibration {
        try Calibration(
            json: """
                {"version":1,"threshold":\(threshold),"method":"tiles:4x8","alerts_per_day":2,"frames":9,"rate":5,"quantile":1,
                "quiet":1,"events":0,"tail":{"kind":"quantile","level":1,"scale":0,"shape":0,"peaks":1},"statistics":{"minimum":0,
                "maximum":1,"mean":1,"deviation":0,"p50":1,"p90":1,"p99":1,"p999":1}}
                """)
    }

    @Test func withoutAnAlarmLineErrorsAreMeasuredInTheMeanError() {
        let cost = PrecisionCost(floats: Self.floats, other: Self.bytes, calibration: nil)
        #expect(cost.unit == .meanError)
        // |0.5|, 0, |0.3|, 0 and |-1| over a mean of 2.
        #expect(abs(cost.score.mean - 0.9 / 5) < 1e-8 && abs(cost.score.largest - 0.5) < 1e-8)
        #expect(cost.lines("int8").contains("error by 18.00 % of the footage's mean error on average, 50.00 % at most"))
    }

    @Test func withAnAlarmLineScoresAreMeasuredInIt() throws {
        let cost = PrecisionCost(
            floats: Self.floats, other: Self.bytes, calibration: try Self.calibration(threshold: 50))
        // 5, 0, 3, 0 and 10 over 50.
        #expect(abs(cost.score.mean - 18.0 / 250) < 1e-8 && abs(cost.score.largest - 0.2) < 1e-8)
        #expect(cost.lines("int8").contains("score (tiles:4x8) by 0.0720 of the alarm line on average, 0.2000 at most"))
    }

    /// The error near zero doubled, and is not among them.
    @Test func onlyErrorsFromTheMedianOnAreHeldAgainstThemselves() {
        let cost = PrecisionCost(floats: Self.floats, other: Self.bytes, calibration: nil)
        // Of 2, 3 and 4: 0, 0.1 and 0.25.
        #expect(cost.largeFrames == 3)
        #expect(abs(cost.error.mean - 0.35 / 3) < 1e-12 && abs(cost.error.largest - 0.25) < 1e-12)
        #expect(cost.lines("int8").contains("(median or over, 3 frames) by 11.67 % on average, 25.00 % at most"))
    }

    @Test func aPerfectOrMissingClipDividesByNothing() {
        let nothing = PrecisionCost(floats: [], other: [], calibration: nil)
        #expect(nothing.score.mean == 0 && nothing.error.largest == 0 && nothing.largeFrames == 0)
        let zero = [FrameError(score: 0, error: 0)]
        let perfect = PrecisionCost(floats: zero, other: zero, calibration: nil)
        #expect(perfect.score.largest == 0)
    }

    @Test(arguments: [1, 2, 5, 23, 24, 25, 47, 48, 1000])
    func aSampleIsEvenAndBounded(count: Int) {
        var sample = EvenSample<Int>(capacity: 24)
        for index in 0..<count { sample.add { index } }
        let kept = sample.elements
        #expect(kept.first == 0 && kept.count <= 23 && (count < 24) == (kept.count == count))
        let steps = Set(zip(kept, kept.dropFirst()).map { $1 - $0 })
        #expect(steps.count <= 1, "evenly spaced")
        #expect(count < 24 || count - 1 - (kept.last ?? 0) <= 2 * (steps.first ?? 0), "up to the end")
        let picked = sample.picked(6)
        #expect(picked.count == min(6, kept.count) && picked.first == kept.first && picked.last == kept.last)
    }
}
