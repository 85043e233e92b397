import Glibc
import Logging
import Publish
import Synchronization
import Video

/// Deletes old pictures beside the writer, which must not wait for that: of fifty thousand it takes seconds to look at
/// each.
///
/// Every sweep has a thread of its own with little weight, and there is one sweep at a time.
final class Sweeper: Sendable {
    private struct State {
        var isRunning = false
        /// The last sweep's report, where it is news and was not taken yet.
        var change: SweepReport?
    }

    private let store: SnapshotStore
    private let isApart: Bool
    private let log: Logger
    private let state = Mutex(State())
    private let isStopping = Atomic<Bool>(false)

    /// A sweeper that does nothing yet.
    ///
    /// - Parameter isApart: whether sweeps have a thread of their own; else `begin` returns when the sweep is over.
    init(store: SnapshotStore, isApart: Bool, log: Logger) {
        (self.store, self.isApart, self.log) = (store, isApart, log)
    }

    /// Whether a sweep is under way.
    var isRunning: Bool { state.withLock { $0.isRunning } }

    /// Begins a sweep; nothing where one is under way still.
    func begin(now: UTCTime, monotonic: MonotonicTime) {
        let isFirst = state.withLock { state in
            defer { state.isRunning = true }
            return !state.isRunning
        }
        guard isFirst else { return }
        guard isApart else { return sweep(now, monotonic) }
        do throws(StartError) {
            _ = try NamedThread(name: "zanzo-sweep") { [self] in
                // The thread's own (Linux): on a busy machine cameras come first. Where it is refused, it is as it was.
                _ = setpriority(Int32(PRIO_PROCESS.rawValue), 0, 10)
                sweep(now, monotonic)
            }
        } catch {
            // The next minute's sweep tries again.
            state.withLock { $0.isRunning = false }
            log.error("snapshots: \(error)")
        }
    }

    /// What the last sweep found, once, where free space has become low or is enough again.
    func takeChange() -> SweepReport? {
        state.withLock { state in
            defer { state.change = nil }
            return state.change
        }
    }

    /// Lets no sweep begin; one that is under way ends at its next picture.
    func stop() { isStopping.store(true, ordering: .relaxed) }

    private func sweep(_ now: UTCTime, _ monotonic: MonotonicTime) {
        defer { state.withLock { $0.isRunning = false } }
        guard !isStopping.load(ordering: .relaxed) else { return }
        do {
            let report = try store.sweep(now: now, monotonic: monotonic) { isStopping.load(ordering: .relaxed) }
            if report.didChange { state.withLock { $0.change = report } }
        } catch {
            log.error("\(error)")
        }
    }
}
