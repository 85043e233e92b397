import Pictures
import Video

/// How `zanzo watch` looks: lines made of what a board knows, and of nothing else.
enum WatchScreen {
    private static let eighths = Array(" ▏▎▍▌▋▊▉█")
    private static let levels = Array("▁▂▃▄▅▆▇█")
    /// The bar's cells on either side of the alarm line.
    private static let half = 8

    /// A head and a line for each camera, at most `height` lines of at most `width` characters.
    static func lines(_ board: WatchBoard, now: UTCTime, width: Int, height: Int = .max) -> [ScreenLine] {
        let cameras = board.cameras
        let name = min(20, max(6, cameras.map(\.name.count).max() ?? 0)) + 2
        var lines = [head(board)]
        let cells = ["CAMERA", "STATE", "IN", "SCORED", "DROPS", "SCORE", "0    ALARM 1.0   2"]
        lines.append(
            ScreenLine(
                TextTable.row(cells, widths: widths(name) + [2 * half + 3])
                    + "LAST \(WatchBoard.seconds) S".padded(to: WatchBoard.seconds + 2) + "LAST EVENT", .faint))
        lines += cameras.map { line($0, board.heard($0.name), now, name) }
        if cameras.isEmpty { lines.append(ScreenLine("no camera is configured: see /etc/zanzo/zanzo.yaml", .faint)) }
        if lines.count > height {
            let hidden = lines.count - max(1, height - 1)
            lines = Array(lines.prefix(max(1, height - 1)))
            lines.append(ScreenLine("… \(hidden) more: make the window taller, or zanzo watch CAMERA", .faint))
        }
        return lines.map { $0.cut(to: width) }
    }

    /// One line for where nobody looks on: no control codes, no drawing. `peak` is the highest score since the last.
    static func plain(_ camera: CameraStatus, peak: Double?, now: UTCTime) -> String {
        if let learning = camera.learning {
            return ["\(now.description.prefix(19))Z", camera.name, camera.state, LearningText.line(learning)]
                .joined(separator: "  ")
        }
        var parts = [
            "\(now.description.prefix(19))Z", camera.name, camera.state, "in \(camera.framesPerSecondIn)",
            "scored \(camera.framesPerSecondScored)", "drops \(camera.drops)",
            "score " + (camera.score.map { NumberText.fixed($0, decimals: 2) } ?? "-"),
        ]
        if let peak { parts.append("peak \(NumberText.fixed(peak, decimals: 2))") }
        return parts.joined(separator: "  ")
    }

    private static func widths(_ name: Int) -> [Int] { [name, 10, 7, 8, 7, 7] }

    private static func head(_ board: WatchBoard) -> ScreenLine {
        if let trouble = board.trouble {
            return ScreenLine("zanzod does not answer, trying again: \(EventText.printable(trouble))", .alarm)
        }
        guard let status = board.status else { return ScreenLine("waiting for zanzod", .faint) }
        let online = status.cameras.filter { $0.state == CameraState.online.name }.count
        let text =
            "zanzod \(status.version) on \(EventText.printable(status.host)), up \(age(Int64(status.uptime))), "
            + "\(online) of \(status.cameras.count) cameras online"
        return status.isAlive
            ? ScreenLine(text)
            : ScreenLine("\(text); a worker or the writer stands still: see journalctl -u zanzod", .alarm)
    }

    private static func line(_ camera: CameraStatus, _ heard: WatchBoard.Heard, _ now: UTCTime, _ name: Int)
        -> ScreenLine
    {
        let score = heard.score ?? camera.score
        let isOver = score.map { $0 >= 1 } ?? false
        var line = ScreenLine()
        let widths = widths(name)
        line.add(camera.name.padded(to: widths[0]))
        if let learning = camera.learning {
            line.add(camera.state.padded(to: widths[1]))
            line.add(LearningText.line(learning), learning.problem == nil ? .plain : .alarm)
            return line
        }
        line.add(camera.state.padded(to: widths[1]), camera.state == CameraState.online.name ? .plain : .alarm)
        line.add(
            TextTable.row(
                ["\(camera.framesPerSecondIn)", "\(camera.framesPerSecondScored)", "\(camera.drops)"],
                widths: Array(widths[2...4])))
        line.add(
            (score.map { NumberText.fixed($0, decimals: 2) } ?? "-").padded(to: widths[5]), isOver ? .alarm : .plain)
        if camera.threshold == nil {
            line.add("not calibrated".padded(to: 2 * half + 3), .faint)
        } else {
            line.add(bar(score ?? 0) + "  ", isOver ? .alarm : .plain)
        }
        line.add(sparkline(heard.peaks, until: now.microseconds / 1_000_000) + "  ")
        if let event = heard.event {
            line.add("\(event.words) \(age((now.microseconds - event.time.microseconds) / 1_000_000)) ago")
        } else if let time = camera.lastEvent.flatMap({ TimeText.parse(rfc3339: $0) }) {
            line.add("\(age((now.microseconds - time.microseconds) / 1_000_000)) ago")
        } else {
            line.add("none", .faint)
        }
        return line
    }

    /// A score from 0 to 2 as a bar, with the alarm line in its middle.
    static func bar(_ score: Double) -> String {
        let filled = Int((min(2, max(0, score)) * Double(half * 8)).rounded())
        let cells = (0..<2 * half).map { cell -> Character in
            let eighth = min(8, max(0, filled - 8 * cell))
            return eighth == 0 ? "·" : eighths[eighth]
        }
        return String(cells[..<half]) + "│" + String(cells[half...])
    }

    /// The highest score of each second, the newest at the right; a second without one is blank.
    static func sparkline(_ peaks: [(second: Int64, score: Double)], until last: Int64) -> String {
        var cells = [Character](repeating: " ", count: WatchBoard.seconds)
        for peak in peaks {
            let index = Int(clamping: peak.second - last) + WatchBoard.seconds - 1
            // Level 4, the fifth, begins at the alarm line.
            if cells.indices.contains(index) { cells[index] = levels[min(7, max(0, Int(min(2, peak.score) * 4)))] }
        }
        return String(cells)
    }

    /// Seconds as people say them: "12 s", "5 min", "3 h", "2 d".
    static func age(_ seconds: Int64) -> String {
        switch max(0, seconds) {
        case let s where s < 120: "\(s) s"
        case let s where s < 7200: "\(s / 60) min"
        case let s where s < 172_800: "\(s / 3600) h"
        case let s: "\(s / 86_400) d"
        }
    }

}

/// A line of text in several styles.
struct ScreenLine: Hashable {
    /// How a part looks.
    enum Style: String {
        case plain = "0"
        case faint = "2"
        case alarm = "1;31"
    }

    private struct Part: Hashable {
        var text: String
        var style: Style
    }

    private var parts: [Part] = []

    init() {}
    init(_ text: String, _ style: Style = .plain) { add(text, style) }

    mutating func add(_ text: String, _ style: Style = .plain) { parts.append(Part(text: text, style: style)) }

    /// The text alone.
    var text: String { parts.map(\.text).joined() }

    /// The text with SGR sequences (ECMA-48) around what is not plain.
    var coloured: String {
        parts.map { $0.style == .plain ? $0.text : "\u{1B}[\($0.style.rawValue)m\($0.text)\u{1B}[0m" }.joined()
    }

    /// Its first `width` characters.
    func cut(to width: Int) -> ScreenLine {
        var line = ScreenLine()
        var left = width
        for part in parts where left > 0 {
            line.add(String(part.text.prefix(left)), part.style)
            left -= part.text.count
        }
        return line
    }
}

extension String {
    /// Filled with spaces up to `width`; cut where it is longer, so that columns stay in line.
    func padded(to width: Int) -> String {
        let text = prefix(max(0, width - 1))
        return text + String(repeating: " ", count: width - text.count)
    }
}
