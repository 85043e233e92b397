import Glibc
import Video

/// Sees every snapshot as it comes, by inotify(7), without a daemon: a picture is renamed into place when it is whole.
///
/// A directory is watched before it is read, so that what comes into it meanwhile is found one way or the other; what is
/// found both ways is told once. Used by one thread at a time.
public final class SnapshotFollower {
    /// A watched directory and the pictures in it that were told: bounded by what lies on disk, for a deleted directory
    /// takes its entry along.
    private struct Watched {
        let place: SnapshotPlace
        var told: [String: Snapshot] = [:]
    }

    private static let mask = UInt32(IN_MOVED_TO | IN_CREATE | IN_ONLYDIR | IN_DONT_FOLLOW)
    private static let headByteCount = MemoryLayout<inotify_event>.size

    private let root: String
    private let filter: SnapshotFilter
    private let notifications: Int32
    private var watched: [Int32: Watched] = [:]
    /// Events to which nothing will be added: not watched any more, nor told again.
    private var finished: Set<SnapshotPlace> = []
    private var found: [Snapshot] = []
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)

    /// What lay there at the start, the newest last.
    public private(set) var existing: [Snapshot] = []

    /// Begins to follow what comes below `directory`.
    ///
    /// - Throws: where the directory cannot be read, or the system allows no more watches.
    public init(_ directory: String, _ filter: SnapshotFilter) throws(PublishError) {
        (root, self.filter) = (directory, filter)
        _ = try SnapshotList.open(directory)
        notifications = inotify_init1(Int32(IN_CLOEXEC | IN_NONBLOCK))
        guard notifications >= 0 else {
            throw PublishError(
                code: .system, operation: "follow \(directory)",
                message: "\(String(cString: strerror(errno))): inotify's limit; raise fs.inotify.max_user_instances")
        }
        try watch(SnapshotPlace())
        existing = takeFound()
    }

    deinit { close(notifications) }

    /// The snapshots that came, in order; waits for one, for `timeout` at most (nil: for ever). None where time is up, and
    /// nil where `output` is a pipe that nobody reads any more.
    ///
    /// - Throws: `disconnected` where the directory itself was deleted.
    public func next(timeout: Duration? = nil, output: Int32 = -1) throws(PublishError) -> [Snapshot]? {
        // No event is asked of the output: poll tells of its other end's closing all the same.
        var requests = [
            pollfd(fd: notifications, events: Int16(POLLIN), revents: 0), pollfd(fd: output, events: 0, revents: 0),
        ]
        let milliseconds = timeout.map { Int32(clamping: ($0.nanoseconds + 999_999) / 1_000_000) } ?? -1
        let count = poll(&requests, 2, milliseconds)
        guard count > 0 else {
            guard count == 0 || errno == EINTR else { throw PublishError(errno: errno, operation: "follow \(root)") }
            return []
        }
        if requests[1].revents & Int16(POLLERR | POLLHUP) != 0 { return nil }
        if requests[0].revents != 0 { try readNotifications() }
        return takeFound()
    }

    private func takeFound() -> [Snapshot] {
        defer { found = [] }
        return found.sorted(by: Snapshot.isBefore)
    }

    private func readNotifications() throws(PublishError) {
        let count = read(notifications, &buffer, buffer.count)
        guard count >= 0 || errno == EAGAIN || errno == EINTR else { throw PublishError(errno: errno, reading: root) }
        var offset = 0
        while offset + Self.headByteCount <= count {
            let event = buffer.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: inotify_event.self) }
            let name = buffer[(offset + Self.headByteCount)...].prefix(Int(event.len)).prefix { $0 != 0 }
            offset += Self.headByteCount + Int(event.len)
            try take(event, String(decoding: name, as: UTF8.self))
        }
    }

    private func take(_ event: inotify_event, _ name: String) throws(PublishError) {
        if event.mask & UInt32(IN_Q_OVERFLOW) != 0 {
            for entry in watched.values { try watch(entry.place) }
        } else if event.mask & UInt32(IN_IGNORED) != 0 {
            guard let gone = watched.removeValue(forKey: event.wd)?.place else { return }
            finished = finished.filter { !$0.steps.starts(with: gone.steps) }
            guard !gone.steps.isEmpty else {
                throw PublishError(
                    code: .disconnected, operation: "follow \(root)", message: "the directory is gone: start again")
            }
        } else if let entry = watched[event.wd] {
            if event.mask & UInt32(IN_ISDIR) != 0 {
                if let child = wantedChild(entry.place, name) { try watch(child) }
            } else if event.mask & UInt32(IN_MOVED_TO) != 0, let directory = try open(entry.place) {
                tell(name, in: directory, event.wd)
                if entry.place.isComplete([name]) { finish(entry.place, event.wd) }
            }
        }
    }

    private func finish(_ place: SnapshotPlace, _ descriptor: Int32) {
        finished.insert(place)
        watched[descriptor] = nil
        inotify_rm_watch(notifications, descriptor)
    }

    /// Watches a directory and those below it, and tells what already lies in them.
    private func watch(_ place: SnapshotPlace) throws(PublishError) {
        let path = place.path(root)
        // Links in the root's own path are the administrator's choice.
        let links = place.steps.isEmpty ? UInt32(IN_DONT_FOLLOW) : 0
        let descriptor = inotify_add_watch(notifications, path, Self.mask & ~links)
        guard descriptor >= 0 else {
            guard errno == ENOSPC else { return }  // deleted meanwhile, or not for us to read
            throw PublishError(
                code: .system, operation: "follow \(path)",
                message: "the system's limit of watched directories is reached; raise fs.inotify.max_user_watches "
                    + "(sysctl), or follow one camera with --camera")
        }
        if watched[descriptor]?.place != place { watched[descriptor] = Watched(place: place) }
        guard let directory = try open(place) else { return }
        let names = try directory.names()
        for name in names {
            tell(name, in: directory, descriptor)
            if let child = wantedChild(place, name) { try watch(child) }
        }
        if place.isComplete(names) { finish(place, descriptor) }
    }

    private func wantedChild(_ place: SnapshotPlace, _ name: String) -> SnapshotPlace? {
        place.child(name).flatMap { filter.wants(camera: $0.steps[0]) && !finished.contains($0) ? $0 : nil }
    }

    /// Nil where it was deleted meanwhile.
    private func open(_ place: SnapshotPlace) throws(PublishError) -> Directory? {
        var directory: Directory
        do {
            directory = try Directory(path: root)
        } catch {
            if access(root, F_OK) != 0, ReadOperations.isAbsence(errno) { return nil }
            throw error
        }
        for step in place.steps {
            guard let next = try directory.readableChild(step) else { return nil }
            directory = next
        }
        return directory
    }

    private func tell(_ name: String, in directory: borrowing Directory, _ descriptor: Int32) {
        guard let place = watched[descriptor]?.place,
            let snapshot = place.snapshot(name, in: directory, root: root, filter),
            watched[descriptor]?.told[name] != snapshot
        else { return }
        watched[descriptor]?.told[name] = snapshot
        found.append(snapshot)
    }
}
