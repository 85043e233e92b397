import Video
import CLinux
import Capture
import FoundationEssentials
import Glibc
import Publish

/// Standard output and standard error, for programs that write a line at a time.
public enum StandardOutput {
    /// Writes out what is buffered, so that a pipe's reader sees each line as it comes.
    public static func flush() { _ = zanzo_flush_output() }

    /// Standard output's descriptor.
    public static let descriptor = STDOUT_FILENO

    /// Whether a person looks on.
    public static var isTerminal: Bool { isatty(descriptor) == 1 }

    /// Writes to standard error; what the command line has of a password is left out.
    public static func complain(_ text: String) {
        zanzo_complain(Redaction.message(text, arguments: CommandLine.arguments))
    }

    /// Writes a line to standard output; what the command line has of a password is left out.
    public static func say(_ line: String) { print(Redaction.message(line, arguments: CommandLine.arguments)) }

    /// Ends the program with `status` and a message on standard error, in which no password from the command line stands.
    public static func fail(_ message: String, _ status: Int32) -> Never {
        if !message.isEmpty { complain(message + "\n") }
        exit(status)
    }
}

/// An event's line as a person reads it.
public enum EventText {
    /// Time, camera, what happened, and what is known of it. A line that is not an event is given back as it is.
    public static func row(_ bytes: [UInt8]) -> String {
        EventLine(bytes).map(row) ?? String(decoding: bytes, as: UTF8.self)
    }

    /// Time, camera, what happened, and what is known of it.
    static func row(_ line: EventLine) -> String {
        let data = line.data
        var parts = [line.time, data.camera ?? "-", words(line)]
        if let score = data.score { parts.append("score \(score)") }
        if let peak = data.peak { parts.append("peak \(peak)") }
        if let reason = data.reason { parts.append(reason) }
        if let message = data.message { parts.append(message) }
        if let picture = data.snapshot ?? data.strip { parts.append(picture) }
        return printable(parts.joined(separator: "  "))
    }

    /// The type's two words: "anomaly.start".
    static func words(_ line: EventLine) -> String {
        line.type.split(separator: ".").dropFirst(2).prefix(2).joined(separator: ".")
    }

    /// The text without control characters: what a camera's server says must not steer a terminal.
    static func printable(_ text: String) -> String {
        String(
            String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 }))
    }
}

/// The daemon's status as a person reads it.
public enum StatusText {
    /// A head line and a row for each camera.
    public static func table(_ status: DaemonStatus) -> String {
        let widths = [20, 10, 8, 8, 8, 9, 30]
        func row(_ cells: [String]) -> String { TextTable.row(cells, widths: widths) }
        var lines = [
            "zanzod \(status.version) on \(status.host), up \(Int(saturating: status.uptime)) s, \(status.subscribers) subscribers, "
                + "sequence \(status.sequence)",
            row(["CAMERA", "STATE", "FPS IN", "SCORED", "DROPS", "SCORE", "LAST EVENT"]),
        ]
        for camera in status.cameras {
            if let learning = camera.learning {
                lines.append(TextTable.row([camera.name, camera.state], widths: widths) + LearningText.line(learning))
                continue
            }
            lines.append(
                row([
                    camera.name, camera.state, "\(camera.framesPerSecondIn)", "\(camera.framesPerSecondScored)",
                    "\(camera.drops)", camera.score.map { "\($0)" } ?? "-", camera.lastEvent ?? "-",
                ]))
            if let shortfall = camera.shortfall { lines.append("  \(shortfall)") }
        }
        return lines.joined(separator: "\n")
    }
}

/// Values as JSON on one line, keys in order: what `--json`, `--scores` and the status have in common.
public enum JSONLine {
    /// `value` as JSON, without a newline.
    public static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value))
    }
}

/// "1 camera", "2 cameras": a number with what it counts, for what a person reads.
public func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
