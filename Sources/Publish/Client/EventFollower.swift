import Glibc
public import Video

/// Follows a daemon's events across its restarts: connects again, and goes on after the last line it has seen.
public struct EventFollower {
    private let path: String
    private let time: any TimeSource
    private var subscription: Subscription
    private var client: EventClient?
    private var wait = Duration.milliseconds(250)

    /// Follows from now on, or from `subscription.after` on. Nothing is connected yet.
    ///
    /// Without `after`, what happens between the first connection's end and the next one is missed where no event was
    /// seen before.
    public init(path: String, subscription: Subscription, time: any TimeSource = SystemTime()) {
        self.path = path
        self.subscription = subscription
        self.time = time
    }

    /// The number of the last event seen; nil before the first.
    public var last: UInt64? { subscription.after }

    /// The next line, without its newline; nil where none came in time (or the daemon is away for now).
    ///
    /// - Throws: what will not pass by waiting: a path too long, no permission, a subscription that the daemon refuses.
    public mutating func nextLine(timeout: Duration) throws(PublishError) -> [UInt8]? {
        let deadline = time.now() + timeout
        repeat {
            do throws(PublishError) {
                let connection = try connected(within: deadline - time.now())
                guard let line = try connection.nextLine(timeout: max(.zero, deadline - time.now())) else { return nil }
                if let place = LineScanner.resumeAfterError(line[...]) {
                    // The daemon cannot read its journal now: from the same place again, in a while.
                    client = nil
                    subscription.after = place
                    pause(until: deadline)
                    return line
                }
                wait = .milliseconds(250)
                if line.starts(with: "{\"error\":".utf8) {
                    client = nil
                    throw PublishError(
                        code: .badData, operation: "follow \(path)", message: String(decoding: line, as: UTF8.self))
                }
                if let sequence = LineScanner.sequence(line[...]) { subscription.after = sequence }
                return line
            } catch {
                client = nil
                guard error.code == .disconnected || error.code == .system else { throw error }
                pause(until: deadline)
            }
        } while time.now() < deadline
        return nil
    }

    private mutating func pause(until deadline: MonotonicTime) {
        time.sleep(until: min(deadline, time.now() + wait))
        wait = min(wait * 2, .seconds(10))
    }

    private mutating func connected(within limit: Duration) throws(PublishError) -> EventClient {
        if let client { return client }
        let patience = min(EventClient.patience, max(.milliseconds(100), limit))
        let new = try EventClient(path: path, subscription: subscription, timeout: patience)
        client = new
        return new
    }
}
