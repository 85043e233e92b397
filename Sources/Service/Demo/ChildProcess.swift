import Glibc
import Video

/// A program started beside this one, with its output in a file; ended with SIGTERM, and with SIGKILL where that is not
/// enough.
final class ChildProcess {
    private let identifier: pid_t
    private var hasEnded = false

    /// Starts the program at `path`.
    init(path: String, arguments: [String], log: String) throws(StartError) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        var argv: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) } + [nil]
        defer { argv.forEach { free($0) } }
        var child = pid_t()
        let status = posix_spawn(&child, path, &actions, nil, &argv, environ)
        guard status == 0 else {
            throw StartError(message: "\(path) can't be started: \(errorText(status))")
        }
        identifier = child
    }

    /// Whether it still runs.
    var isRunning: Bool {
        if hasEnded { return false }
        var status: Int32 = 0
        hasEnded = waitpid(identifier, &status, WNOHANG) != 0
        return !hasEnded
    }

    /// Ends it, and waits until it has ended.
    func end() {
        guard isRunning else { return }
        kill(identifier, SIGTERM)
        let time = SystemTime()
        let deadline = time.now() + .seconds(5)
        while isRunning {
            if time.now() > deadline { kill(identifier, SIGKILL) }
            time.sleep(until: time.now() + .milliseconds(20))
        }
    }
}
