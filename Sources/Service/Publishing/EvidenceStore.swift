import Anomaly
import Logging
import Pictures
import Publish
import Video

/// Draws the pictures of reports and has them written; a picture that can't be written is counted and said, once.
final class EvidenceStore {
    private let store: SnapshotStore
    private let log: Logger
    private var failures = 0

    init(store: SnapshotStore, log: Logger) {
        self.store = store
        self.log = log
    }

    /// `start.png` and `frame.png` of an event that begins.
    func writeStart(_ report: Report, _ running: EventDesk.RunningEvent, _ camera: Camera) -> EvidencePaths {
        guard let moment = report.moment else { return EvidencePaths() }
        defer { moment.giveBack() }
        var paths = EvidencePaths()
        paths.snapshot = write(camera, .event(id: running.id, start: running.start, name: "start.png")) {
            comparison(report, moment, camera)
        }
        paths.picture = write(camera, .event(id: running.id, start: running.start, name: "frame.png")) {
            photograph(moment)
        }
        return paths
    }

    /// `strip.png` of an event that ends.
    func writeEnd(_ report: Report, _ running: EventDesk.RunningEvent, _ camera: Camera) -> EvidencePaths {
        guard let strip = report.strip else { return EvidencePaths() }
        defer { strip.giveBack() }
        var paths = EvidencePaths()
        paths.strip = write(camera, .event(id: running.id, start: running.start, name: "strip.png")) {
            let began = report.began ?? report.time
            return Pictures.Evidence.strip(
                columns: (0..<strip.count).map { index in
                    StripColumn(
                        luma: Array(strip.luma(index)), reconstruction: Array(strip.reconstruction(index)),
                        size: strip.modelSize, offset: (strip.columns[index].time - began).seconds,
                        isEvent: strip.columns[index].isDuringEvent)
                }, aspect: strip.aspect, caption: "\(camera.name)  \(running.start)  event \(running.id)")
        }
        return paths
    }

    /// `latest.png` unless that is off, and a periodic snapshot where the report says so.
    func writePeriodic(_ report: Report, _ camera: Camera) {
        guard let moment = report.moment else { return }
        defer { moment.giveBack() }
        guard let picture = encode({ comparison(report, moment, camera) }) else { return }
        if camera.settings.latestEvery != nil { _ = store(picture, camera, .latest) }
        if case .snapshot(keep: true) = report.kind { _ = store(picture, camera, .periodic(time: report.utc)) }
    }

    /// Deletes what is too old or too much; says where free space has become low, or is enough again.
    func sweep(now: UTCTime) -> SweepReport? {
        do {
            let report = try store.sweep(now: now)
            return report.didChange ? report : nil
        } catch {
            log.error("\(error)")
            return nil
        }
    }

    private func comparison(_ report: Report, _ moment: Moment, _ camera: Camera) -> Canvas {
        let size = camera.ring.modelSize
        return Pictures.Evidence.comparison(
            luma: UnsafeBufferPointer(moment.luma), reconstruction: UnsafeBufferPointer(moment.reconstruction),
            size: size, aspect: Double(moment.pictureSize.width) / Double(moment.pictureSize.height),
            caption: caption(report, camera))
    }

    private func caption(_ report: Report, _ camera: Camera) -> String {
        let score = report.score.isNaN ? "not calibrated" : "score \(NumberText.short(report.score))"
        return "\(camera.name)  \(report.utc)  \(score)"
    }

    private func photograph(_ moment: Moment) -> Canvas {
        Pictures.Evidence.photograph(picture: UnsafeBufferPointer(moment.picture), size: moment.pictureSize)
    }

    private func write(_ camera: Camera, _ kind: SnapshotKind, _ draw: () -> Canvas) -> String? {
        encode(draw).flatMap { store($0, camera, kind) }
    }

    private func encode(_ draw: () -> Canvas) -> [UInt8]? {
        do { return try PNG.encode(draw()) } catch { return fail(error) }
    }

    private func store(_ picture: [UInt8], _ camera: Camera, _ kind: SnapshotKind) -> String? {
        do { return try store.write(picture, camera: camera.name, kind: kind) } catch { return fail(error) }
    }

    private func fail<T>(_ error: any Error) -> T? {
        failures += 1
        // At the 1st, 2nd, 4th, 8th … failure: a full disk must not fill the log as well.
        if failures.nonzeroBitCount == 1 { log.error("\(error) (\(failures) pictures not written so far)") }
        return nil
    }
}
