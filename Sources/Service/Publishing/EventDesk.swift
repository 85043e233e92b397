import Anomaly
import Capture
import Logging
import Pictures
import Publish
import Synchronization
import Video

/// The writer's own state: which event runs at which camera, what could not be written yet, when to sweep.
///
/// Used by the writer thread alone.
final class EventDesk {
    /// What the desk remembers of one camera.
    private struct Place {
        let camera: Camera
        var running: RunningEvent?
        var drops = DropCounts()
        /// Damaged pictures of a file that were passed over.
        var damaged = 0
    }

    /// What takes space on a disk: often the same one.
    private enum Holding { case snapshots, journal }

    /// Pictures of an event that was told of without them.
    private struct LatePicture {
        let report: Report
        let running: RunningEvent
        let camera: Camera
    }

    /// An anomaly that has started and not ended.
    struct RunningEvent {
        let id: String
        let start: UTCTime
    }

    private let journal: Journal
    private let store: EvidenceStore
    private let server: EventServer?
    private let time: any TimeSource
    private let log: Logger
    private var composer: EventComposer
    private var places: [Place] = []
    /// Events that the journal has refused (a full disk); tried again every second, oldest first.
    private var backlog: [Event] = []
    /// What to draw of events that were ended before their pictures were: they are told already, without them.
    private var late: [LatePicture] = []
    /// Called before each report that is handled.
    var progress: () -> Void = {}
    /// Whether events go before pictures: a stop must not lose an end because strips take long.
    var isHurried: () -> Bool = { false }
    private var lostEvents = 0
    private var lastDropReport: MonotonicTime
    private var lastSweep: MonotonicTime?
    /// Whose disk is short of space now.
    private var shortOfSpace: Set<Holding> = []

    /// Events kept while the journal can't be written: days of a busy camera, and a bound all the same.
    static let maximumBacklog = 4096

    init(journal: Journal, store: EvidenceStore, server: EventServer?, time: any TimeSource, log: Logger) {
        self.journal = journal
        self.store = store
        self.server = server
        self.time = time
        self.log = log
        composer = EventComposer()
        lastDropReport = time.now()
    }

    var cameras: [Camera] { places.map(\.camera) }

    func join(_ camera: Camera) { places.append(Place(camera: camera)) }

    /// Lets a camera go that is stopped and drained, with the drops that nobody was told of yet.
    func leave(_ camera: Camera) {
        if let index = places.firstIndex(where: { $0.camera === camera }) { reportDrops(at: index) }
        places.removeAll { $0.camera === camera }
    }

    /// Takes every report that waits, camera by camera and in order; periodic pictures come after everything else.
    func round() -> Bool {
        var worked = false
        var snapshots: [(index: Int, report: Report)] = []  // at most one a camera: it has one periodic buffer
        for index in places.indices {
            while let report = places[index].camera.captureOutbox.take() {
                worked = true
                // The worker had ended the session's event before the capture thread told that it is over.
                if report.kind.endsSession { _ = takeScoring(at: index, &snapshots) }
                handle(report, at: index)
            }
            if takeScoring(at: index, &snapshots) { worked = true }
        }
        for (index, report) in snapshots {
            if isHurried() { report.moment?.giveBack() } else { store.writePeriodic(report, places[index].camera) }
        }
        if !isHurried() { drawLate(until: nil) }
        return worked
    }

    private func takeScoring(at index: Int, _ snapshots: inout [(index: Int, report: Report)]) -> Bool {
        var worked = false
        while let report = places[index].camera.scoringOutbox.take() {
            worked = true
            switch report.kind {
            case .score: publishScore(report, places[index].camera)
            case .snapshot: snapshots.append((index, report))
            default: handle(report, at: index)
            }
        }
        return worked
    }

    private func handle(_ report: Report, at index: Int) {
        progress()
        let camera = places[index].camera
        switch report.kind {
        case .score, .snapshot:
            break
        case .anomaly(let transition):
            anomaly(transition, report, at: index)
        case .scene(let change):
            publish(composer.scene(change, report, camera))
        case .online(let format):
            log.info("camera \(camera.name): online, \(format.description)")
            publish(composer.online(format.description, report, camera))
        case .offline(let error):
            log.warning("camera \(camera.name): \(error); trying again")
            publish(composer.offline("\(error)", report, camera))
        case .damaged(let error):
            places[index].damaged += 1
            // At the 1st, 2nd, 4th, 8th …: a folder of nothing else must not fill the log.
            if places[index].damaged.nonzeroBitCount == 1 {
                log.warning("camera \(camera.name): \(error); passed over (\(places[index].damaged) so far)")
            }
        case .ended(let error):
            if let error { log.error("camera \(camera.name): \(error); it is not read any further") }
            log.info("camera \(camera.name): end of \(camera.settings.source.redacted)")
            publish(composer.offline(error.map { "\($0)" } ?? "end of file", report, camera))
        }
    }

    private func anomaly(_ transition: Transition, _ report: Report, at index: Int) {
        let camera = places[index].camera
        var evidence = EvidencePaths()
        switch transition {
        case .start:
            let running = RunningEvent(id: composer.makeID(report.utc), start: report.utc)
            places[index].running = running
            if isHurried() {
                late.append(LatePicture(report: report, running: running, camera: camera))
            } else {
                evidence = store.writeStart(report, running, camera)
            }
            log.notice(
                "camera \(camera.name): anomaly, score \(NumberText.short(report.score, digits: 4)), event \(running.id)"
            )
        case .update:
            break
        case .end(let reason):
            if let running = places[index].running {
                // Many cameras end at once, and each strip takes a while: no end waits for another's picture.
                if isHurried() || reason == .stopped || reason == .reconfigured {
                    late.append(LatePicture(report: report, running: running, camera: camera))
                } else {
                    evidence = store.writeEnd(report, running, camera)
                }
            } else {
                report.strip?.giveBack()
            }
            log.notice("camera \(camera.name): anomaly ended (\(reason.rawValue))")
        }
        guard let running = places[index].running else { return }
        publish(composer.anomaly(transition, report, running, evidence, camera))
        if case .end(let reason) = transition {
            places[index].running = nil
            if reason == .tooLong { publish(composer.becameNormal(report, camera)) }
        }
    }

    /// Draws what was put off, until `deadline` where there is one; what is left is given back undrawn.
    private func drawLate(until deadline: MonotonicTime?) {
        for picture in late {
            progress()
            if let deadline, time.now() >= deadline {
                picture.report.moment?.giveBack()
                picture.report.strip?.giveBack()
            } else if picture.report.moment != nil {
                _ = store.writeStart(picture.report, picture.running, picture.camera)
            } else {
                _ = store.writeEnd(picture.report, picture.running, picture.camera)
            }
        }
        late = []
    }

    private func publishScore(_ report: Report, _ camera: Camera) {
        server?.publishScore(
            ScoreLine(
                camera: camera.name, frame: report.frame, time: report.utc, raw: report.raw,
                score: report.score.isNaN ? nil : report.score))
    }

    /// Journals the event and hands it to subscribers. Where the journal can't be written, events wait in order.
    func publish(_ event: Event) {
        if let name = event.camera, let place = places.first(where: { $0.camera.name == name }) {
            place.camera.counters.lastEvent.store(event.time.microseconds, ordering: .relaxed)
        }
        guard backlog.isEmpty else { return postpone(event) }
        do {
            let line = try journal.append(event)  // also where there is no server
            server?.publish(line)
        } catch {
            log.error("\(error)")
            postpone(event)
        }
    }

    private func postpone(_ event: Event) {
        if backlog.count < Self.maximumBacklog { return backlog.append(event) }
        lostEvents += 1
        // An end that nobody hears of leaves an event open for ever: an update makes room for it.
        if event.type == .anomalyEnd || event.type == .anomalyStart,
            let spare = backlog.lastIndex(where: { $0.type == .anomalyUpdate || $0.type == .framesDropped })
        {
            backlog.remove(at: spare)
            backlog.append(event)
        }
        if lostEvents.nonzeroBitCount == 1 {
            log.critical(
                "the journal can't be written and \(Self.maximumBacklog) events wait: \(lostEvents) lost so far")
        }
    }

    private func retry() {
        var written = 0
        for event in backlog {
            guard let line = try? journal.append(event) else { break }
            server?.publish(line)
            written += 1
        }
        guard written > 0 else { return }
        backlog.removeFirst(written)
        log.notice("journal: \(written) events that waited are written, \(backlog.count) wait still")
    }

    func reopen() {
        do { try journal.reopen() } catch { log.error("\(error)") }
    }

    /// Once a second: what waited, what was dropped, what is too old.
    func tick() {
        if !backlog.isEmpty { retry() }
        let now = time.now()
        if now - lastDropReport >= .seconds(60) {
            lastDropReport = now
            places.indices.forEach(reportDrops)
        }
        if lastSweep.map({ now - $0 >= .seconds(60) }) ?? true {
            lastSweep = now
            store.beginSweep(now: time.utc(), monotonic: now)
        }
        if let report = store.takeSweep() {
            let event = composer.storage(report, time: time.utc())
            note(.snapshots, isShort: report.isLow, event)
        }
        let space = journal.checkSpace()
        if space.isLow != shortOfSpace.contains(.journal) {
            note(.journal, isShort: space.isLow, composer.journalSpace(space, time: time.utc()))
        }
    }

    /// Tells of a lack of space once, whoever finds it first, and that it is over when everyone has enough.
    private func note(_ holding: Holding, isShort: Bool, _ event: Event) {
        let wasShort = !shortOfSpace.isEmpty
        if isShort { shortOfSpace.insert(holding) } else { shortOfSpace.remove(holding) }
        if shortOfSpace.isEmpty == wasShort { publish(event) }
    }

    private func reportDrops(at index: Int) {
        let camera = places[index].camera
        let total = DropCounts(camera)
        let news = total - places[index].drops
        places[index].drops = total
        if !news.isEmpty { publish(composer.dropped(news, camera, time: time.utc())) }
    }

    /// The last words, when every camera has left: what still waits for the disk.
    ///
    /// Pictures that were put off are drawn for `duration` more.
    func close(picturesFor duration: Duration = .zero) {
        store.endSweeps()
        retry()
        drawLate(until: time.now() + duration)
        if !backlog.isEmpty { log.critical("\(backlog.count) events could not be journaled before the end") }
        journal.close()
    }
}
