import Testing

@testable import Offline

/// The report's numbers on made-up scores.
@Suite struct ReportNumberTests {
    @Test func alertsADayScaleWithTheFootage() {
        let none = TrainingReport.Alerts(events: 0, seconds: 43_200)
        #expect(none.perDay == 0 && none.low == 0 && abs(none.high - 2 * 3.6888794541139354) < 1e-8)
        let three = TrainingReport.Alerts(events: 3, seconds: 86_400)
        #expect(three.perDay == 3 && three.low < 0.62 && three.high > 8.76)
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

    @Test func linesAreWrappedBetweenWords() {
        let text = "one two three four five six"
        let lines = ReportPicture.wrap(text, width: 150)
        #expect(lines.count > 1)
        #expect(lines.joined(separator: " ").split(separator: " ") == text.split(separator: " "))
        #expect(ReportPicture.wrap("averyveryverylongword", width: 20) == ["averyveryverylongword"])
    }
}
