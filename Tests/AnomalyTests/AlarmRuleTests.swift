import Testing
import Video

@testable import Anomaly

/// What is asked for goes before the calibration; nothing is taken of a calibration by another method.
@Suite struct AlarmRuleTests {
    /// A calibration by tiles, whose scene is never quiet under half of its line.
    private static func calibration() throws -> Calibration {
        var scores = SeededRandom(5)
        let clip = (0..<3000).map { _ in 0.6 + 0.2 * scores.uniform() }
        return try Calibration.fit(
            clips: [clip], rate: 5, alertsPerDay: 2, detector: DetectorSettings(), method: .standard,
            created: UTCTime(microseconds: 0))
    }

    @Test func aCalibrationIsTakenWhereNothingElseIsAsked() throws {
        let calibration = try Self.calibration()
        let rule = AlarmRule(method: nil, threshold: nil, detector: DetectorSettings(), calibration: calibration)
        #expect(rule.method == .standard && rule.threshold == calibration.threshold && rule.unfitMethod == nil)
        #expect(rule.detector == calibration.applied(to: DetectorSettings()))
        let own = AlarmRule(method: nil, threshold: 0.7, detector: DetectorSettings(), calibration: calibration)
        #expect(own.threshold == 0.7 && own.unfitMethod == nil)
        #expect(own.detector == calibration.applied(to: DetectorSettings(), threshold: 0.7))
        #expect(own.detector.releaseLevel > DetectorSettings().releaseLevel)
    }

    @Test func anotherMethodTakesNothingOfIt() throws {
        let calibration = try Self.calibration()
        let none = AlarmRule(method: .mean, threshold: nil, detector: DetectorSettings(), calibration: calibration)
        #expect(none.method == .mean && none.threshold == nil && none.unfitMethod == .standard)
        let own = AlarmRule(method: .mean, threshold: 0.7, detector: DetectorSettings(), calibration: calibration)
        #expect(own.threshold == 0.7 && own.detector == DetectorSettings() && own.unfitMethod == nil)
    }

    @Test func withoutACalibrationItIsTheMean() {
        let rule = AlarmRule(method: nil, threshold: nil, detector: DetectorSettings(), calibration: nil)
        #expect(rule.method == .mean && rule.threshold == nil && rule.unfitMethod == nil)
    }
}
