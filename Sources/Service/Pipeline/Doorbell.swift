import CLinux
import Synchronization
import Video

/// Wakes one waiting thread. Any thread may ring; the bell remembers that it was rung.
///
/// A futex(2): it takes no file descriptor, so that it cannot fail, and waits by the monotonic clock. `sem_timedwait` takes
/// wall-clock time, and a clock set back by an hour would put a worker to sleep for an hour.
final class Doorbell: Sendable {
    private static let silent: UInt32 = 0
    private static let rung: UInt32 = 1

    /// At an address of its own: the kernel sleeps on it.
    private let state: Word

    private final class Word: @unchecked Sendable {
        // Unchecked for the pointer: what it points to is atomic.
        let pointer = UnsafeMutablePointer<Atomic<UInt32>>.allocate(capacity: 1)
        init() { pointer.initialize(to: Atomic(Doorbell.silent)) }
        deinit {
            pointer.deinitialize(count: 1)
            pointer.deallocate()
        }
        var address: UnsafePointer<UInt32> { UnsafeRawPointer(pointer).assumingMemoryBound(to: UInt32.self) }
    }

    init() { state = Word() }

    /// Wakes the waiting thread, or lets its next `wait` return at once.
    func ring() {
        let before = state.pointer.pointee.exchange(Self.rung, ordering: .acquiringAndReleasing)
        if before == Self.silent { zanzo_futex_wake(state.address) }
    }

    /// Returns when the bell was rung since the last `wait`, or after `timeout`; true where it was rung.
    @discardableResult
    func wait(timeout: Duration) -> Bool {
        let clock = SystemTime()
        let deadline = clock.now() + timeout
        while state.pointer.pointee.exchange(Self.silent, ordering: .acquiringAndReleasing) == Self.silent {
            let left = deadline - clock.now()
            guard left > .zero else { return false }
            zanzo_futex_wait(state.address, Self.silent, left.nanoseconds)
        }
        return true
    }
}
