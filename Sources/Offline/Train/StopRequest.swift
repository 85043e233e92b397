import Glibc
import Synchronization

/// Ctrl-C and SIGTERM as a question that a long command asks between two steps. A second signal ends it at once.
public enum StopRequest {
    private static let flag = Atomic<Bool>(false)

    /// Takes SIGINT and SIGTERM over from now on.
    ///
    /// - Parameter outlivesItsReader: whether output that nobody reads any more is lost without ending the process: where a
    ///   daemon dies, the training that it started still has a checkpoint to write.
    public static func listen(outlivesItsReader: Bool = false) {
        flag.store(false, ordering: .relaxed)
        if outlivesItsReader { signal(SIGPIPE, SIG_IGN) }
        for number in [SIGINT, SIGTERM] {
            signal(number) { number in
                StopRequest.flag.store(true, ordering: .relaxed)
                signal(number, SIG_DFL)
            }
        }
    }

    /// Whether one of them has come.
    public static var isMade: Bool { flag.load(ordering: .relaxed) }
}
