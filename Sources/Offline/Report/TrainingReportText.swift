import Anomaly
import Model
import Pictures
import Service
import Training

/// The report as a person reads it at the end of `zanzo train`.
public enum TrainingReportText {
    /// A dozen lines.
    public static func lines(_ report: TrainingReport) -> [String] {
        let training = report.training
        var lines = [
            "\(report.model): \(counted(training.iterations, "iteration")) in \(length(training.seconds))"
                + (training.ending == .finished ? "" : " (\(words(training.ending)))"),
            "footage: \(counted(training.frames, "frame")) trained on, \(training.heldOutFrames) held out, "
                + "\(NumberText.short(training.rate)) a second",
            "training loss: \(NumberText.short(training.firstLoss)) at the start, \(NumberText.short(training.lastLoss)) "
                + "over the last 50 steps",
        ]
        lines += heldOut(report) + alarms(report) + patches(report)
        if let warning = report.warning { lines.append("warning: \(warning)") }
        return lines
    }

    private static func heldOut(_ report: TrainingReport) -> [String] {
        guard let error = report.training.heldOutError else { return ["nothing was held out: no error to state"] }
        var line = "held-out error: \(NumberText.short(error))"
        if report.training.bestIteration != report.training.iterations {
            line += ", of the weights after step \(report.training.bestIteration)"
        }
        if let mean = report.training.errorOfMeanPicture, mean > 0 {
            let times = ", \(NumberText.short(mean / error, digits: 2)) times as much"
            line += "; the mean picture has \(NumberText.short(mean))"
            line += report.verdict == .useful ? times : ": NO BETTER THAN THAT"
        }
        return [line]
    }

    private static func alarms(_ report: TrainingReport) -> [String] {
        guard let calibration = report.calibration, let alerts = report.alerts else { return [] }
        let method = calibration.method
        let scored = "\(counted(report.scoredFrames, "held-out frame")) (\(length(report.scoredSeconds)))"
        return [
            "threshold: \(NumberText.short(calibration.threshold, digits: 4)) for score \(method), on \(scored)",
            "expected alerts a day: \(NumberText.short(alerts.perDay, digits: 2)), 95 % interval "
                + "\(NumberText.short(alerts.low, digits: 2)) to \(NumberText.short(alerts.high, digits: 2)) "
                + "(\(counted(alerts.events, "event")) on the frames that the threshold was fitted to)",
        ]
    }

    private static func patches(_ report: TrainingReport) -> [String] {
        guard !report.detectable.isEmpty else { return [] }
        let parts = report.detectable.map { patch in
            let size = "\(patch.pixels) px (\(NumberText.fixed(100 * patch.share, decimals: 0)) % of the height)"
            return patch.contrast.map { "\(size) from \($0) levels" } ?? "\(size) not at all"
        }
        return ["a square that appears is found: \(parts.joined(separator: ", "))"]
    }

    private static func words(_ ending: TrainingRun.Ending) -> String {
        switch ending {
        case .finished: "finished"
        case .stoppedEarly: "ended early: the held-out error no longer fell"
        case .interrupted: "interrupted; go on with --resume"
        }
    }

    /// "95 s", "12 min", "3.5 h".
    static func length(_ seconds: Double) -> String {
        if seconds < 120 { return "\(NumberText.short(seconds)) s" }
        return seconds < 7200 ? "\(NumberText.short(seconds / 60)) min" : "\(NumberText.short(seconds / 3600)) h"
    }
}
