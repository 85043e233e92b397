import Anomaly
import Pictures

/// The pictures of an evaluation.
enum EvaluationPlots {
    /// The receiver operating characteristic of the raw scores, beside the baseline's; nil where all frames are of one
    /// kind.
    static func roc(_ clips: [ScoredClip], _ report: EvaluationReport) -> Canvas? {
        let labels = clips.flatMap(\.labels)
        func curve(_ series: KeyPath<ScoredClip, [Double]>, _ name: String) -> CurvePlot.Curve? {
            guard let curve = OperatingCurve(scores: clips.flatMap { $0[keyPath: series] }, labels: labels) else {
                return nil
            }
            return CurvePlot.Curve(
                points: curve.points.map { (curve.falsePositiveRate($0), curve.truePositiveRate($0)) },
                name: "\(name), area \(NumberText.fixed(100 * curve.area, decimals: 1)) %")
        }
        guard let model = curve(\.scores, "model"), let baseline = curve(\.differences, "frame difference") else {
            return nil
        }
        return Evidence.curves(
            CurvePlot(
                curves: [model, baseline], title: "\(report.frames) frames, score \(report.method)",
                xLabel: "share of normal frames called anomalous", yLabel: "share of anomalous frames found"))
    }

    /// A clip's score over time: the labelled stretches as a bar below, the events shaded.
    static func scores(_ clip: ScoredClip, match: EventMatch?, threshold: Double?, method: ScoreMethod) -> Canvas {
        func seconds(_ frames: ClosedRange<Int>) -> ClosedRange<Double> {
            Double(frames.lowerBound) / clip.rate...Double(frames.upperBound) / clip.rate
        }
        var plot = ScorePlot(
            points: clip.scores.enumerated().map {
                ScorePlot.Point(time: Double($0.offset) / clip.rate, score: $0.element / (threshold ?? 1))
            },
            threshold: threshold == nil ? nil : 1, events: (match?.events ?? []).map(seconds), title: clip.name)
        plot.truth = EventMatch(events: [], labels: clip.labels, early: 0).stretches.map(seconds)
        plot.label = threshold == nil ? "raw score, \(method)" : "score, 1 is the alarm line"
        return Evidence.plot(plot)
    }
}
