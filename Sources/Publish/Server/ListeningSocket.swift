import Glibc

/// The socket that the server listens on: bound, with its permissions in place before anyone can connect.
struct ListeningSocket: ~Copyable {
    let descriptor: Int32
    private let path: String?
    private let lock: Int32
    private let identity: [UInt64]

    /// Binds `settings.path`, or takes the inherited socket.
    ///
    /// - Throws: `busy` where another process listens there, `badSetting` for a path that cannot be a socket, a group
    ///   that is not there or a descriptor that is not a socket.
    init(_ settings: ServerSettings) throws(PublishError) {
        if let inherited = settings.inheritedDescriptor {
            try Self.checkInherited(inherited)
            (descriptor, path, lock, identity) = (inherited, nil, -1, [])
            return
        }
        let path = settings.path
        let operation = "listen on \(path)"
        try UnixAddress.check(path, operation: operation)
        try makeDirectories(JournalNames(path).directory)
        let lock = try Self.takeLock(path, operation)
        do {
            try Self.removeStale(path, operation)
            let socket = try Self.bind(path, settings, operation)
            self.descriptor = socket
        } catch {
            close(lock)
            throw error
        }
        var status = stat()
        lstat(path, &status)
        identity = [UInt64(status.st_dev), UInt64(status.st_ino)]
        (self.path, self.lock) = (path, lock)
    }

    /// Takes the socket's file away, where it is still ours; the descriptor belongs to the event loop.
    func removeFile() {
        guard let path else { return }
        var status = stat()
        if lstat(path, &status) == 0, [UInt64(status.st_dev), UInt64(status.st_ino)] == identity { unlink(path) }
    }

    deinit { if lock >= 0 { close(lock) } }

    /// Only who holds the lock may take a stale file away: else two daemons that start at once could take each other's.
    private static func takeLock(_ path: String, _ operation: String) throws(PublishError) -> Int32 {
        let lock = open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard lock >= 0 else { throw PublishError(errno: errno, operation: operation) }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            close(lock)
            throw running(path, operation)
        }
        return lock
    }

    private static func running(_ path: String, _ operation: String) -> PublishError {
        PublishError(
            code: .busy, operation: operation,
            message: "another zanzod is running on \(path): stop it, or give this one another path")
    }

    /// Takes away a socket file at which nobody listens any more.
    private static func removeStale(_ path: String, _ operation: String) throws(PublishError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw PublishError(
                code: .badSetting, operation: operation, message: "something that is no socket lies there: move it away"
            )
        }
        let probe = UnixAddress.makeSocket()
        guard probe >= 0 else { throw PublishError(errno: errno, operation: operation) }
        defer { close(probe) }
        _ = fcntl(probe, F_SETFL, O_NONBLOCK)
        let result = UnixAddress.with(path) { connect(probe, $0, $1) == 0 ? 0 : errno }
        switch result {
        case ECONNREFUSED: unlink(path)
        case ENOENT: break
        case 0, EAGAIN, EPROTOTYPE: throw running(path, operation)
        default: throw PublishError(errno: result, operation: operation)
        }
    }

    /// Binds and listens. The file is made with mode 0600 (a socket's own mode before `bind` is the file's after it, so
    /// that the process's umask need not be touched), then gets its group and mode, and only then takes connections.
    private static func bind(
        _ path: String, _ settings: ServerSettings, _ operation: String
    ) throws(PublishError) -> Int32 {
        let socket = UnixAddress.makeSocket()
        guard socket >= 0 else { throw PublishError(errno: errno, operation: operation) }
        do throws(PublishError) {
            guard fchmod(socket, 0o600) == 0 else { throw PublishError(errno: errno, operation: operation) }
            let result = UnixAddress.with(path) { Glibc.bind(socket, $0, $1) == 0 ? 0 : errno }
            guard result == 0 else { throw PublishError(errno: result, operation: operation) }
            do throws(PublishError) {
                if let group = settings.group { try setGroup(group, path, operation) }
                guard chmod(path, mode_t(settings.mode)) == 0, listen(socket, 128) == 0 else {
                    throw PublishError(errno: errno, operation: operation)
                }
            } catch {
                unlink(path)
                throw error
            }
            return socket
        } catch {
            close(socket)
            throw error
        }
    }

    private static func setGroup(_ name: String, _ path: String, _ operation: String) throws(PublishError) {
        var entry = group()
        var found: UnsafeMutablePointer<group>?
        var buffer = [CChar](repeating: 0, count: 65_536)
        let result = getgrnam_r(name, &entry, &buffer, buffer.count, &found)
        guard result == 0 || result == ENOENT else {
            throw PublishError(errno: result, operation: "\(operation): look up the group '\(name)'")
        }
        guard found != nil else {
            throw PublishError(
                code: .badSetting, operation: operation,
                message: "there is no group '\(name)': make it (systemd-sysusers does), or name another")
        }
        guard lchown(path, uid_t.max, entry.gr_gid) == 0 else {
            throw PublishError(
                code: .noPermission, operation: operation,
                message: "\(String(cString: strerror(errno))): to give the socket to group '\(name)', "
                    + "the daemon's user must be a member of it")
        }
    }

    private static func checkInherited(_ descriptor: Int32) throws(PublishError) {
        func option(_ name: Int32) -> Int32? {
            var value: Int32 = 0
            var count = socklen_t(MemoryLayout<Int32>.size)
            return getsockopt(descriptor, SOL_SOCKET, name, &value, &count) == 0 ? value : nil
        }
        guard option(SO_DOMAIN) == AF_UNIX, option(SO_TYPE) == Int32(SOCK_STREAM.rawValue), option(SO_ACCEPTCONN) == 1
        else {
            throw PublishError(
                code: .badSetting, operation: "listen on inherited descriptor \(descriptor)",
                message: "it is not a listening Unix stream socket: the .socket unit needs ListenStream=/run/…")
        }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }
}
