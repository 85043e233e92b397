import CLinux
import Glibc

/// A block of lines at the end of what a terminal shows, drawn anew in place; other lines scroll up above it.
///
/// While it lives, keys are not echoed and the cursor is hidden; `restore` puts both back, and must be called whatever
/// happens. Its signals are held back, for `signal` to be asked between two drawings: a handler could come amid one.
struct LiveTerminal {
    private static let signals = [SIGINT, SIGTERM, SIGHUP, SIGTSTP]

    private let hasColour = Environment["NO_COLOR"]?.isEmpty ?? true
    /// Whether to show keys again at the end.
    private var hadEcho = false
    private var drawn = 0
    private var size = (width: 0, height: 0)

    /// Takes standard output over.
    init() {
        var set = Self.signalSet
        pthread_sigmask(SIG_BLOCK, &set, nil)
        begin()
    }

    /// Characters in a line, and lines.
    static var size: (width: Int, height: Int) {
        var (columns, rows): (Int32, Int32) = (80, 24)
        _ = zanzo_terminal_size(StandardOutput.descriptor, &columns, &rows)
        return (Int(columns), Int(rows))
    }

    /// Writes `rows` above the block, and the block anew.
    mutating func draw(above rows: [String], _ block: [ScreenLine]) {
        let now = Self.size
        var text = ""
        if now != size, drawn > 0 {
            // A terminal that was made narrower has broken the old lines: nobody knows how many there are now.
            text = "\u{1B}[H\u{1B}[2J"
        } else if drawn > 0 {
            text = "\r" + (drawn > 1 ? "\u{1B}[\(drawn - 1)A" : "")
        }
        (size, drawn) = (now, block.count)
        for row in rows { text += row + "\u{1B}[K\n" }
        text += block.map { (hasColour ? $0.coloured : $0.text) + "\u{1B}[K" }.joined(separator: "\n")
        print(text + "\u{1B}[J", terminator: "")
        StandardOutput.flush()
    }

    /// The signal that came since the last call; nil for none.
    func signal() -> Int32? {
        var pending = sigset_t()
        sigpending(&pending)
        guard Self.signals.contains(where: { sigismember(&pending, $0) == 1 }) else { return nil }
        var set = Self.signalSet
        var number: Int32 = 0
        return sigwait(&set, &number) == 0 ? number : nil
    }

    /// Ctrl-Z: stops this process with the terminal as it was, and goes on below when it is continued.
    mutating func suspend() {
        restore()
        raise(SIGSTOP)
        begin()
    }

    /// Puts the terminal back as it was; the block stays as text.
    mutating func restore() {
        print(drawn > 0 ? "\u{1B}[?25h\n" : "\u{1B}[?25h", terminator: "")
        StandardOutput.flush()
        drawn = 0
        // What was typed meanwhile was for nobody: it must not become the shell's next command.
        if hadEcho { _ = zanzo_set_echo(STDIN_FILENO, 1) }
    }

    private mutating func begin() {
        hadEcho = zanzo_set_echo(STDIN_FILENO, 0) == 1
        print("\u{1B}[?25l", terminator: "")
    }

    private static var signalSet: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in signals { sigaddset(&set, signal) }
        return set
    }
}
