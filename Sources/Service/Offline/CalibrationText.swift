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
        if let warning = calibration.warning { lines.append("warning: \(warning)") }
        return lines.joined(separator: "\n")
    }
}
