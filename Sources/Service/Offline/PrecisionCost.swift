public import Anomaly
import Pictures

/// What one frame came to in one arithmetic.
struct FrameError {
    /// The raw score.
    var score: Double
    /// The mean squared error over all pixels.
    var error: Double
}

/// What an arithmetic costs beside float32, over the same frames: how far scores and errors move.
public struct PrecisionCost: Sendable, Hashable {
    /// What a score's movement is measured in.
    public enum Unit: Sendable, Hashable {
        /// The model's alarm line for scores of this method.
        case alarmLine(ScoreMethod)
        /// The mean error of this footage: the model has no alarm line.
        case meanError
    }

    /// The mean and the largest of some frames' movements.
    public struct Movement: Sendable, Hashable {
        /// Their mean; 0 where there was no frame.
        public var mean = 0.0
        /// The largest.
        public var largest = 0.0

        init(_ values: [Double]) {
            mean = values.reduce(0, +) / Double(max(1, values.count))
            largest = values.max() ?? 0
        }
    }

    /// What `score` is measured in.
    public let unit: Unit
    /// |score − float32's score| of every frame, in `unit`.
    public let score: Movement
    /// |error / float32's error − 1| of the frames whose error in float32 is at or over the median. Of the others it would
    /// say little: an error near zero moves far by any measure of its own, and raises no alarm.
    public let error: Movement
    /// How many frames those were.
    public let largeFrames: Int

    /// Compares `other` with `floats`, frame by frame. Scores are by the calibration's method where there is one.
    init(floats: [FrameError], other: [FrameError], calibration: Calibration?) {
        precondition(floats.count == other.count, "frames of two clips")
        let meanError = floats.reduce(0) { $0 + $1.error } / Double(max(1, floats.count))
        unit = calibration.map { .alarmLine($0.method) } ?? .meanError
        let scale = max(calibration?.threshold ?? meanError, .leastNormalMagnitude)
        let pairs = Array(zip(floats, other))
        score = Movement(
            pairs.map { pair in
                calibration == nil
                    ? abs(pair.1.error - pair.0.error) / scale : abs(pair.1.score - pair.0.score) / scale
            })
        let median = Self.median(floats.map(\.error))
        let large = pairs.filter { $0.0.error >= median }
        error = Movement(large.map { abs($0.1.error / max($0.0.error, .leastNormalMagnitude) - 1) })
        largeFrames = large.count
    }

    /// The upper one of the two middle values where there is no single one; 0 of none.
    private static func median(_ values: [Double]) -> Double {
        values.isEmpty ? 0 : values.sorted()[values.count / 2]
    }

    /// Two lines as a person reads them; `name` is the arithmetic's.
    public func lines(_ name: String) -> String {
        let moved =
            switch unit {
            case .alarmLine(let method):
                "score (\(method)) by \(Self.short(score.mean)) of the alarm line on average, "
                    + "\(Self.short(score.largest)) at most"
            case .meanError:
                "error by \(Self.percent(score.mean)) of the footage's mean error on average, "
                    + "\(Self.percent(score.largest)) at most (the model has no alarm line yet)"
            }
        return """
            \(name) moves a frame's \(moved)
            \(name) moves a large error (median or over, \(counted(largeFrames, "frame"))) by \(Self.percent(error.mean)) \
            on average, \(Self.percent(error.largest)) at most
            """
    }

    private static func short(_ share: Double) -> String { NumberText.fixed(share, decimals: 4) }
    private static func percent(_ share: Double) -> String { "\(NumberText.fixed(100 * share, decimals: 2)) %" }
}
