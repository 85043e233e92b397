import Glibc

/// One training at a time on a machine: an advisory lock (flock(2)) that `zanzo train --turn FILE` holds while it trains
/// and calibrates. Recordings go on side by side.
///
/// A lock of the kernel's, and not the daemon's own bookkeeping: it is free again however its holder ended, and a training
/// that somebody starts by hand takes its turn like the others.
public final class TrainingTurn {
    private let file: Int32

    /// Waits for the turn. `waiting` is called once a second as long as another has it; false gives up.
    ///
    /// Returns nil where it was given up; the turn is over with the value. Without a path nobody is waited for.
    /// - Throws: where the file can't be made.
    public init?(path: String?, waiting: () -> Bool) throws(StartError) {
        guard let path else {
            file = -1
            return
        }
        file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o640)
        guard file >= 0 else {
            throw StartError(message: "\(path): \(errorText(errno)): it is for trainings to take turns")
        }
        while flock(file, LOCK_EX | LOCK_NB) != 0 {
            let number = errno
            guard number == EWOULDBLOCK || number == EINTR else {
                throw StartError(message: "\(path): \(errorText(number)): it is for trainings to take turns")
            }
            if !waiting() { return nil }
            usleep(number == EINTR ? 0 : 1_000_000)
        }
    }

    deinit { if file >= 0 { close(file) } }
}
