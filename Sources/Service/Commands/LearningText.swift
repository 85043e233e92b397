import Video
import Pictures

/// How far a camera is that learns, as a person reads it.
enum LearningText {
    /// "recording 3.1 h of 24 h", "training 42 %, loss 0.0021, 12 min left", "recording failed: …; next try in 40 s".
    static func line(_ status: LearningStatus) -> String {
        let phase = EventText.printable(status.phase)
        if let problem = status.problem {
            let when = status.nextTry.map { "; next try in \(amount($0))" } ?? "; trying again"
            let what = status.phase == "starting" ? "learning" : phase
            return "\(what) failed: \(EventText.printable(problem))\(when)"
        }
        if status.phase == "waiting" { return "waiting for its turn to train" }
        var parts = [phase]
        if let done = status.done {
            parts[0] +=
                status.phase == "recording"
                ? " \(amount(done * status.recordFor)) of \(amount(status.recordFor))"
                : " \(Int(saturating: done * 100)) %"
        }
        if let loss = status.loss { parts.append("loss \(NumberText.short(loss, digits: 2))") }
        if let heldOut = status.heldOut { parts.append("held out \(NumberText.short(heldOut, digits: 2))") }
        if status.phase != "recording", let left = status.secondsLeft { parts.append("\(amount(left)) left") }
        return parts.joined(separator: ", ")
    }

    /// Seconds with as many digits as say something: "40 s", "12 min", "3.1 h", "24 h", "2.5 d".
    static func amount(_ seconds: Double) -> String {
        func text(_ value: Double) -> String {
            let text = NumberText.fixed(value, decimals: 1)
            return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
        }
        return switch max(0, seconds) {
        case let s where s < 120: "\(Int(saturating: s.rounded())) s"
        case let s where s < 7200: "\(Int(saturating: (s / 60).rounded())) min"
        case let s where s < 172_800: text(s / 3600) + " h"
        case let s: text(min(s, 1e9) / 86_400) + " d"
        }
    }
}
