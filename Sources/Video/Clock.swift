import Glibc
import Synchronization

/// Where the daemon takes its time from: injected everywhere, so that a whole daemon runs in a test, faster than real
/// time and with the same answers every time.
public protocol TimeSource: Sendable {
    /// Now, on the monotonic clock.
    func now() -> MonotonicTime
    /// Now, in UTC.
    func utc() -> UTCTime
    /// Returns at `deadline` or soon after it. Blocks the calling thread; a simulated clock moves on instead.
    func sleep(until deadline: MonotonicTime)
}

/// The machine's own clocks: `CLOCK_MONOTONIC` and `CLOCK_REALTIME`.
public struct SystemTime: TimeSource {
    /// The machine's own clocks.
    public init() {}

    /// Now, on the monotonic clock.
    public func now() -> MonotonicTime {
        var t = timespec()
        clock_gettime(CLOCK_MONOTONIC, &t)
        return MonotonicTime(nanoseconds: Int64(t.tv_sec) * 1_000_000_000 + Int64(t.tv_nsec))
    }

    /// Now, in UTC.
    public func utc() -> UTCTime {
        var t = timespec()
        clock_gettime(CLOCK_REALTIME, &t)
        return UTCTime(microseconds: Int64(t.tv_sec) * 1_000_000 + Int64(t.tv_nsec) / 1000)
    }

    /// Returns at `deadline` (a simulated clock moves there).
    public func sleep(until deadline: MonotonicTime) {
        var t = timespec(
            tv_sec: Int(deadline.nanoseconds / 1_000_000_000), tv_nsec: Int(deadline.nanoseconds % 1_000_000_000))
        while clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, nil) == EINTR {}
    }
}

/// A clock that stands still until it is moved: `sleep(until:)` moves it to the deadline and returns at once.
///
/// Time never runs backwards, whatever the order in which several threads sleep.
public final class SimulatedTime: TimeSource {
    private let current: Atomic<Int64>
    private let epoch: UTCTime

    /// A clock at `start` whose UTC then is `epoch` (2026-01-01T00:00:00Z by default).
    public init(start: MonotonicTime = .zero, epoch: UTCTime = UTCTime(microseconds: 1_767_225_600_000_000)) {
        current = Atomic(start.nanoseconds)
        self.epoch = UTCTime(microseconds: epoch.microseconds - start.nanoseconds / 1000)
    }

    /// Now, on the monotonic clock.
    public func now() -> MonotonicTime { MonotonicTime(nanoseconds: current.load(ordering: .acquiring)) }

    /// Now, in UTC.
    public func utc() -> UTCTime { UTCTime(microseconds: epoch.microseconds + now().nanoseconds / 1000) }

    /// Returns at `deadline` (a simulated clock moves there).
    public func sleep(until deadline: MonotonicTime) {
        _ = current.max(deadline.nanoseconds, ordering: .acquiringAndReleasing)
    }

    /// Moves the clock on by `duration`.
    public func advance(by duration: Duration) { sleep(until: now() + duration) }
}
