import Capture
import CLinux
import FoundationEssentials
import Glibc
import Publish
import Video

/// `zanzo demo`: starts the real daemon on the synthetic camera, listens at its socket as any client would, and holds
/// what it hears against what was staged.
public struct DemoRun {
    private let setup: DemoSetup
    private let daemonPath: String
    private var events: [String: HeardEvent] = [:]
    private var order: [String] = []
    private var lastFrame: UInt64 = 0
    private var lastScore = 0.0

    /// A demonstration with the `zanzod` at `daemonPath`.
    public init(setup: DemoSetup, daemonPath: String) {
        self.setup = setup
        self.daemonPath = daemonPath
    }

    /// Runs to the script's end; prints progress on standard error, table and summary on standard output.
    ///
    /// Returns whether every anomaly was found and nothing else was.
    public mutating func run() throws -> Bool {
        let configuration = try setup.writeConfiguration()
        print(
            "zanzod watches the built-in street for \(Int(setup.length.seconds)) s; \(setup.anomalies.count) anomalies are staged."
        )
        print("  model     \(setup.model)")
        print("  socket    \(setup.socket)        (try: socat -u UNIX-CONNECT:\(setup.socket) - | jq .)")
        print("  pictures  \(setup.directory)/\(DemoSetup.camera)/snapshots")
        zanzo_flush_output()
        let daemon = try ChildProcess(
            path: daemonPath, arguments: ["--config", configuration], log: setup.directory + "/zanzod.log")
        defer {
            daemon.end()
            setup.removeSocketFolder()
        }
        try listen(to: daemon)
        let verdict = DemoVerdict(
            anomalies: setup.anomalies, events: order.compactMap { events[$0] }, rate: DemoSetup.rate)
        clearProgress()
        print("\n" + verdict.table(under: FileManager.default.currentDirectoryPath) + "\n")
        print(verdict.summary)
        return verdict.isClean
    }

    /// Hears every line until the camera's end.
    private mutating func listen(to daemon: ChildProcess) throws {
        let time = SystemTime()
        let client = try connect(daemon, until: time.now() + .seconds(20))
        let deadline = time.now() + setup.length + .seconds(30)
        while time.now() < deadline {
            guard daemon.isRunning else {
                throw StartError(
                    message: "zanzod ended in mid-demonstration; its last words are in \(setup.directory)/zanzod.log")
            }
            guard let line = try client.nextLine(timeout: .seconds(1)) else { continue }
            if hear(line) { return }
        }
        throw StartError(message: "the demonstration did not end in time; see \(setup.directory)/zanzod.log")
    }

    private func connect(_ daemon: ChildProcess, until deadline: MonotonicTime) throws -> EventClient {
        let time = SystemTime()
        while true {
            do {
                var subscription = Subscription()
                subscription.scores = true
                return try EventClient(path: setup.socket, subscription: subscription)
            } catch {
                guard time.now() < deadline, daemon.isRunning else {
                    throw StartError(
                        message: "zanzod did not open its socket (\(error)); see \(setup.directory)/zanzod.log")
                }
                time.sleep(until: time.now() + .milliseconds(50))
            }
        }
    }

    /// Takes in one line; true at the camera's end.
    private mutating func hear(_ bytes: [UInt8]) -> Bool {
        guard let line = EventLine(bytes) else {
            if let score = ScoreLine(bytes) {
                lastFrame = score.frame
                lastScore = score.score ?? 0
                if score.frame % 5 == 0 { showProgress() }
            }
            return false
        }
        let data = line.data
        switch line.eventType {
        case .anomalyStart:
            guard let id = data.event, let frame = data.frame else { return false }
            events[id] = HeardEvent(
                id: id, startFrame: frame, peak: data.peak ?? data.score ?? 0, picture: data.snapshot)
            order.append(id)
        case .anomalyUpdate, .anomalyEnd:
            guard let id = data.event, var event = events[id] else { return false }
            event.peak = max(event.peak, data.peak ?? 0)
            events[id] = event
        case .cameraOffline:
            return true
        default:
            break
        }
        return false
    }

    private func showProgress() {
        guard isatty(STDERR_FILENO) == 1 else { return }
        let seconds = Double(lastFrame) / DemoSetup.rate
        let share = min(1, seconds / setup.length.seconds)
        let filled = Int(share * 30)
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 30 - filled)
        let level = String(repeating: lastScore >= 1 ? "▲" : "▪", count: min(20, Int(lastScore * 8)))
        zanzo_complain(
            "\r\(bar) \(Int(seconds)) s  \(order.count) events  score \((lastScore * 100).rounded() / 100) \(level)\u{1B}[K"
        )
    }

    private func clearProgress() {
        if isatty(STDERR_FILENO) == 1 { zanzo_complain("\r\u{1B}[K") }
    }
}
