import Anomaly
import Model
import Synchronization
import Video

/// A thread that rebuilds and scores the frames of several cameras in turn, one frame of each a round; waiting frames of
/// cameras with one model go through the network together.
///
/// Round robin over single frames is what makes a busy camera lose its own frames only: nobody waits for more than one
/// step of every other camera at the same worker.
final class InferenceWorker: Sendable {
    /// Rung by capture threads when a frame is ready, and by the daemon when cameras come or go.
    let bell = Doorbell()
    /// Counts rounds: the supervisor sees by it that the worker moves.
    let rounds = Atomic<UInt64>(0)

    private struct Roster {
        var joining: [Camera] = []
        var isStopping = false
    }

    // Locked only when cameras come or go: the flag tells the worker to look.
    private let roster = Mutex(Roster())
    private let rosterChanged = Atomic<Bool>(false)
    private let cameraCount = Atomic<Int>(0)

    /// Cameras served now, for choosing the least busy worker.
    var count: Int { cameraCount.load(ordering: .relaxed) }

    /// Adds a camera to the round.
    func join(_ camera: Camera) {
        cameraCount.wrappingAdd(1, ordering: .relaxed)
        roster.withLock { $0.joining.append(camera) }
        rosterChanged.store(true, ordering: .releasing)
        bell.ring()
    }

    /// Asks the worker to end; it leaves once every camera is stopped.
    func stop() {
        roster.withLock { $0.isStopping = true }
        rosterChanged.store(true, ordering: .releasing)
        bell.ring()
    }

    /// The worker's thread: serves until stopped.
    func run() {
        var stages: [ScoringStage] = []
        var groups: [[ScoringStage]] = []
        var reconstructors: [ObjectIdentifier: Reconstructor] = [:]
        var isStopping = false
        while true {
            if rosterChanged.exchange(false, ordering: .acquiringAndReleasing) {
                let news = roster.withLock { roster in
                    defer { roster.joining = [] }
                    return roster
                }
                isStopping = news.isStopping
                for camera in news.joining {
                    stages.append(ScoringStage(camera: camera, reconstructor: reconstructor(camera, &reconstructors)))
                }
                groups = Self.groups(stages)
            }
            rounds.add()
            let worked = serve(groups)
            // The flags are read once: who is asked to stop after this look is dismissed in the next round, whole.
            let stopped = stages.filter { $0.camera.shouldStop }
            if !stopped.isEmpty {
                dismiss(stopped, &stages, &reconstructors)
                groups = Self.groups(stages)
            }
            if stages.isEmpty, isStopping { return }
            if !worked { bell.wait(timeout: .milliseconds(250)) }
        }
    }

    /// One round: at most one frame of each camera. Returns whether there was any.
    private func serve(_ groups: [[ScoringStage]]) -> Bool {
        var worked = false
        for group in groups where gather(group[...], placed: 0) { worked = true }
        return worked
    }

    /// Takes the waiting frame of each camera of a group and, once all are placed, steps over them at once, so that the
    /// weights are read once. A camera without a waiting frame is not waited for. Returns whether there was any frame.
    ///
    /// Every slot is held until its frame is scored: hence each camera's call lies within the one before.
    private func gather(_ rest: ArraySlice<ScoringStage>, placed: Int) -> Bool {
        guard let stage = rest.first else { return false }
        let others = rest.dropFirst()
        let camera = stage.camera
        guard !camera.shouldStop else { return proceed(others, placed, stage.reconstructor) }
        // Read before the ring: frames handed over before the loss are scored before the event is ended.
        let lost = camera.lostSession.load(ordering: .acquiring)
        let isFrame: Void? = camera.ring.consume { slot in
            if stage.prepare(slot, at: placed) {
                _ = proceed(others, placed + 1, stage.reconstructor)
                stage.finish(slot, stage.reconstructor.reconstruction(at: placed))
            } else {
                _ = proceed(others, placed, stage.reconstructor)
            }
        }
        if isFrame != nil {
            camera.spaceBell.ring()
            return true
        }
        if lost > camera.endedSession.load(ordering: .relaxed) {
            stage.lose(lost)
            camera.endedSession.store(lost, ordering: .releasing)
            camera.spaceBell.ring()
        }
        return proceed(others, placed, stage.reconstructor)
    }

    /// The next camera of the group; after the last, the step over all that were placed.
    private func proceed(_ rest: ArraySlice<ScoringStage>, _ placed: Int, _ reconstructor: Reconstructor) -> Bool {
        if !rest.isEmpty { return gather(rest, placed: placed) }
        if placed > 0 { reconstructor.run(frames: placed) }
        return false
    }

    /// Cameras that one step may serve together: those of one model, a few at a time, so that none waits long for others.
    private static func groups(_ stages: [ScoringStage]) -> [[ScoringStage]] {
        var groups: [[ScoringStage]] = []
        for stage in stages {
            let index = groups.firstIndex {
                $0.count < camerasAStep && $0.first?.reconstructor === stage.reconstructor
            }
            if let index { groups[index].append(stage) } else { groups.append([stage]) }
        }
        return groups
    }

    /// Cameras in one step at most.
    private static let camerasAStep = Topology.framesAStep

    /// Lets stopped cameras go: their running events end with the reason that they were stopped for.
    private func dismiss(
        _ stopped: [ScoringStage], _ stages: inout [ScoringStage],
        _ reconstructors: inout [ObjectIdentifier: Reconstructor]
    ) {
        for stage in stopped {
            stage.interrupt(stage.camera.stopReason.withLock { $0 })
            stage.camera.isDrained.store(true, ordering: .releasing)
            cameraCount.wrappingSubtract(1, ordering: .relaxed)
        }
        stages.removeAll { stage in stopped.contains { $0 === stage } }
        let used = Set(stages.map { ObjectIdentifier($0.camera.plan.model) })
        reconstructors = reconstructors.filter { used.contains($0.key) }
    }

    /// Cameras of one model share the scratch memory of one reconstructor: a worker runs one step at a time.
    private func reconstructor(
        _ camera: Camera, _ known: inout [ObjectIdentifier: Reconstructor]
    ) -> Reconstructor {
        let key = ObjectIdentifier(camera.plan.model)
        if let found = known[key] { return found }
        let made = Reconstructor(model: camera.plan.model, capacity: Self.camerasAStep)
        known[key] = made
        return made
    }
}
