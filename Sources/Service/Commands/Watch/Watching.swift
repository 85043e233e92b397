import FoundationEssentials
import Glibc
import Publish
import Video

/// `zanzo watch`: asks the daemon once a second, hears scores and events, and shows what a board makes of them.
public struct Watching {
    private static let redraw = Duration.milliseconds(200)
    private static let ask = Duration.seconds(1)

    private let socket: String
    private let time = SystemTime()
    private var board: WatchBoard
    private var follower: EventFollower
    private var nextAsk: MonotonicTime

    /// Watches `cameras` (none for all) of the daemon at `socket`.
    ///
    /// - Throws: where no daemon answers there, or has no camera of that name.
    public init(socket: String, cameras: [String]) throws {
        self.socket = socket
        board = WatchBoard(wanted: cameras)
        nextAsk = time.now() + Self.ask
        let status = try Self.status(socket)
        var subscription = Subscription()
        subscription.cameras = cameras
        subscription.scores = true
        // From the first moment on, also where the connection is lost before there was an event to go on from.
        subscription.after = status.sequence
        follower = EventFollower(path: socket, subscription: subscription)
        let names = status.cameras.map(\.name)
        if let unknown = cameras.first(where: { !names.contains($0) }) {
            throw StartError(
                message: "zanzod watches no camera \"\(unknown)\"; "
                    + (names.isEmpty ? "it has none" : "its cameras are \(names.joined(separator: ", "))"))
        }
        board.take(status)
    }

    /// Shows what happens until a signal ends it: in place on a terminal, else in plain lines.
    public mutating func run() throws {
        if StandardOutput.isTerminal { try runLive() } else { try runPlain() }
    }

    private mutating func runLive() throws {
        var terminal = LiveTerminal()
        defer { terminal.restore() }
        var above: [String] = []
        while true {
            switch terminal.signal() {
            case nil: break
            case SIGTSTP: terminal.suspend()
            default: return
            }
            let size = LiveTerminal.size
            // The last column stays free: a full line would be broken by some terminals, and not by others.
            terminal.draw(
                above: above,
                WatchScreen.lines(board, now: time.utc(), width: size.width - 1, height: size.height - 1))
            above = []
            try hear(until: time.now() + Self.redraw) { above.append(EventText.row($0)) }
        }
    }

    private mutating func runPlain() throws {
        while true {
            let trouble = board.trouble
            try hear(until: nextAsk) { print(EventText.row($0)) }
            if let new = board.trouble, new != trouble { StandardOutput.complain("\(EventText.printable(new))\n") }
            for camera in board.cameras {
                print(WatchScreen.plain(camera, peak: board.takePeak(camera.name), now: time.utc()))
            }
            StandardOutput.flush()
        }
    }

    /// Takes in lines until `deadline`, and the status where it is due.
    private mutating func hear(until deadline: MonotonicTime, _ tell: (EventLine) -> Void) throws {
        repeat {
            if let line = try follower.nextLine(timeout: max(.zero, min(deadline, nextAsk) - time.now())),
                let event = board.take(line)
            {
                tell(event)
            }
            if time.now() >= nextAsk {
                nextAsk = time.now() + Self.ask
                do { board.take(try Self.status(socket)) } catch { board.lose("\(error)") }
            }
        } while time.now() < deadline
    }

    private static func status(_ socket: String) throws -> DaemonStatus {
        let line = try EventClient.status(path: socket, timeout: .seconds(1))
        do {
            return try JSONDecoder().decode(DaemonStatus.self, from: Data(line))
        } catch {
            throw StartError(
                message: "\(socket): it answers, but not with a status: \(String(decoding: line, as: UTF8.self))")
        }
    }
}
