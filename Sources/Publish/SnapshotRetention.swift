import Logging
import Synchronization
public import Video

extension SnapshotStore {
    /// Deletes what is too old, what is too much, and what must go for the sake of free space.
    ///
    /// The oldest go first. An event's pictures count as younger than they are, by as much as they may grow older than
    /// periodic ones: so they outlive those, but not for ever. What each deletion really freed is counted before the
    /// next one. Where another program fills the disk, no more than what is missing is deleted in one sweep, and never
    /// what is younger than `protectedAge`: deleting all evidence would not help against that.
    ///
    /// A clock that jumps ahead makes nothing old: see `SweepClock`. The limits on size and free space need no clock.
    ///
    /// - Parameters:
    ///   - now: what the machine's clock says.
    ///   - monotonic: the time that goes on whatever the clock says.
    ///   - isCancelled: asked before each unit; true ends the sweep there.
    /// - Throws: where the directory cannot be opened.
    public func sweep(
        now: UTCTime, monotonic: MonotonicTime = SystemTime().now(), isCancelled: () -> Bool = { false }
    ) throws(PublishError) -> SweepReport {
        let tree = try SnapshotTree(settings.directory)
        var report = SweepReport()
        report.floor = settings.freeSpaceFloor
        let survey = tree.survey(isCancelled: isCancelled)
        report.problem = survey.problem
        var units = survey.units.map { (unit: $0, key: key($0)) }.sorted { a, b in
            a.key == b.key ? (a.unit.camera, a.unit.name) < (b.unit.camera, b.unit.name) : a.key < b.key
        }.map(\.unit)
        report.byteCount = units.reduce(0) { $0.saturatingAdd($1.byteCount) }
        report.files = units.reduce(0) { $0 + $1.files }
        let time = memory.withLock { $0.time(now, monotonic, newest: units.map(\.time).max()) }
        units.removeAll { unit in
            guard let limit = unit.isEvent ? settings.maximumEventAge : settings.maximumAge,
                let time, age(unit, min(now, time)) > limit.microseconds, !isCancelled()
            else { return false }
            delete(unit, tree, &report)
            return true
        }
        var next = units[...]
        while report.byteCount > settings.maximumByteCount, !isCancelled(), let unit = next.popFirst() {
            delete(unit, tree, &report)
        }
        freeSpace(next, tree, time ?? now, isCancelled, &report)
        if !isCancelled() { tree.removeEmptyDirectories(today: TimeText.date(now)) }
        tell(&report)
        return report
    }

    private func freeSpace(
        _ units: ArraySlice<SnapshotTree.Unit>, _ tree: borrowing SnapshotTree, _ time: UTCTime,
        _ isCancelled: () -> Bool, _ report: inout SweepReport
    ) {
        report.free = settings.freeSpace(settings.directory)
        guard let free = report.free, free < settings.freeSpaceFloor else { return }
        let missing = settings.freeSpaceFloor.saturatingSubtract(free)
        let before = report.removedByteCount
        for unit in units where age(unit, time) > settings.protectedAge.microseconds {
            // Some file systems give space back late: what was deleted counts as well as what is reported free.
            if report.removedByteCount - before >= missing || isCancelled() { break }
            delete(unit, tree, &report)
            report.free = settings.freeSpace(settings.directory)
            if let free = report.free, free >= settings.freeSpaceFloor { break }
        }
    }

    private func tell(_ report: inout SweepReport) {
        let wasLow = isLow.load(ordering: .relaxed)
        if let free = report.free {
            // A twentieth more than the floor is needed to call it over, so that it does not come and go.
            let floor = settings.freeSpaceFloor
            let enough = wasLow ? floor.saturatingAdd(floor / 20) : floor
            report.isLow = free < enough
        }
        report.didChange = report.isLow != wasLow
        isLow.store(report.isLow, ordering: .relaxed)
        if report.removedFiles > 0 {
            log.info("snapshots: deleted \(report.removedFiles) files, \(report.removedByteCount >> 10) KiB")
        }
        if memory.withLock({ $0.isNews(report.problem) }), let problem = report.problem {
            log.error("\(problem): pictures there are neither counted nor deleted")
        }
        if report.failures > 0 {
            log.error("\(settings.directory): \(report.failures) old snapshots cannot be deleted: check who owns them")
        }
    }

    private func delete(_ unit: SnapshotTree.Unit, _ tree: borrowing SnapshotTree, _ report: inout SweepReport) {
        let removed = tree.remove(unit)
        report.removedFiles += removed.files
        report.removedByteCount = report.removedByteCount.saturatingAdd(removed.byteCount)
        report.files -= removed.files
        report.byteCount = report.byteCount.saturatingSubtract(removed.byteCount)
        report.failures += removed.failures
    }

    /// Microseconds since the picture was taken; negative where the clock was set back since.
    private func age(_ unit: SnapshotTree.Unit, _ now: UTCTime) -> Int64 {
        now.microseconds.saturatingSubtract(unit.time.microseconds)
    }

    /// What decides which unit goes first.
    private struct Key: Comparable {
        /// 1 for what goes after everything else.
        let rank: Int
        let time: Int64

        static func < (a: Key, b: Key) -> Bool { (a.rank, a.time) < (b.rank, b.time) }
    }

    private func key(_ unit: SnapshotTree.Unit) -> Key {
        guard unit.isEvent else { return Key(rank: 0, time: unit.time.microseconds) }
        guard let age = settings.maximumAge, let eventAge = settings.maximumEventAge else {
            return Key(rank: settings.maximumEventAge == nil ? 1 : 0, time: unit.time.microseconds)
        }
        let advantage = max(0, eventAge.microseconds.saturatingSubtract(age.microseconds))
        return Key(rank: 0, time: unit.time.microseconds.saturatingAdd(advantage))
    }
}
