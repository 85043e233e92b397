import Glibc
import Video

/// What lies in the snapshots' directories, found by walking them.
struct SnapshotTree: ~Copyable {
    /// What is deleted together: a periodic picture, or all pictures of one event.
    struct Unit {
        let camera: String
        let date: String
        /// The periodic picture's file, or the event's directory.
        let name: String
        let isEvent: Bool
        let time: UTCTime
        let files: Int
        let byteCount: Int64
    }

    private let root: Directory

    init(_ path: String) throws(PublishError) { root = try Directory(path: path) }

    /// Every unit of every camera.
    func units() -> [Unit] {
        var units: [Unit] = []
        forEachDay { camera, date, day in
            for name in day.names() {
                if let time = SnapshotNames.periodicTime(date: date, name: name) {
                    guard let count = day.fileByteCount(name) else { continue }
                    units.append(
                        Unit(
                            camera: camera, date: date, name: name, isEvent: false, time: time, files: 1,
                            byteCount: count))
                } else if let time = ULID.time(of: name), let event = day.child(name) {
                    let counts = event.names().filter(SnapshotNames.isEventPicture).compactMap { picture in
                        event.fileByteCount(picture)
                    }
                    units.append(
                        Unit(
                            camera: camera, date: date, name: name, isEvent: true, time: time, files: counts.count,
                            byteCount: counts.reduce(0, +)))
                }
            }
        }
        return units
    }

    /// Deletes a unit; the files and bytes that are really gone, and those that would not go.
    func remove(_ unit: Unit) -> (files: Int, byteCount: Int64, failures: Int) {
        var result = (files: 0, byteCount: Int64(0), failures: 0)
        guard let camera = root.child(unit.camera), let folder = camera.child(SnapshotNames.folder),
            let day = folder.child(unit.date)
        else { return result }
        func delete(_ name: String, in directory: borrowing Directory) {
            guard let count = directory.fileByteCount(name) else { return }
            if directory.removeFile(name) {
                result.files += 1
                result.byteCount += count
            } else if errno != ENOENT {
                result.failures += 1
            }
        }
        if unit.isEvent {
            if let event = day.child(unit.name) {
                for name in event.names() where SnapshotNames.isEventPicture(name) { delete(name, in: event) }
            }
            day.removeDirectory(unit.name)
        } else {
            delete(unit.name, in: day)
        }
        return result
    }

    /// Deletes days (but `today`, into which a picture may be going) and events that hold nothing.
    func removeEmptyDirectories(today: String) {
        forEachFolder { _, folder in
            for date in folder.names() where SnapshotNames.isDate(date) && date != today {
                folder.removeDirectory(date)
            }
        }
    }

    /// Deletes what writers that crashed have left; returns how many files.
    func removeTemporaryFiles() -> Int {
        var removed = 0
        func sweep(_ directory: borrowing Directory) {
            for name in directory.names() where SnapshotNames.isTemporary(name) && directory.removeFile(name) {
                removed += 1
            }
        }
        forEachFolder { _, folder in sweep(folder) }
        forEachDay { _, _, day in
            sweep(day)
            for name in day.names() where SnapshotNames.isEvent(name) {
                if let event = day.child(name) { sweep(event) }
            }
        }
        return removed
    }

    /// Calls `body` with each camera's directory of snapshots.
    private func forEachFolder(_ body: (String, borrowing Directory) -> Void) {
        for name in root.names() where SnapshotNames.isCamera(name) {
            guard let camera = root.child(name), let folder = camera.child(SnapshotNames.folder) else { continue }
            body(name, folder)
        }
    }

    private func forEachDay(_ body: (String, String, borrowing Directory) -> Void) {
        forEachFolder { camera, folder in
            for date in folder.names() where SnapshotNames.isDate(date) {
                if let day = folder.child(date) { body(camera, date, day) }
            }
        }
    }
}
