import TestSupport
import Testing

@testable import Anomaly

@Suite struct OperatingCurveTests {
    /// Scores, labels, area, average precision, equal error rate. By scikit-learn and SciPy:
    ///
    ///     f, t, _ = roc_curve(l, s, drop_intermediate=False)
    ///     roc_auc_score(l, s), average_precision_score(l, s), brentq(lambda x: 1 - x - interp1d(f, t)(x), 0, 1)
    private static let cases: [([Double], [Int], Double, Double, Double)] = [
        ([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1], 0.75, 0.8333333333333333, 0.5),
        ([1, 2, 2, 3], [0, 1, 0, 1], 0.875, 0.8333333333333333, 0.25),
        ([1, 1, 1, 1], [0, 1, 0, 1], 0.5, 0.5, 0.5),
        ([3, 2, 1], [1, 0, 0], 1, 1, 0),
        ([1, 2, 3], [1, 0, 0], 0, 0.3333333333333333, 1),
        (
            [5, 5, 4, 4, 3, 3, 2, 2, 1, 1], [1, 0, 1, 1, 0, 1, 0, 0, 1, 0], 0.66, 0.6333333333333333, 0.3
        ),
        (
            [0.2, 0.9, 0.9, 0.9, 0.1, 0.5, 0.5, 0.7], [0, 1, 1, 0, 0, 1, 0, 0], 0.7666666666666666,
            0.6111111111111112, 0.3333333333333333
        ),
        (
            [0, 0, 0, 1e-300, 2, 2], [0, 0, 1, 0, 1, 1], 0.7777777777777778, 0.8333333333333333, 0.3333333333333333
        ),
    ]

    @Test(arguments: cases.indices) func equalsScikitLearn(index: Int) throws {
        let (scores, labels, area, precision, equalError) = Self.cases[index]
        let curve = try #require(OperatingCurve(scores: scores, labels: labels.map { $0 == 1 }))
        #expect(abs(curve.area - area) < 1e-15)
        #expect(abs(curve.averagePrecision - precision) < 1e-15)
        #expect(abs(curve.equalErrorRate - equalError) < 1e-15)
    }

    /// 500 frames with many ties, by the same three lines over
    /// `y = next() % 4 == 0; s = next() % 40 + (8 if y else 0)` of SplitMix64 from 5.
    @Test func equalsScikitLearnOnManyFrames() throws {
        var random = SplitMix(seed: 5)
        var (scores, labels): ([Double], [Bool]) = ([], [])
        for _ in 0..<500 {
            labels.append(random.next() % 4 == 0)
            scores.append(Double(random.next() % 40) + (labels[labels.count - 1] ? 8 : 0))
        }
        let curve = try #require(OperatingCurve(scores: scores, labels: labels))
        #expect(curve.anomalous == 128 && curve.normal == 372)
        #expect(abs(curve.area - 0.6775978662634409) < 1e-14)
        #expect(abs(curve.averagePrecision - 0.5139284881638678) < 1e-14)
        #expect(abs(curve.equalErrorRate - 0.38687782805429866) < 1e-12)
        // The area by its meaning: all pairs, a tie counting half.
        var twice = 0
        for (one, isAnomalous) in zip(scores, labels) where isAnomalous {
            for (other, otherIs) in zip(scores, labels) where !otherIs {
                twice += one > other ? 2 : one == other ? 1 : 0
            }
        }
        #expect(curve.area == Double(twice) / Double(2 * 128 * 372))
    }

    /// By hand: two of each, one tie. Points (0, 0), (0, 1/2), (1/2, 1), (1, 1): area 1/2·(1/2 + 1)/2 + 1/2·1 = 7/8.
    @Test func pointsAreOneAThreshold() throws {
        let curve = try #require(OperatingCurve(scores: [1, 2, 2, 3], labels: [false, true, false, true]))
        #expect(curve.points.map(\.threshold) == [.infinity, 3, 2, 1])
        #expect(curve.points.map(\.found) == [0, 1, 2, 2] && curve.points.map(\.falselyFound) == [0, 0, 1, 2])
        #expect(curve.area == 7 / 8.0)
        #expect(curve.averagePrecision == 0.5 * 1 + 0.5 * (2 / 3.0))
        #expect(curve.points.map(curve.falsePositiveRate) == [0, 0, 0.5, 1])
        #expect(curve.points.map(curve.truePositiveRate) == [0, 0.5, 1, 1])
    }

    @Test func oneKindAloneHasNoCurve() {
        #expect(OperatingCurve(scores: [1, 2], labels: [true, true]) == nil)
        #expect(OperatingCurve(scores: [1, 2], labels: [false, false]) == nil)
        #expect(OperatingCurve(scores: [], labels: []) == nil)
    }

    @Test func theOrderOfFramesMovesNothing() throws {
        var random = SplitMix(seed: 8)
        let frames = (0..<300).map { _ in (Double(random.next() % 50), random.next() % 3 == 0) }
        let one = try #require(OperatingCurve(scores: frames.map(\.0), labels: frames.map(\.1)))
        let mixed = frames.shuffled(using: &random)
        let other = try #require(OperatingCurve(scores: mixed.map(\.0), labels: mixed.map(\.1)))
        #expect(one.points == other.points && one.area == other.area)
        #expect(one.averagePrecision == other.averagePrecision && one.equalErrorRate == other.equalErrorRate)
        // What is turned round finds the rest.
        let turned = try #require(OperatingCurve(scores: frames.map { -$0.0 }, labels: frames.map(\.1)))
        #expect(abs(one.area + turned.area - 1) < 1e-15)
    }

    @Test(arguments: [
        ([3.0, 1, 2], [1.0, 0, 0.5]), ([5], [0]), ([4, 4], [0, 0]), ([], []), ([-2, 2, 0], [0, 1, 0.5]),
    ])
    func clipsGoFromZeroToOne(scores: [Double], unit: [Double]) {
        #expect(ClipNormalisation.unit(scores) == unit)
    }
}

@Suite struct EventMatchTests {
    private static func labels(_ text: String) -> [Bool] { text.map { $0 == "1" } }

    /// Stretches 2-3, 6, 9; one event over two of them counts for both, one that touches none is a false alarm, and one that
    /// began before is one too, with all that it covers.
    @Test(arguments: [
        ([], 0, 0, 0), ([3...6], 0, 2, 0), ([0...1], 0, 0, 1), ([0...1], 9, 0, 1), ([0...2, 4...5, 9...9], 0, 1, 2),
        ([0...2, 4...5, 9...9], 2, 2, 1), ([0...9], 0, 0, 1), ([0...9], 1, 0, 1), ([0...9], 2, 3, 0),
        ([5...9], 1, 2, 0), ([7...8, 7...8], 0, 0, 2),
    ])
    func eventsAreHeldAgainstStretches(events: [ClosedRange<Int>], early: Int, found: Int, falseAlarms: Int) {
        let match = EventMatch(events: events, labels: Self.labels("0011001001"), early: early)
        #expect(match.stretches == [2...3, 6...6, 9...9])
        #expect(match.found == found && match.falseAlarms == falseAlarms)
    }

    @Test(arguments: [
        ("", []), ("0", []), ("1", [0...0]), ("11", [0...1]), ("101", [0...0, 2...2]), ("0110", [1...2]),
    ])
    func stretchesAreRuns(labels: String, runs: [ClosedRange<Int>]) {
        #expect(EventMatch.runs(Self.labels(labels)) == runs)
    }

    /// The detector's own events: from the first frame over the line to the last one at or over the release level.
    @Test func eventsAreTheDetectors() {
        var scores = [Double](repeating: 0.1, count: 100)
        for frame in 40..<50 { scores[frame] = 3 }
        scores[50] = 1.7  // over 0.8 of the line, under it
        for frame in 95..<100 { scores[frame] = 2.5 }  // cut off by the end
        let events = EventMatch.events(scores: scores, threshold: 2, rate: 5, settings: DetectorSettings())
        #expect(events == [40...50, 95...99])
        // The warm-up is not judged.
        scores.replaceSubrange(0..<10, with: [Double](repeating: 9, count: 10))
        #expect(EventMatch.events(scores: scores, threshold: 2, rate: 5, settings: DetectorSettings()) == events)
        let match = EventMatch(
            scores: scores, labels: (0..<100).map { (45...60).contains($0) }, threshold: 2, rate: 5,
            settings: DetectorSettings())
        #expect(match.events == events && match.found == 1 && match.falseAlarms == 1)
        let late = EventMatch(
            scores: scores, labels: (0..<100).map { (46...60).contains($0) }, threshold: 2, rate: 5,
            settings: DetectorSettings())
        #expect(late.found == 0 && late.falseAlarms == 2)
    }
}
