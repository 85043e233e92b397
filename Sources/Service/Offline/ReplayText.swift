import Pictures

/// A replay's summary as a person reads it.
public enum ReplayText {
    /// A few lines: what was played, and a row for each event.
    public static func table(_ summary: Replay.Summary) -> String {
        var lines = [
            "\(summary.frames) frames, \(NumberText.fixed(summary.seconds, decimals: 1)) s, score \(summary.method): "
                + "mean \(NumberText.short(summary.meanRaw)), greatest \(NumberText.short(summary.maximumRaw))"
        ]
        guard let threshold = summary.threshold else {
            lines.append("no threshold: give --threshold, or calibrate the model with `zanzo calibrate`")
            return lines.joined(separator: "\n")
        }
        lines.append("threshold \(NumberText.short(threshold)): \(summary.events.count) events")
        for event in summary.events {
            lines.append(
                "  \(NumberText.fixed(event.start, decimals: 1)) s to \(NumberText.fixed(event.end, decimals: 1)) s, "
                    + "from frame \(event.startFrame), peak \(NumberText.short(event.peak)) (\(event.reason))")
        }
        return lines.joined(separator: "\n")
    }
}
