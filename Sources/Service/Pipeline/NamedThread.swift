import CLinux
import Glibc
import Synchronization
import Video

/// An operating system thread with a name that `top -H` and a core dump show.
///
/// The data plane runs on these rather than on Swift's cooperative pool, because its threads block: on a driver, on a
/// network, on a core's worth of arithmetic.
final class NamedThread: Sendable {
    private let name: String
    private let finished = Atomic<Bool>(false)
    private let done = Doorbell()

    private final class Start {
        let thread: NamedThread
        let body: @Sendable () -> Void
        init(_ thread: NamedThread, _ body: @escaping @Sendable () -> Void) {
            self.thread = thread
            self.body = body
        }
    }

    /// Starts `body` on a new thread called `name` (its first 15 bytes: the kernel's limit).
    ///
    /// Throws where the system gives no more threads.
    init(name: String, body: @escaping @Sendable () -> Void) throws(StartError) {
        self.name = String(name.prefix(15))
        var thread = pthread_t()
        let start = Unmanaged.passRetained(Start(self, body))
        let status = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                zanzo_name_thread(start.thread.name)
                start.body()
                start.thread.finished.store(true, ordering: .releasing)
                start.thread.done.ring()
                return nil
            }, start.toOpaque())
        guard status == 0 else {
            start.release()
            throw StartError(
                message:
                    "no thread could be started for \(name): \(errorText(status)): there are too many threads, or too "
                    + "little memory; raise TasksMax= or MemoryMax= of the unit, or watch fewer cameras")
        }
        pthread_detach(thread)
    }

    /// Waits until the thread's body has returned; false where it has not within `timeout`.
    func join(timeout: Duration) -> Bool {
        if finished.load(ordering: .acquiring) { return true }
        done.wait(timeout: timeout)
        return finished.load(ordering: .acquiring)
    }
}
