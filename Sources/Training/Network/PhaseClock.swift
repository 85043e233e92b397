import Glibc
import Kernels

/// Where a step's time goes, as its first thread sees it: marked at the end of each phase, read by benchmarks.
final class PhaseClock {
    /// The phases of a step, in order. `picture` is the last layer, the loss, and that layer's way back.
    static let names =
        (1...5).map { "encoder\($0)" } + ["middle"] + (1...4).map { "decoder\($0)" } + ["picture"]
        + (1...4).map { "decoder\(5 - $0) back" } + ["middle back"] + (1...5).map { "encoder\(6 - $0) back" }
        + ["sums", "adam", "repack"]

    /// Nanoseconds of each phase of the last step.
    let nanoseconds = SharedBuffer<Int64>(count: PhaseClock.names.count)
    private var before: Int64 = 0
    private var next = 0

    func start() {
        (before, next) = (Self.now(), 0)
    }

    /// The next phase in order ends here.
    func mark() {
        let now = Self.now()
        nanoseconds.base[next] = now - before
        (before, next) = (now, next + 1)
    }

    private static func now() -> Int64 {
        var t = timespec()
        clock_gettime(CLOCK_MONOTONIC, &t)
        return Int64(t.tv_sec) * 1_000_000_000 + Int64(t.tv_nsec)
    }
}
