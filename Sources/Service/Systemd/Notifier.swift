import CSystemd
import Glibc
import Video

/// Tells systemd how the daemon is (sd_notify(3)); says nothing where nobody listens.
struct Notifier: Sendable {
    /// How often systemd wants to hear from the watchdog; nil where the unit has no `WatchdogSec=`.
    let watchdogInterval: Duration?

    init() {
        var microseconds: UInt64 = 0
        watchdogInterval =
            sd_watchdog_enabled(0, &microseconds) > 0 ? .microseconds(Int64(clamping: microseconds)) : nil
    }

    /// The socket is bound and the models are loaded.
    func ready() { send("READY=1") }

    /// One line for `systemctl status`.
    func status(_ text: String) { send("STATUS=" + text.replacing("\n", with: " ")) }

    /// A reload begins. `Type=notify-reload` (systemd 253) wants the time as well; older ones pass it over.
    func reloading() {
        send("RELOADING=1\nMONOTONIC_USEC=\(SystemTime().now().nanoseconds / 1000)")
    }

    /// The daemon is on its way out.
    func stopping() { send("STOPPING=1") }

    /// Everything moves.
    func watchdog() { send("WATCHDOG=1") }

    private func send(_ state: String) { sd_notify(0, state) }
}

/// Sockets that systemd has bound for us (sd_listen_fds(3)).
enum SocketActivation {
    /// SD_LISTEN_FDS_START of sd-daemon.h.
    private static let first: Int32 = 3

    /// The stream socket for events: the first listening one passed to this process; nil where there is none.
    static func eventSocket() -> Int32? {
        let count = sd_listen_fds(1)
        guard count > 0 else { return nil }
        return (first..<first + count).first { sd_is_socket_unix($0, Int32(SOCK_STREAM.rawValue), 1, nil, 0) > 0 }
    }
}
