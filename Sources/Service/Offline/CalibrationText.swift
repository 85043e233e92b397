public import Anomaly
import Pictures

/// A calibration's outcome as a person reads it.
public enum CalibrationText {
    /// The threshold, what it rests on, and how far to trust it. `model` is the file that it was written into.
    public static func lines(_ calibration: Calibration, model: String) -> String {
        let threshold = NumberText.short(calibration.threshold, digits: 4)
        var lines = [
            "threshold \(threshold) for score \(calibration.method), written into \(model)",
            "\(counted(calibration.frames, "frame")) judged; \(counted(calibration.events, "event")) in them at this threshold",
        ]
        if let expected = calibration.expected {
            func number(_ value: Double) -> String { NumberText.short(value, digits: 2) }
            lines.append(
                "expected alerts a day: \(number(expected.alertsPerDay)) (95 %: \(number(expected.low)) to "
                    + "\(number(expected.high))), by \(means(calibration.tail))")
        }
        if let warning = calibration.warning { lines.append("warning: \(warning)") }
        return lines.joined(separator: "\n")
    }

    /// How the threshold was found, in a few words.
    private static func means(_ tail: Calibration.Tail) -> String {
        switch tail.kind {
        case .quantile: return "counting events"
        case .exponential, .pareto:
            return "the tail of \(counted(tail.peaks, "peak")) over \(NumberText.short(tail.level, digits: 4)) "
                + "(generalised Pareto, shape \(NumberText.fixed(tail.shape, decimals: 2)))"
        }
    }
}
