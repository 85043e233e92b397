import Glibc
import Video

/// Wakes one waiting thread: an eventfd(2), which any thread may ring and which remembers that it was rung.
///
/// An eventfd and poll(2), not a POSIX semaphore: `sem_timedwait` takes wall-clock time, and a clock set back by an
/// hour would put a worker to sleep for an hour.
final class Doorbell: Sendable {
    private let descriptor: Int32

    init() {
        descriptor = eventfd(0, Int32(EFD_NONBLOCK.rawValue | EFD_CLOEXEC.rawValue))
        precondition(descriptor >= 0, "eventfd: no file descriptor left (raise LimitNOFILE=)")
    }

    deinit { close(descriptor) }

    /// Wakes the waiting thread, or lets its next `wait` return at once.
    func ring() {
        var one: UInt64 = 1
        // EAGAIN would mean 2^64 - 2 rings that nobody waited for: the bell is ringing already.
        _ = write(descriptor, &one, 8)
    }

    /// Returns when the bell was rung since the last `wait`, or after `timeout`; true where it was rung.
    @discardableResult
    func wait(timeout: Duration) -> Bool {
        var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let milliseconds = Int32(clamping: (timeout.nanoseconds + 999_999) / 1_000_000)
        guard poll(&poller, 1, milliseconds) > 0 else { return false }
        var count: UInt64 = 0
        return read(descriptor, &count, 8) == 8
    }
}
