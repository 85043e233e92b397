import Synchronization
import Video

/// Lets any thread end a source's blocked `open` or `read`: what a daemon that must stop within two seconds needs
/// where a camera may be silent for ten.
public final class Cancellation: Sendable {
    /// How long a blocked call may take to notice.
    public static let latency = Duration.milliseconds(200)

    private let flag = Atomic(false)

    /// Not cancelled yet.
    public init() {}

    /// Whether `cancel` was called.
    public var isCancelled: Bool { flag.load(ordering: .acquiring) }

    /// Makes the source's blocked call, and all later ones, throw `.ended` within `latency`. There is no way back.
    public func cancel() { flag.store(true, ordering: .releasing) }
}

extension CaptureError {
    /// What a cancelled source throws.
    static func cancelled(_ operation: String) -> CaptureError {
        CaptureError(.ended, operation, "it was told to stop")
    }
}

extension TimeSource {
    /// Sleeps until `due`, in short pieces so that a cancellation is noticed.
    ///
    /// False where `due` is more than `limit` away (`limit` has passed then) or the source was cancelled.
    func sleep(until due: MonotonicTime, atMost limit: Duration, unless cancellation: Cancellation) -> Bool {
        let deadline = now() + limit
        let end = min(due, deadline)
        while !cancellation.isCancelled {
            let next = now() + Cancellation.latency
            guard next < end else {
                sleep(until: end)
                return due <= deadline
            }
            sleep(until: next)
        }
        return false
    }
}
