import Synchronization

/// Where a thread that is made ahead of time waits until it is known whether it is wanted.
///
/// A start or a reload gets all threads first, each behind its gate. Where one can't be had, the others are turned away, and
/// nothing has changed.
final class StartGate<Pass: Sendable>: Sendable {
    private enum State: Sendable {
        case closed
        case open(Pass)
        case cancelled
    }

    private let state = Mutex(State.closed)
    private let bell = Doorbell()

    /// Lets the thread go, with what it needs.
    func open(_ pass: Pass) { decide(.open(pass)) }

    /// Turns the thread away.
    func cancel() { decide(.cancelled) }

    private func decide(_ decision: State) {
        state.withLock { if case .closed = $0 { $0 = decision } }
        bell.ring()
    }

    /// The thread's end: waits for the decision; nil where it is turned away.
    func wait() -> Pass? {
        while true {
            switch state.withLock({ $0 }) {
            case .open(let pass): return pass
            case .cancelled: return nil
            case .closed: bell.wait(timeout: .seconds(1))
            }
        }
    }
}
