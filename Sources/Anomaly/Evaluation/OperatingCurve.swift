/// Scores with known truth, as a curve of what each threshold would find and falsely raise: the receiver operating
/// characteristic, and what is read off it. Frames with the same score share a threshold, and so a point of the curve.
public struct OperatingCurve: Sendable {
    /// One threshold: frames at or over it are called anomalous.
    public struct Point: Sendable, Hashable {
        /// In the scores' units; infinite at the first point, where nothing is called.
        public let threshold: Double
        /// Anomalous frames that are called so.
        public let found: Int
        /// Normal frames that are called anomalous.
        public let falselyFound: Int
    }

    /// From the greatest threshold down: from (0, 0) to (`anomalous`, `normal`).
    public let points: [Point]
    /// Frames of each kind, at least one.
    public let anomalous: Int, normal: Int

    /// The curve of `scores`, none of them NaN, where `labels` (as many) says which are anomalous; nil where all frames
    /// are of one kind, as there is then nothing to tell apart.
    public init?(scores: [Double], labels: [Bool]) {
        precondition(scores.count == labels.count, "\(scores.count) scores, \(labels.count) labels")
        precondition(!scores.contains { $0.isNaN }, "a score that is not a number has no place in an order")
        anomalous = labels.count { $0 }
        normal = labels.count - anomalous
        guard anomalous > 0, normal > 0 else { return nil }
        let order = scores.indices.sorted { scores[$0] > scores[$1] }
        var points = [Point(threshold: .infinity, found: 0, falselyFound: 0)]
        var (found, falselyFound) = (0, 0)
        for (place, index) in order.enumerated() {
            if labels[index] { found += 1 } else { falselyFound += 1 }
            if place + 1 == order.count || scores[order[place + 1]] < scores[index] {
                points.append(Point(threshold: scores[index], found: found, falselyFound: falselyFound))
            }
        }
        self.points = points
    }

    /// The share of anomalous frames found at `point`, 0…1 (recall).
    public func truePositiveRate(_ point: Point) -> Double { Double(point.found) / Double(anomalous) }

    /// The share of normal frames called anomalous at `point`, 0…1.
    public func falsePositiveRate(_ point: Point) -> Double { Double(point.falselyFound) / Double(normal) }

    /// The area under the curve, 0…1, by trapezoids: the probability that an anomalous frame's score is greater than a
    /// normal one's, a tie counting half (Hanley and McNeil 1982; scikit-learn's `roc_auc_score`).
    public var area: Double {
        // In whole numbers, so that the order of frames can't move the last bit.
        let twice = zip(points, points.dropFirst()).reduce(0) { sum, step in
            sum + (step.1.falselyFound - step.0.falselyFound) * (step.0.found + step.1.found)
        }
        return Double(twice) / (2 * Double(anomalous) * Double(normal))
    }

    /// Average precision, 0…1: at each threshold the share of called frames that are anomalous, weighted by how much
    /// recall the threshold adds; not interpolated (scikit-learn's `average_precision_score`).
    public var averagePrecision: Double {
        zip(points, points.dropFirst()).reduce(0) { sum, step in
            let called = Double(step.1.found + step.1.falselyFound)
            return sum + Double(step.1.found - step.0.found) / Double(anomalous) * Double(step.1.found) / called
        }
    }

    /// Equal error rate, 0…1: where as large a share of normal frames is called as of anomalous ones is missed; on the
    /// straight line between two thresholds, as the curve is drawn.
    public var equalErrorRate: Double {
        var last = (miss: 1.0, false: 0.0)
        for point in points.dropFirst() {
            let now = (miss: 1 - truePositiveRate(point), false: falsePositiveRate(point))
            if now.false >= now.miss {
                let (before, after) = (last.miss - last.false, now.false - now.miss)
                let share = before / (before + after)
                return last.false + share * (now.false - last.false)
            }
            last = now
        }
        return 1
    }
}

/// Scores made comparable between clips.
public enum ClipNormalisation {
    /// `scores` of one clip moved and stretched to 0…1, as the field's tables have it (Liu et al. 2018, "Future frame
    /// prediction for anomaly detection"): it uses the clip's own extremes, which no camera knows beforehand. All 0
    /// where they are all the same.
    public static func unit(_ scores: [Double]) -> [Double] {
        guard let least = scores.min(), let greatest = scores.max(), greatest > least else {
            return scores.map { _ in 0 }
        }
        return scores.map { ($0 - least) / (greatest - least) }
    }
}
