import Glibc

/// A Unix socket's address.
enum UnixAddress {
    /// Calls `body` with the address of `path`, which must not be too long.
    static func with<R>(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
        precondition(path.utf8.count <= ServerSettings.maximumPathByteCount, "the path was not checked")
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    /// A new stream socket that is closed at exec.
    static func makeSocket() -> Int32 { socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0) }

    /// Bounds how long one `connect` or `send` may wait; false (and errno) where that is refused.
    static func limitSending(_ descriptor: Int32, to limit: Duration) -> Bool {
        let (seconds, attoseconds) = limit.components
        // Zero would mean for ever.
        var time = timeval(tv_sec: Int(seconds), tv_usec: max(1, Int(attoseconds / 1_000_000_000_000)))
        return setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size)) == 0
    }

    /// Refuses a path that no address can hold.
    static func check(_ path: String, operation: String) throws(PublishError) {
        let (count, most) = (path.utf8.count, ServerSettings.maximumPathByteCount)
        guard count > 0, count <= most, !path.utf8.contains(0) else {
            throw PublishError(
                code: .badSetting, operation: operation,
                message: "the path has \(count) bytes, and a Unix socket's has 1 to \(most): "
                    + "name a shorter one")
        }
    }
}
