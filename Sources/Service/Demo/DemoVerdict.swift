public import Capture
import Video

/// An event as the demonstration's subscriber heard it.
public struct HeardEvent: Sendable, Hashable {
    /// Its identity.
    public var id: String
    /// The frame of its start, counted from 1.
    public var startFrame: UInt64
    /// The frame of its end; nil while it runs.
    public var endFrame: UInt64?
    /// The highest score.
    public var peak: Double
    /// The evidence picture's path.
    public var picture: String?

    /// An event that started at `startFrame`.
    public init(id: String, startFrame: UInt64, endFrame: UInt64? = nil, peak: Double, picture: String?) {
        self.id = id
        self.startFrame = startFrame
        self.endFrame = endFrame
        self.peak = peak
        self.picture = picture
    }
}

/// Holds what was heard against what was staged.
public struct DemoVerdict: Sendable {
    /// One staged anomaly, and the event that found it.
    public struct Row: Sendable {
        /// What was staged.
        public let anomaly: SyntheticAnomaly
        /// The first event that began while it was on; nil where it was missed.
        public let event: HeardEvent?
        /// From the anomaly's first frame to the event's.
        public let delay: Duration?
    }

    /// A row for each staged anomaly, in order.
    public let rows: [Row]
    /// Events that began while nothing was staged.
    public let falseAlarms: [HeardEvent]

    /// How long after an anomaly's last frame an event may still begin: the detector wants a few frames in a row, and the
    /// network remembers for a moment what it has seen.
    static let grace = Duration.seconds(1)

    /// Matches each event with the anomaly during which it began.
    public init(anomalies: [SyntheticAnomaly], events: [HeardEvent], rate: Double) {
        func start(_ event: HeardEvent) -> Duration { Duration(seconds: Double(event.startFrame - 1) / rate) }
        func covers(_ anomaly: SyntheticAnomaly, _ event: HeardEvent) -> Bool {
            start(event) >= anomaly.start && start(event) <= anomaly.end + Self.grace
        }
        rows = anomalies.map { anomaly in
            let event = events.first { covers(anomaly, $0) }
            return Row(anomaly: anomaly, event: event, delay: event.map { start($0) - anomaly.start })
        }
        falseAlarms = events.filter { event in !anomalies.contains { covers($0, event) } }
    }

    /// Staged anomalies that were found.
    public var found: Int { rows.count { $0.event != nil } }

    /// Whether every anomaly was found and nothing else was.
    public var isClean: Bool { found == rows.count && falseAlarms.isEmpty }

    /// The last line: `6 anomalies, 6 found, 0 missed, 0 false alarms`.
    public var summary: String {
        "\(rows.count) anomalies, \(found) found, \(rows.count - found) missed, \(falseAlarms.count) false alarms"
    }

    /// The table of the demonstration's end; pictures in `directory` are named from there on.
    public func table(under directory: String) -> String {
        func picture(_ event: HeardEvent) -> String {
            guard let path = event.picture else { return "none" }
            return path.hasPrefix(directory + "/") ? String(path.dropFirst(directory.count + 1)) : path
        }
        func pad(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(0, width - text.count))
        }
        func tenths(_ value: Double) -> String {
            let scaled = Int((value * 10).rounded())
            return "\(scaled / 10).\(abs(scaled % 10))"
        }
        var lines = [
            pad("anomaly", 14) + pad("at", 9) + pad("event", 28) + pad("delay", 8) + pad("peak", 7) + "picture"
        ]
        for row in rows {
            let head = pad(row.anomaly.kind.rawValue, 14) + pad(tenths(row.anomaly.start.seconds) + " s", 9)
            guard let event = row.event, let delay = row.delay else {
                lines.append(head + "MISSED")
                continue
            }
            lines.append(
                head + pad(event.id, 28) + pad(tenths(delay.seconds) + " s", 8) + pad(tenths(event.peak), 7)
                    + picture(event))
        }
        for event in falseAlarms {
            let at = tenths(Double(event.startFrame - 1) / DemoSetup.rate) + " s"
            lines.append(
                pad("FALSE ALARM", 14) + pad(at, 9) + pad(event.id, 28) + pad("", 8) + pad(tenths(event.peak), 7)
                    + picture(event))
        }
        lines.append("Beside each start.png lie frame.png, in colour, and strip.png, the whole event.")
        return lines.joined(separator: "\n")
    }
}
