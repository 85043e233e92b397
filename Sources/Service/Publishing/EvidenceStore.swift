import Anomaly
import Logging
import Pictures
import Publish
import Video

/// Draws the pictures of reports and has them written; a picture that can't be written is counted and said, once.
final class EvidenceStore {
    private let store: SnapshotStore
    private let log: Logger
    private let sweeper: Sweeper
    private var failures = 0

    /// - Parameter sweepsApart: whether old pictures are deleted on a thread of its own; else the caller waits for it.
    init(store: SnapshotStore, sweepsApart: Bool = false, log: Logger) {
        self.store = store
        self.log = log
        sweeper = Sweeper(store: store, isApart: sweepsApart, log: log)
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
                    let column = strip.columns[index]
                    return StripColumn(
                        luma: Array(strip.luma(index)), reconstruction: Array(strip.reconstruction(index)),
                        size: strip.modelSize, offset: (column.time - began).seconds, isEvent: column.isDuringEvent,
                        score: column.score.isNaN ? nil : column.score)
                }, aspect: strip.aspect, caption: "\(camera.name)  \(running.start)  event \(running.id)")
        }
        return paths
    }

    /// `latest.png`, a periodic snapshot or both, as the report says.
    func writePeriodic(_ report: Report, _ camera: Camera) {
        guard let moment = report.moment else { return }
        defer { moment.giveBack() }
        guard case .snapshot(let latest, let keep) = report.kind,
            let picture = encode({ comparison(report, moment, camera) })
        else { return }
        if latest { _ = store(picture, camera, .latest) }
        if keep { _ = store(picture, camera, .periodic(time: report.utc)) }
    }

    /// Has deleted what is too old or too much.
    func beginSweep(now: UTCTime, monotonic: MonotonicTime) { sweeper.begin(now: now, monotonic: monotonic) }

    /// What a sweep that is over has found, once, where free space has become low or is enough again.
    func takeSweep() -> SweepReport? { sweeper.takeChange() }

    /// Sweeps no more; one that is under way ends at its next picture, and is not waited for.
    func endSweeps() { sweeper.stop() }

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
