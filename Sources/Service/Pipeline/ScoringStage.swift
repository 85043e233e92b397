import Anomaly
import Model
import Synchronization
import Video

/// A camera's place at its worker: rebuilds its frames one after the other, scores them, and reports what happens.
///
/// After warm-up neither `prepare` nor `finish` allocates, locks, logs or waits; at an event's start and updates they may
/// allocate a few regions.
final class ScoringStage {
    let camera: Camera
    let reconstructor: Reconstructor
    private var state: StreamState
    private let scorer: Scorer
    private var detector: Detector
    private var watcher: SceneWatcher
    private var history: StripHistory
    private var session: UInt64 = 0
    private var isFrozen = false
    private var lastSlot = (frame: UInt64(0), time: MonotonicTime.zero, utc: UTCTime(microseconds: 0))
    private var lastLatest: MonotonicTime?
    private var lastKept: MonotonicTime?

    init(camera: Camera, reconstructor: Reconstructor) {
        self.camera = camera
        self.reconstructor = reconstructor
        state = StreamState(model: camera.plan.model)
        let size = FrameSize(width: camera.plan.model.topology.size, height: camera.plan.model.topology.size)
        let settings = camera.settings
        scorer = Scorer(
            size: size, mask: settings.mask(size: size), method: camera.plan.method)
        detector = Detector(settings: camera.plan.detector, rate: settings.rate)
        watcher = SceneWatcher(size: size, frozenAfter: settings.frozenAfter)
        history = StripHistory(modelSize: size)
    }

    /// A frame's way from the ring to the network: places it in the next step, unless it is not to be scored.
    func prepare(_ slot: FrameSlot, at place: Int) -> Bool {
        if slot.session != session { restart(slot) }
        lastSlot = (slot.index, slot.time, slot.utc)
        if let change = watcher.observe(luma: UnsafeBufferPointer(slot.luma), time: slot.time) { handle(change) }
        // A picture that stands still to the bit is not a frame that the camera saw: it is not scored.
        guard !isFrozen else { return false }
        reconstructor.place(UnsafeBufferPointer(slot.luma), &state, at: place)
        return true
    }

    /// The rest of its way, from the network to its reports.
    func finish(_ slot: FrameSlot, _ rebuilt: Reconstruction) {
        var report = Report(kind: .score, frame: slot.index, time: slot.time, utc: slot.utc)
        report.raw = scorer.score(input: rebuilt.input, output: rebuilt.output)
        camera.counters.scored.add()
        if let threshold = camera.plan.threshold {
            report.score = report.raw / threshold
            let transition = detector.observe(score: report.score, frame: slot.index, time: slot.time)
            report.peak = detector.peak
            note(slot, rebuilt, report.score, transition)
            if let transition { tell(transition, report, slot, rebuilt) }
        }
        camera.counters.score.store(report.score.bitPattern, ordering: .relaxed)
        if !camera.scoringOutbox.offer(report) { camera.counters.unreported.add() }
        takeSnapshot(slot, rebuilt, report)
    }

    /// Ends what ran in a session whose source was lost, unless the next session has already begun: then it is ended.
    func lose(_ lost: UInt64) {
        if session <= lost { interrupt(.sourceLost) }
    }

    /// Ends what is running because no further frame of this stream will come, and forgets the stream.
    func interrupt(_ reason: EndReason) {
        forget(reason)
        watcher.reset()
    }

    /// Ends a running event for `reason` and starts from zero: state, strip, and the detector's warm-up.
    private func forget(_ reason: EndReason) {
        if let transition = detector.interrupt(reason) {
            var report = Report(
                kind: .anomaly(transition), frame: lastSlot.frame, time: lastSlot.time, utc: lastSlot.utc)
            report.peak = detector.peak
            report.began = detector.startTime
            report.strip = takeStrip()
            send(report)
        }
        state.reset()
        history.reset()
        isFrozen = false
    }

    private func restart(_ slot: FrameSlot) {
        // A session that was not lost ended by another picture: another size, or another clip.
        let isLost = camera.lostSession.load(ordering: .acquiring) >= session
        if session != 0 { interrupt(isLost ? .sourceLost : .sceneChanged) }
        session = slot.session
    }

    private func handle(_ change: SceneChange) {
        switch change {
        case .frozen:
            forget(.sceneChanged)
            isFrozen = true
            camera.counters.change(from: .online, to: .frozen)
        case .unfrozen:
            forget(.sceneChanged)
            camera.counters.change(from: .frozen, to: .online)
        case .lightingJump, .sceneCut, .blank:
            forget(.sceneChanged)
        }
        send(Report(kind: .scene(change), frame: lastSlot.frame, time: lastSlot.time, utc: lastSlot.utc))
    }

    private func note(_ slot: FrameSlot, _ rebuilt: Reconstruction, _ score: Double, _ transition: Transition?) {
        history.aspect = Double(slot.pictureSize.width) / Double(slot.pictureSize.height)
        if case .start = transition {
            history.begin(slot, score: score, output: rebuilt.output)
        } else if detector.isActive {
            history.noteDuringEvent(slot, score: score, output: rebuilt.output)
        } else {
            history.note(slot, output: rebuilt.output)
        }
    }

    private func tell(_ transition: Transition, _ score: Report, _ slot: FrameSlot, _ rebuilt: Reconstruction) {
        var report = score
        report.kind = .anomaly(transition)
        report.began = detector.startTime
        switch transition {
        case .start:
            report.regions = regions()
            report.moment = takeMoment(slot, rebuilt)
        case .update:
            report.regions = regions()
        case .end:
            report.strip = takeStrip()
        }
        send(report)
    }

    private func regions() -> [Region] {
        camera.plan.threshold.map { scorer.regions(threshold: $0, limit: 4) } ?? []
    }

    private func takeSnapshot(_ slot: FrameSlot, _ rebuilt: Reconstruction, _ score: Report) {
        let settings = camera.settings
        let isLatest = isDue(settings.latestEvery, since: lastLatest, slot.time)
        let isKept = isDue(settings.snapshotEvery, since: lastKept, slot.time)
        guard isLatest || isKept else { return }
        if isLatest { lastLatest = slot.time }
        if isKept { lastKept = slot.time }
        // Periodic pictures have a buffer of their own: they never take an event's.
        guard let moment = camera.periodicMoments.take() else { return camera.counters.unpictured.add() }
        moment.fill(from: slot, reconstruction: rebuilt.output)
        var report = score
        report.kind = .snapshot(latest: isLatest, keep: isKept)
        report.moment = moment
        if !camera.scoringOutbox.offer(report) {
            moment.giveBack()
            camera.counters.unpictured.add()
        }
    }

    private func isDue(_ interval: Duration?, since last: MonotonicTime?, _ now: MonotonicTime) -> Bool {
        guard let interval else { return false }
        guard let last else { return true }
        return now - last >= interval
    }

    private func takeMoment(_ slot: FrameSlot, _ rebuilt: Reconstruction) -> Moment? {
        guard let moment = camera.moments.take() else {
            camera.counters.unpictured.add()
            return nil
        }
        moment.fill(from: slot, reconstruction: rebuilt.output)
        return moment
    }

    private func takeStrip() -> Strip? {
        guard let strip = camera.strips.take() else {
            camera.counters.unpictured.add()
            return nil
        }
        history.copy(to: strip)
        return strip
    }

    private func send(_ report: Report) {
        if camera.scoringOutbox.send(report) { return }
        report.moment?.giveBack()
        report.strip?.giveBack()
        camera.counters.unreported.add()
    }
}
