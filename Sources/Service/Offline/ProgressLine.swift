import CLinux
import Glibc
import Video

/// A progress bar on standard error, drawn ten times a second at most, and only where a person looks on.
public struct ProgressLine {
    private let isShown = isatty(STDERR_FILENO) == 1
    private let time = SystemTime()
    private var lastDrawn: MonotonicTime?

    /// Nothing drawn yet.
    public init() {}

    /// Draws `share` (0…1; nil where the end is not known) and `text`.
    public mutating func show(_ share: Double?, _ text: @autoclosure () -> String) {
        guard isShown else { return }
        let now = time.now()
        if let last = lastDrawn, now - last < .milliseconds(100) { return }
        lastDrawn = now
        let width = 30
        let filled = Int((share.map { min(1, max(0, $0)) } ?? 0) * Double(width))
        let bar =
            share == nil
            ? "" : String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled) + "  "
        zanzo_complain("\r\(bar)\(text())\u{1B}[K")
    }

    /// Takes the line away.
    public func clear() {
        if isShown, lastDrawn != nil { zanzo_complain("\r\u{1B}[K") }
    }
}
