import Pictures
import Service

/// An evaluation as a person reads it.
public enum EvaluationText {
    /// The figures of the model beside the baseline's, and a row for each clip.
    public static func lines(_ report: EvaluationReport) -> String {
        let rate = report.rate.map { ", \(NumberText.short($0, digits: 4)) a second" } ?? ""
        var lines = [
            "\(counted(report.clips.count, "clip")), \(counted(report.frames, "frame")) (\(report.anomalous) anomalous)"
                + "\(rate), score \(report.method)"
        ]
        let model = EvaluationReport.Results(
            auc: report.auc, averagePrecision: report.averagePrecision, equalErrorRate: report.equalErrorRate,
            events: report.events)
        lines.append(row("", "model", "frame difference"))
        func add(_ label: String, _ value: (EvaluationReport.Results) -> String?) {
            guard let own = value(model) else { return }
            lines.append(row(label, own, value(report.baseline) ?? "-"))
        }
        add("AUC of frames, raw") { $0.auc.map { percent($0.raw) } }
        add("AUC, each clip to 0..1") { $0.auc.map { percent($0.perClip) } }
        add("average precision") { $0.averagePrecision.map(percent) }
        add("equal error rate") { $0.equalErrorRate.map(percent) }
        add("stretches found") { $0.events.map { "\($0.found) of \($0.stretches)" } }
        add("false alarms") { $0.events.map { "\($0.falseAlarms)" } }
        add("false alarms an hour") {
            $0.events.flatMap(\.falseAlarmsPerHour).map { NumberText.fixed($0, decimals: 1) }
        }
        if report.auc == nil {
            let kind = report.anomalous == 0 ? "normal" : "anomalous"
            lines.append("all frames are \(kind): without the other kind there is no AUC; label them in NN.labels.txt")
        }
        if report.events == nil {
            lines.append("no threshold: give --threshold, or calibrate the model with `zanzo calibrate`")
        }
        lines.append("")
        lines.append(cells(["clip", "frames", "anomalous", "AUC", "found", "false alarms"]))
        for clip in report.clips {
            let found = clip.found.flatMap { found in clip.stretches.map { "\(found) of \($0)" } }
            lines.append(
                cells([
                    clip.name, "\(clip.frames)", "\(clip.anomalous)", clip.auc.map(percent) ?? "-", found ?? "-",
                    clip.falseAlarms.map { "\($0)" } ?? "-",
                ]))
        }
        return lines.joined(separator: "\n")
    }

    private static func percent(_ value: Double) -> String { NumberText.fixed(value, decimals: 1) + " %" }

    private static func row(_ label: String, _ model: String, _ baseline: String) -> String {
        trimmed(TextTable.row([label, model, baseline], widths: [26, 12, 16]))
    }

    private static func cells(_ cells: [String]) -> String {
        trimmed(TextTable.row(cells, widths: [16, 8, 11, 9, 9, 12]))
    }

    private static func trimmed(_ line: String) -> String {
        String(line.reversed().drop { $0 == " " }.reversed())
    }
}
