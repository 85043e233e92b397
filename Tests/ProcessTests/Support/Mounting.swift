import Glibc
import Testing

/// Mounts that only one process sees, for faults that nothing else provokes: a full disk, a read-only one.
enum Mounting {
    /// Whether this user may make them.
    static let isPossible: Bool = {
        guard let program = try? Program("unshare", ["--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]) else {
            return false
        }
        while program.ending == nil { usleep(1000) }
        return program.ending == .exit(0)
    }()

    static let reason: Comment = "mounting needs root and CAP_SYS_ADMIN"

    /// A command line that runs `script` with `$0` for `folder` in a mount namespace of its own, and then becomes the
    /// command that follows.
    static func wrapper(_ script: String, _ folder: String) -> [String] {
        ["unshare", "--mount", "sh", "-c", script + #" && exec "$@""#, folder]
    }
}
