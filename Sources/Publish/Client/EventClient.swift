import Glibc
import Video

/// Reads lines from a daemon's event socket, blocking: for the command line and the demonstration.
///
/// Used by one thread at a time.
public final class EventClient {
    /// A line longer than this is not a daemon's.
    private static let maximumLineByteCount = 16 << 20
    /// How long a daemon may take to accept a connection and its first line, unless said otherwise.
    public static let patience = Duration.seconds(5)

    private let descriptor: Int32
    private let operation: String
    private var buffer: [UInt8] = []
    private var scanned = 0  // bytes of the buffer that are known to hold no newline

    /// Connects, and subscribes.
    ///
    /// - Throws: `badSetting` for a path too long, `disconnected` where no daemon listens or takes the connection
    ///   within `timeout`, `noPermission`.
    public convenience init(
        path: String, subscription: Subscription, timeout: Duration = EventClient.patience
    ) throws(PublishError) {
        try self.init(path: path, firstLine: subscription.line, timeout: timeout)
    }

    /// Connects, and sends a first line of one's own (`{"status":true}`).
    public init(
        path: String, firstLine: [UInt8], timeout: Duration = EventClient.patience
    ) throws(PublishError) {
        operation = "connect to \(path)"
        try UnixAddress.check(path, operation: operation)
        descriptor = UnixAddress.makeSocket()
        guard descriptor >= 0 else { throw PublishError(errno: errno, operation: operation) }
        // A daemon that is stopped takes no connections: once its queue of them is full, connecting waits. poll(2)
        // cannot wait for room in that queue, but the time limit for sending holds for it as well.
        guard UnixAddress.limitSending(descriptor, to: timeout) else {
            throw PublishError(errno: errno, operation: operation)
        }
        var result: Int32
        repeat {
            result = UnixAddress.with(path) { connect(descriptor, $0, $1) == 0 ? 0 : errno }
        } while result == EINTR
        switch result {
        case 0: break
        case EAGAIN: throw Self.unanswered(operation, timeout)
        case ENOENT, ECONNREFUSED:
            throw PublishError(
                code: .disconnected, operation: operation,
                message: "\(String(cString: strerror(result))): zanzod is not running there (systemctl status zanzod)")
        case EACCES:
            throw PublishError(
                code: .noPermission, operation: operation,
                message: "permission denied: members of the socket's group (zanzo) may connect")
        default: throw PublishError(errno: result, operation: operation)
        }
        try sendAll(firstLine, timeout)
    }

    deinit { close(descriptor) }

    /// The daemon's status: one JSON line.
    public static func status(path: String, timeout: Duration = .seconds(5)) throws(PublishError) -> [UInt8] {
        let client = try EventClient(path: path, firstLine: Array("{\"status\":true}\n".utf8), timeout: timeout)
        guard let line = try client.nextLine(timeout: timeout) else {
            throw PublishError(
                code: .disconnected, operation: "ask for the status at \(path)", message: "no answer in \(timeout)")
        }
        return line
    }

    /// The next line, without its newline; nil where none came in time. No timeout waits for ever.
    ///
    /// - Throws: `disconnected` once the daemon has closed the connection and every line was read.
    public func nextLine(timeout: Duration? = nil) throws(PublishError) -> [UInt8]? {
        let time = SystemTime()
        let deadline = timeout.map { time.now() + $0 }
        while true {
            if let line = takeLine() { return line }
            guard buffer.count <= Self.maximumLineByteCount else {
                throw PublishError(code: .badData, operation: operation, message: "a line without an end")
            }
            guard try waitForInput(until: deadline) else { return nil }
            try receive()
        }
    }

    private func takeLine() -> [UInt8]? {
        guard let newline = buffer[scanned...].firstIndex(of: 0x0A) else {
            scanned = buffer.count
            return nil
        }
        let line = Array(buffer[..<newline])
        buffer.removeFirst(newline + 1)
        scanned = 0
        return line
    }

    /// False where the deadline passed first.
    private func waitForInput(until deadline: MonotonicTime?) throws(PublishError) -> Bool {
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while true {
            var milliseconds: Int32 = -1
            if let deadline {
                let left = (deadline - SystemTime().now()).nanoseconds
                milliseconds = Int32(clamping: max(0, (left + 999_999) / 1_000_000))
            }
            let count = poll(&request, 1, milliseconds)
            if count > 0 { return true }
            if count == 0 { return false }
            guard errno == EINTR else { throw PublishError(errno: errno, operation: operation) }
        }
    }

    private func receive() throws(PublishError) {
        var problem: Int32 = 0
        let more = [UInt8](unsafeUninitializedCapacity: 65_536) { bytes, count in
            var got: Int
            repeat { got = recv(descriptor, bytes.baseAddress, bytes.count, 0) } while got < 0 && errno == EINTR
            problem = got < 0 ? errno : 0
            count = max(0, got)
        }
        guard problem == 0 || problem == ECONNRESET else { throw PublishError(errno: problem, operation: operation) }
        guard !more.isEmpty else {
            throw PublishError(code: .disconnected, operation: operation, message: "the daemon closed the connection")
        }
        buffer += more
    }

    private static func unanswered(_ operation: String, _ timeout: Duration) -> PublishError {
        PublishError(
            code: .disconnected, operation: operation,
            message: "zanzod has taken no connection for \(timeout): it is stopped or stuck (systemctl status zanzod)")
    }

    private func sendAll(_ bytes: [UInt8], _ timeout: Duration) throws(PublishError) {
        var done = 0
        while done < bytes.count {
            // MSG_NOSIGNAL: a daemon that hangs up is an error here, not a signal that ends the process.
            let count = bytes[done...].withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            // Turned away before all was said: the reason is the line that waits to be read.
            if count < 0, errno == EPIPE || errno == ECONNRESET { return }
            if count < 0, errno == EAGAIN { throw Self.unanswered(operation, timeout) }
            guard count > 0 else { throw PublishError(errno: errno, operation: operation) }
            done += count
        }
    }
}
