import Glibc
import Synchronization

/// Ctrl-C and SIGTERM as a question that a long command asks between two steps. A second signal ends it at once.
public enum StopRequest {
    private static let flag = Atomic<Bool>(false)

    /// Takes SIGINT and SIGTERM over from now on.
    public static func listen() {
        flag.store(false, ordering: .relaxed)
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
