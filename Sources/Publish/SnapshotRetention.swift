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
    /// - Throws: where the directory cannot be opened.
    public func sweep(now: UTCTime) throws(PublishError) -> SweepReport {
        let tree = try SnapshotTree(settings.directory)
        var report = SweepReport()
        report.floor = settings.freeSpaceFloor
        let advantage = max(0, (settings.maximumEventAge - settings.maximumAge).nanoseconds / 1000)
        var units = tree.units().sorted { a, b in
            let (first, second) = (key(a, advantage), key(b, advantage))
            return first == second ? (a.camera, a.name) < (b.camera, b.name) : first < second
        }
        report.byteCount = units.reduce(0) { $0 + $1.byteCount }
        report.files = units.reduce(0) { $0 + $1.files }
        units.removeAll { unit in
            let limit = unit.isEvent ? settings.maximumEventAge : settings.maximumAge
            guard age(unit, now) > limit.nanoseconds / 1000 else { return false }
            delete(unit, tree, &report)
            return true
        }
        var next = units[...]
        while report.byteCount > settings.maximumByteCount, let unit = next.popFirst() { delete(unit, tree, &report) }
        freeSpace(next, tree, now, &report)
        tree.removeEmptyDirectories(today: TimeText.date(now))
        tellChange(&report)
        return report
    }

    private func freeSpace(
        _ units: ArraySlice<SnapshotTree.Unit>, _ tree: borrowing SnapshotTree, _ now: UTCTime,
        _ report: inout SweepReport
    ) {
        report.free = settings.freeSpace(settings.directory)
        guard let free = report.free, free < settings.freeSpaceFloor else { return }
        let missing = settings.freeSpaceFloor - free
        let before = report.removedByteCount
        for unit in units where age(unit, now) > settings.protectedAge.nanoseconds / 1000 {
            // Some file systems give space back late: what was deleted counts as well as what is reported free.
            if report.removedByteCount - before >= missing { break }
            delete(unit, tree, &report)
            report.free = settings.freeSpace(settings.directory)
            if let free = report.free, free >= settings.freeSpaceFloor { break }
        }
    }

    private func tellChange(_ report: inout SweepReport) {
        let wasLow = isLow.load(ordering: .relaxed)
        if let free = report.free {
            // A twentieth more than the floor is needed to call it over, so that it does not come and go.
            let enough = wasLow ? settings.freeSpaceFloor + settings.freeSpaceFloor / 20 : settings.freeSpaceFloor
            report.isLow = free < enough
        }
        report.didChange = report.isLow != wasLow
        isLow.store(report.isLow, ordering: .relaxed)
        if report.removedFiles > 0 {
            log.info("snapshots: deleted \(report.removedFiles) files, \(report.removedByteCount >> 10) KiB")
        }
        if report.failures > 0 {
            log.error("\(settings.directory): \(report.failures) old snapshots cannot be deleted: check who owns them")
        }
    }

    private func delete(_ unit: SnapshotTree.Unit, _ tree: borrowing SnapshotTree, _ report: inout SweepReport) {
        let removed = tree.remove(unit)
        report.removedFiles += removed.files
        report.removedByteCount += removed.byteCount
        report.files -= removed.files
        report.byteCount -= removed.byteCount
        report.failures += removed.failures
    }

    /// Microseconds since the picture was taken; negative where the clock was set back since.
    private func age(_ unit: SnapshotTree.Unit, _ now: UTCTime) -> Int64 { now.microseconds - unit.time.microseconds }

    private func key(_ unit: SnapshotTree.Unit, _ advantage: Int64) -> Int64 {
        unit.time.microseconds + (unit.isEvent ? advantage : 0)
    }
}
