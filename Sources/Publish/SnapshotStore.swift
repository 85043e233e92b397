import Files
import Glibc
public import Logging
import Synchronization
import Video

/// Writes pictures where people and events find them, and deletes the oldest when there are too many.
///
/// Files are the truth: nothing is remembered of them between two sweeps. Every picture is written atomically and is on
/// the disk when `write` returns, so that an event may name it.
public final class SnapshotStore: Sendable {
    let settings: SnapshotStoreSettings
    let log: Logger
    /// Whether the last sweep found too little free space.
    let isLow = Atomic<Bool>(false)
    /// What sweeps remember from one to the next.
    let memory: Mutex<SweepMemory>
    /// How often a picture is tried whose directory a sweep deletes, empty, before it is in.
    private static let attempts = 8

    /// A store in an existing or new directory; temporary files of an earlier crash are deleted.
    public init(
        settings: SnapshotStoreSettings, log: Logger = Logger(label: "zanzo.snapshots")
    ) throws(PublishError) {
        self.settings = settings
        self.log = log
        memory = Mutex(SweepMemory(directory: settings.stateDirectory, log: log))
        try makeDirectories(settings.directory)
        let removed = try SnapshotTree(settings.directory).removeTemporaryFiles()
        if removed > 0 { log.notice("\(settings.directory): deleted \(removed) unfinished files of an earlier run") }
    }

    /// Writes a picture and returns its path.
    ///
    /// - Throws: `storageLow` for a periodic picture while free space is under its floor (an event's are tried all the
    ///   same), `badSetting` for a name that could lead elsewhere, else what the file system said.
    public func write(_ bytes: [UInt8], camera: String, kind: SnapshotKind) throws(PublishError) -> String {
        guard SnapshotNames.isCamera(camera) else {
            throw PublishError(
                code: .badSetting, operation: "write a snapshot",
                message: "'\(camera)' cannot be a camera's directory: letters, digits, _ and - only")
        }
        if case .periodic = kind { try checkFreeSpace(camera) }
        let (folders, name) = try place(kind)
        let shown = ([settings.directory, camera, SnapshotNames.folder] + folders + [name]).joined(separator: "/")
        // A sweep may delete an empty directory just before the first picture goes into it: it is made again, then.
        for attempt in 1...Self.attempts {
            do {
                try write(bytes, folders: [camera, SnapshotNames.folder] + folders, name: name, shown: shown, kind)
                return shown
            } catch {
                if attempt == Self.attempts || error.code != .system { throw error }
            }
        }
        return shown
    }

    private func write(
        _ bytes: [UInt8], folders: [String], name: String, shown: String, _ kind: SnapshotKind
    ) throws(PublishError) {
        var directory = try Directory(path: settings.directory)
        for folder in folders {
            guard let next = directory.makeChild(folder) else {
                let number = errno
                if number == ELOOP || number == ENOTDIR {
                    throw PublishError(
                        code: .badSetting, operation: "write \(shown)",
                        message: "'\(folder)' is a link or a file: links are not followed there; move it away")
                }
                throw PublishError(errno: number, operation: "write \(shown)")
            }
            directory = next
        }
        do {
            try AtomicFile.write(
                bytes, name: name, directory: directory.descriptor, shown: shown, isDurable: kind != .latest)
        } catch {
            throw PublishError(error)
        }
    }

    private func place(_ kind: SnapshotKind) throws(PublishError) -> (folders: [String], name: String) {
        switch kind {
        case .latest: return ([], SnapshotNames.latest)
        case .periodic(let time): return ([TimeText.date(time)], TimeText.clock(time) + ".png")
        case .event(let id, let start, let name):
            guard SnapshotNames.isEvent(id), SnapshotNames.isEventPicture(name) else {
                throw PublishError(
                    code: .badSetting, operation: "write a snapshot",
                    message: "'\(id)/\(name)' is not an event's picture: a ULID and a name like start.png are needed")
            }
            return ([TimeText.date(start), id], name)
        }
    }

    private func checkFreeSpace(_ camera: String) throws(PublishError) {
        guard let free = settings.freeSpace(settings.directory), free < settings.freeSpaceFloor else { return }
        throw PublishError(
            code: .storageLow, operation: "write a snapshot of \(camera)",
            message: "\(free >> 20) MiB are free at \(settings.directory), less than the floor of "
                + "\(settings.freeSpaceFloor >> 20) MiB: free some space, or lower the floor")
    }
}
