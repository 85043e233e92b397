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

    /// What a walk through the directories found.
    struct Survey {
        /// Every unit of every camera that could be looked at.
        var units: [Unit] = []
        /// What could not be looked at first: its pictures are not among the units, and so stay.
        var problem: PublishError?
    }

    /// Looks at everything, or stops early where `isCancelled` says so.
    func survey(isCancelled: () -> Bool = { false }) -> Survey {
        var survey = Survey()
        survey.problem = forEachDay { camera, date, day throws(PublishError) in
            for name in try day.names() {
                if isCancelled() { return }
                if let time = SnapshotNames.periodicTime(date: date, name: name) {
                    guard let count = day.fileByteCount(name) else { continue }
                    survey.units.append(
                        Unit(
                            camera: camera, date: date, name: name, isEvent: false, time: time, files: 1,
                            byteCount: count))
                } else if let time = ULID.time(of: name), let event = try day.readableChild(name) {
                    let counts = try event.names().filter(SnapshotNames.isEventPicture).compactMap { picture in
                        event.fileByteCount(picture)
                    }
                    survey.units.append(
                        Unit(
                            camera: camera, date: date, name: name, isEvent: true, time: time, files: counts.count,
                            byteCount: counts.reduce(0) { $0.saturatingAdd($1) }))
                }
            }
        }
        return survey
    }

    /// Deletes a unit; the files and bytes that are really gone, and those that would not go.
    func remove(_ unit: Unit) -> (files: Int, byteCount: Int64, failures: Int) {
        var result = (files: 0, byteCount: Int64(0), failures: 0)
        func delete(_ name: String, in directory: borrowing Directory) {
            guard let count = directory.fileByteCount(name) else { return }
            if directory.removeFile(name) {
                result.files += 1
                result.byteCount = result.byteCount.saturatingAdd(count)
            } else if errno != ENOENT {
                result.failures += 1
            }
        }
        do throws(PublishError) {
            guard let camera = try root.readableChild(unit.camera),
                let folder = try camera.readableChild(SnapshotNames.folder),
                let day = try folder.readableChild(unit.date)
            else { return result }
            guard unit.isEvent else {
                delete(unit.name, in: day)
                return result
            }
            if let event = try day.readableChild(unit.name) {
                for name in try event.names() where SnapshotNames.isEventPicture(name) { delete(name, in: event) }
            }
            day.removeDirectory(unit.name)
        } catch {
            result.failures += 1
        }
        return result
    }

    /// Deletes days (but `today`, into which a picture may be going) and events that hold nothing.
    func removeEmptyDirectories(today: String) {
        _ = forEachFolder { _, folder throws(PublishError) in
            for date in try folder.names() where SnapshotNames.isDate(date) && date != today {
                folder.removeDirectory(date)
            }
        }
    }

    /// Deletes what writers that crashed have left; returns how many files.
    func removeTemporaryFiles() -> Int {
        var removed = 0
        func sweep(_ directory: borrowing Directory) throws(PublishError) {
            for name in try directory.names() where SnapshotNames.isTemporary(name) && directory.removeFile(name) {
                removed += 1
            }
        }
        _ = forEachFolder { _, folder throws(PublishError) in try sweep(folder) }
        _ = forEachDay { _, _, day throws(PublishError) in
            try sweep(day)
            for name in try day.names() where SnapshotNames.isEvent(name) {
                if let event = try day.readableChild(name) { try sweep(event) }
            }
        }
        return removed
    }

    /// Calls `body` with each camera's directory of snapshots; the first problem, which ends only what it concerns.
    private func forEachFolder(
        _ body: (String, borrowing Directory) throws(PublishError) -> Void
    ) -> PublishError? {
        var problem: PublishError?
        do throws(PublishError) {
            for name in try root.names() where SnapshotNames.isCamera(name) {
                do throws(PublishError) {
                    guard let camera = try root.readableChild(name),
                        let folder = try camera.readableChild(SnapshotNames.folder)
                    else { continue }
                    try body(name, folder)
                } catch {
                    problem = problem ?? error
                }
            }
        } catch {
            problem = problem ?? error
        }
        return problem
    }

    private func forEachDay(
        _ body: (String, String, borrowing Directory) throws(PublishError) -> Void
    ) -> PublishError? {
        var problem: PublishError?
        let outer = forEachFolder { camera, folder throws(PublishError) in
            for date in try folder.names() where SnapshotNames.isDate(date) {
                do throws(PublishError) {
                    if let day = try folder.readableChild(date) { try body(camera, date, day) }
                } catch {
                    problem = problem ?? error
                }
            }
        }
        return problem ?? outer
    }
}
