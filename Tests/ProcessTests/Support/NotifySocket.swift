import Glibc
import Testing
import Video

@testable import Publish

/// systemd's side of sd_notify(3): a datagram socket that collects what a daemon says of itself.
final class NotifySocket {
    let path: String
    private let descriptor: Int32
    /// Every assignment so far, in order: `READY=1`, `STATUS=…`.
    private var heard: [String] = []
    /// When each `WATCHDOG=1` came.
    private(set) var pings: [MonotonicTime] = []

    init(path: String) throws {
        self.path = path
        let kind = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        descriptor = socket(AF_UNIX, kind, 0)
        let result = UnixAddress.with(path) { bind(descriptor, $0, $1) }
        try #require(descriptor >= 0 && result == 0)
    }

    deinit { close(descriptor) }

    /// What was said so far.
    var messages: [String] {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case let count = recv(descriptor, &buffer, buffer.count, 0), count > 0 {
            heard += String(decoding: buffer[..<count], as: UTF8.self).split(separator: "\n").map(String.init)
            if heard.last == "WATCHDOG=1" { pings.append(SystemTime().now()) }
        }
        return heard
    }

    func count(_ message: String) -> Int { messages.count { $0 == message } }
}
