import Glibc
import Synchronization

/// Ctrl-C, SIGTERM and SIGHUP as a question that a long command asks between two steps. A second one of the same kind ends
/// the process at once.
public enum StopRequest {
    private static let received = Atomic<Int32>(0)

    /// Takes SIGINT, SIGTERM and SIGHUP over from now on; SIGHUP not where nohup(1) has it ignored.
    ///
    /// - Parameter outlivesItsReader: whether output that nobody reads any more is lost without ending the process: where a
    ///   daemon dies, the training that it started still has a checkpoint to write.
    public static func listen(outlivesItsReader: Bool = false) {
        received.store(0, ordering: .relaxed)
        if outlivesItsReader { Glibc.signal(SIGPIPE, SIG_IGN) }
        for number in [SIGINT, SIGTERM, SIGHUP] {
            let before = Glibc.signal(number) { number in
                StopRequest.received.store(number, ordering: .relaxed)
                Glibc.signal(number, SIG_DFL)
            }
            // SIG_IGN is 1 (signal(2)); function pointers cannot be compared.
            if number == SIGHUP, unsafeBitCast(before, to: Int.self) == 1 { Glibc.signal(number, SIG_IGN) }
        }
    }

    /// Whether one of them has come.
    public static var isMade: Bool { signal != nil }

    /// The signal that came last; nil before the first.
    public static var signal: Int32? {
        let number = received.load(ordering: .relaxed)
        return number == 0 ? nil : number
    }
}
