import Anomaly
import Glibc
import Model
import Pictures
import Testing
import Training

@testable import Offline

/// The report's numbers on made-up scores.
@Suite struct ReportNumberTests {
    /// One report says one thing of a day: what the calibration does, and beside it the events that it was fitted to.
    @Test(arguments: [0.2, 2.0, 2000.0]) func alertsADayAreTheCalibrations(_ budget: Double) throws {
        var state: UInt64 = 7
        let scores = (0..<20_000).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return 0.01 - 0.002 * log(Double(state >> 11 | 1) / Double(1 << 53))
        }
        let calibration = try Calibration.fit(
            scores: scores, rate: 5, alertsPerDay: budget, detector: DetectorSettings())
        let alerts = try #require(TrainingReport.Alerts(calibration))
        let expected = try #require(calibration.expected)
        #expect(alerts.perDay == expected.alertsPerDay && alerts.low == expected.low && alerts.high == expected.high)
        #expect(alerts.events == calibration.events && alerts.low <= alerts.perDay && alerts.perDay <= alerts.high)
    }

    @Test func histogramsCountEveryFiniteValue() {
        let values = [0, 0.1, 0.25, 0.5, 0.999, 1, 7, -1, .nan, .infinity]
        let histogram = Histogram(values, in: 0...1, bins: 4)
        #expect(histogram.counts == [3, 1, 1, 3])
        let own = Histogram([1, 2, 3, 4], bins: 4)
        #expect(own.counts.reduce(0, +) == 4 && own.low == 0 && own.high > 4 && own.high < 4.001)
        #expect(Histogram([], bins: 3).counts == [0, 0, 0])
    }

    @Test(arguments: [(49, 0, 0), (50, 1, 50), (400, 8, 50), (2500, 50, 50), (2501, 50, 50), (10_000, 50, 200)])
    func theLossCurveHasFiftyPlaces(_ count: Int, _ places: Int, _ stride: Int) {
        let losses = (0..<count).map { Float($0) }
        let curve = TrainingRecord.Loss.curve(losses)
        #expect(curve.count == places)
        for (index, point) in curve.enumerated() {
            #expect(point.iteration == (index + 1) * stride && point.mean == Double(point.iteration) - 25.5)
        }
    }

    private static var report: TrainingReport {
        let training = TrainingRecord(
            tool: "test", sources: ["a"], frames: 100, heldOutFrames: 20, rate: 5, fingerprint: "1", recipe: .stream,
            seed: 1, iterations: 50, bestIteration: 50, ending: .finished, firstLoss: 1, lastLoss: 0.1, losses: [],
            heldOutError: 0.1, bestJudgement: 0.1, seconds: 3, created: "")
        return TrainingReport(
            model: "m.safetensors", training: training, verdict: .unjudged, scoredFrames: 20, scoredSeconds: 4,
            warning: Array(repeating: "far too little footage for it,", count: 12).joined(separator: " "),
            histogram: Histogram([1, 2, 3]), detectable: [])
    }

    @Test func everyLineOfAWarningIsOne() throws {
        let lines = ReportPicture.lines(Self.report, width: 1200)
        let warning = lines.filter(\.isWarning).map(\.text)
        #expect(warning.count > 2 && warning.dropFirst().allSatisfy { $0.hasPrefix("  ") })
        #expect(lines.last?.isWarning == true && lines.first?.isWarning == false && lines.count > warning.count + 3)
    }

    /// The plots reach as far to the right as the strip does, and nothing is cut off where that is narrow.
    @Test(arguments: [1588, 600]) func thePictureIsFilledToItsRight(_ width: Int) {
        let strip = Canvas(width: width, height: 40, colour: Theme.text)
        let picture = ReportPicture.draw(
            Self.report, loss: { LossPicture.draw([1, 0.5, 0.1], [], title: "loss", width: $0) }, strip: strip)
        let whole = max(width, 1200) + 32
        #expect(picture.width == whole)
        let plotted = (0..<picture.height).count { picture[whole - 40, $0] == Theme.panel }
        #expect(plotted > 250)
        #expect((0..<picture.height).count { picture[16, $0] == Theme.text } >= 40)
        let red = (0..<picture.height).filter { y in (0..<whole).contains { picture[$0, y] == Theme.threshold } }
        #expect(red.count > 2 * 10)
    }

    @Test func linesAreWrappedBetweenWords() {
        let text = "one two three four five six"
        let lines = ReportPicture.wrap(text, width: 150)
        #expect(lines.count > 1)
        #expect(lines.joined(separator: " ").split(separator: " ") == text.split(separator: " "))
        #expect(ReportPicture.wrap("averyveryverylongword", width: 20) == ["averyveryverylongword"])
    }
}
