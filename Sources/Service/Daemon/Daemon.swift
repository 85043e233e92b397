import Anomaly
import Logging
import Publish
import Video

/// The whole daemon: cameras, workers, the writer and the event server, from start to stop.
///
/// The actor is the control plane: it starts, stops and reloads. Frames never pass through it. A camera that learns its model
/// is not among its cameras yet: `zanzo train`, a process of its own, has it.
public actor Daemon {
    private var configuration: Configuration
    private let environment: DaemonEnvironment
    private var models: ModelLibrary
    private var running: [String: RunningCamera] = [:]
    /// Cameras that were told to stop and whose capture thread may still have the device.
    private var leaving: [RunningCamera] = []
    private var learners = Learners()
    private var workers: [InferenceWorker] = []
    private var workerThreads: [NamedThread] = []
    private let publisher: Publisher
    private var publisherThread: NamedThread?
    private var server: EventServer?
    private var journal: Journal?
    private let board: StatusBoard
    private var composer = EventComposer()

    /// A daemon for `configuration`; nothing is opened before `start`.
    public init(_ configuration: Configuration, _ environment: DaemonEnvironment) {
        self.configuration = configuration
        self.environment = environment
        models = ModelLibrary(kernels: environment.kernels)
        publisher = Publisher(time: environment.time)
        board = StatusBoard(host: configuration.host, time: environment.time)
    }

    /// Loads the models, opens the journal, binds the socket, and starts every camera.
    ///
    /// Returns when the daemon is ready: its socket is bound and its models are loaded. Cameras that are not there yet
    /// are tried for ever, and those without a model that are to learn one do. Throws, with nothing left running, where the
    /// daemon itself can't work.
    public func start() async throws {
        do {
            try await startParts()
        } catch {
            await stop()
            throw error
        }
    }

    private func startParts() async throws {
        try Resources.checkDescriptors(cameras: configuration.cameras.count(where: \.enabled))
        let tasks = try tasks(of: configuration)
        let journal = try Journal(settings: configuration.journalSettings, log: environment.log)
        let store = try SnapshotStore(settings: configuration.snapshotStoreSettings, log: environment.log)
        let board = board
        let server = EventServer(
            settings: configuration.serverSettings(inherited: environment.inheritedSocket) { board.statusLine() },
            replay: journal.reader, last: journal.lastSequence, log: environment.log)
        try await server.start()
        (self.server, self.journal) = (server, journal)
        let (publisher, time, log) = (publisher, environment.time, environment.log)
        publisherThread = try NamedThread(name: "zanzo-writer") {
            publisher.run(
                EventDesk(
                    journal: journal, store: EvidenceStore(store: store, sweepsApart: true, log: log), server: server,
                    time: time,
                    log: log))
        }
        for index in 0..<configuration.workerCount {
            let worker = InferenceWorker()
            workerThreads.append(try NamedThread(name: "zanzo-infer-\(index)") { worker.run() })
            workers.append(worker)
        }
        for task in tasks {
            // A crash may have come between the model's name and the end of what it was made from.
            if case .watch(let camera, _) = task, camera.learn.recordFor != nil {
                LearningPlace(model: camera.model).clean()
            }
        }
        for prepared in try prepare(tasks, configuration) { start(prepared) }
        tick()
    }

    /// How long pictures may still be drawn after a stop, when every event's end is in the journal.
    private static let picturesAtStop = Duration.seconds(1)

    /// Ends running events (their ends are journaled first of all, pictures while a second lasts), tells subscribers, and
    /// closes. Returns within two seconds on a disk that keeps up, and six more where a training has to save what it has.
    public func stop() async {
        let trainings = learners.stopAll()
        // Before the workers hand over the ends, so that no picture is begun between them.
        publisher.hurry()
        for entry in running.values { entry.stop(.stopped) }
        workers.forEach { $0.stop() }
        for thread in workerThreads where !thread.join(timeout: .milliseconds(500)) {
            environment.log.warning("an inference worker did not end in time")
        }
        publisher.stop(picturesFor: Self.picturesAtStop)
        if publisherThread?.join(timeout: .seconds(5)) == false {
            environment.log.critical("the writer did not end in time: its last events may be missing from the journal")
        }
        await server?.shutdown()
        for loop in trainings where !loop.join(timeout: .seconds(6)) {
            environment.log.warning("the training of camera \(loop.settings.name) did not end in time")
        }
        running = [:]
    }

    /// Takes over a new configuration: starts, stops and restarts only the cameras that changed.
    ///
    /// Throws with everything as it was where a new camera's model can't be loaded.
    public func reload(_ new: Configuration) throws(StartError) {
        // Of the configuration that is in force then: what it loaded before it failed goes too.
        defer { models.keep(only: configuration.cameras.filter(\.enabled)) }
        try Resources.checkDescriptors(cameras: new.cameras.count(where: \.enabled))
        let tasks = try tasks(of: new)
        let old = configuration
        var changed: Set<String> = []
        let untouched = Set(new.cameraChanges(from: old).unchanged)
        let kept = Set(tasks.filter { isAtWork($0, untouched) }.map(\.camera.name))
        // Everything that can fail comes before the first change.
        let prepared = try prepare(tasks.filter { !kept.contains($0.camera.name) }, new)
        configuration = new
        leaving.removeAll { $0.capture.join(timeout: .zero) }
        for (name, entry) in running where !kept.contains(name) {
            entry.stop(.reconfigured)
            leaving.append(entry)
            running[name] = nil
            changed.insert(name)
        }
        for name in learners.names where !kept.contains(name) {
            learners.stop(name)
            changed.insert(name)
        }
        for next in prepared {
            start(next)
            changed.insert(next.name)
        }
        let restart = old.restartKeys(new)
        if !restart.isEmpty {
            environment.log.warning("reload: \(restart.joined(separator: ", ")): takes effect at the next restart")
        }
        // First, so that after logrotate's move the new journal begins with why it was begun.
        publisher.reopen()
        publisher.publish(composer.reloaded(Array(changed), time: environment.time.utc()))
        tick()
    }

    /// Publishes that a new configuration was refused, and why; the old one stays.
    public func rejected(_ reason: String) {
        publisher.reopen()
        publisher.publish(composer.rejected(reason, time: environment.time.utc()))
    }

    /// Once a second: starts to watch with what was learned, and takes stock for `zanzo status` and for systemd.
    ///
    /// Returns the line for `STATUS=` and whether every worker and the writer have moved since the last look.
    @discardableResult
    public func tick() -> (status: String, isAlive: Bool) {
        watchWhatWasLearned()
        board.update(
            cameras: running.values.map(\.camera), learners: learners.loops, workers: workers, publisher: publisher,
            subscribers: server?.counters.clients ?? 0, sequence: journal?.lastSequence ?? 0)
        return (board.summary, board.isAlive)
    }

    /// The daemon's state now.
    public var status: DaemonStatus { board.status }

    /// Models in memory.
    var modelCount: Int { models.count }

    /// Whether every camera has come to the end of its file (live cameras never do).
    public var hasEnded: Bool {
        learners.isEmpty && !running.isEmpty && running.values.allSatisfy { $0.camera.counters.state == .ended }
    }

    /// What an enabled camera is there for.
    private enum CameraTask {
        case watch(CameraConfiguration, ScoringPlan)
        case learn(CameraConfiguration, LearningPlace, TrainerCommand)

        var camera: CameraConfiguration {
            switch self {
            case .watch(let camera, _), .learn(let camera, _, _): camera
            }
        }
    }

    private func tasks(of configuration: Configuration) throws(StartError) -> [CameraTask] {
        var tasks: [CameraTask] = []
        for camera in configuration.cameras where camera.enabled {
            guard camera.lacksModel else {
                tasks.append(.watch(camera, try models.plan(for: camera)))
                continue
            }
            let place = LearningPlace(model: camera.model)
            try place.prepare(for: camera.name)
            var program = environment.trainer
            if program == nil { program = try TrainerCommand.program() }
            let command = try TrainerCommand(
                path: program ?? "", camera: camera, place: place,
                turn: configuration.stateDirectory + "/training.lock")
            tasks.append(.learn(camera, place, command))
        }
        return tasks
    }

    /// Whether a reload can leave the camera as it is; `untouched` are those whose configuration is the same.
    private func isAtWork(_ task: CameraTask, _ untouched: Set<String>) -> Bool {
        switch task {
        case .watch(let camera, let plan):
            untouched.contains(camera.name) && running[camera.name]?.scores(by: plan) == true
        case .learn(let camera, _, _): learners.learns(camera)
        }
    }

    /// A task with everything that it needs, whose thread waits at its gate.
    private enum Prepared {
        case watch(Camera, capture: NamedThread, StartGate<CaptureWork>)
        case learn(LearningLoop)

        var name: String {
            switch self {
            case .watch(let camera, _, _): camera.name
            case .learn(let loop): loop.settings.name
            }
        }

        /// Gives back what was got.
        func cancel() {
            switch self {
            case .watch(_, _, let gate): gate.cancel()
            case .learn(let loop): loop.stop()
            }
        }
    }

    /// What a capture thread is told when its gate opens.
    private struct CaptureWork: Sendable {
        let workerBell: Doorbell
        /// Has the same device still open, maybe.
        let predecessor: NamedThread?
    }

    /// Gets what every task needs. Throws where one of them can't have it, and then none has.
    private func prepare(_ tasks: [CameraTask], _ configuration: Configuration) throws(StartError) -> [Prepared] {
        var all: [Prepared] = []
        do throws(StartError) {
            for task in tasks { all.append(try prepare(task, configuration)) }
        } catch {
            all.forEach { $0.cancel() }
            throw error
        }
        return all
    }

    private func prepare(_ task: CameraTask, _ configuration: Configuration) throws(StartError) -> Prepared {
        switch task {
        case .watch(let settings, let plan):
            return try prepare(settings, plan, pictureWidth: configuration.snapshots.width)
        case .learn(let camera, let place, let command):
            let outside = LearningLoop.Outside(
                time: environment.time, log: environment.log, kernels: environment.kernels)
            return .learn(try learners.prepare(camera, place, command, outside))
        }
    }

    private func prepare(
        _ settings: CameraConfiguration, _ plan: ScoringPlan, pictureWidth width: Int
    ) throws(StartError) -> Prepared {
        try Resources.checkMemory(Camera.byteCount(plan: plan, pictureWidth: width), for: settings.name)
        let camera = Camera(settings: settings, plan: plan, pictureWidth: width, publisherBell: publisher.bell)
        let (time, makeSource, gate) = (environment.time, environment.makeSource, StartGate<CaptureWork>())
        let capture = try NamedThread(name: "cap-\(camera.name)") {
            guard let work = gate.wait() else { return }
            // Bounded: a driver that never comes back must not keep the camera dark for ever. Then opening says so.
            for _ in 0..<100 where !camera.shouldStop && work.predecessor?.join(timeout: .milliseconds(100)) == false {}
            CaptureLoop(camera: camera, time: time, workerBell: work.workerBell) { makeSource($0, time) }.run()
        }
        return .watch(camera, capture: capture, gate)
    }

    private func start(_ prepared: Prepared) {
        switch prepared {
        case .watch(let camera, let capture, let gate): start(camera, capture, gate)
        case .learn(let loop): learners.start(loop, environment.log)
        }
    }

    private func watchWhatWasLearned() {
        for camera in learners.takeFinished() {
            do throws(StartError) {
                let plan = try models.plan(for: camera)
                start(try prepare(camera, plan, pictureWidth: configuration.snapshots.width))
                let quality = plan.training?.summary.map { "; \($0)" } ?? ""
                environment.log.notice(
                    "camera \(camera.name): has learned its model, and is watched: \(camera.model)\(quality)")
                for doubt in plan.doubts { environment.log.warning("camera \(camera.name): \(doubt)") }
            } catch {
                // It was proved before it got its name: somebody has meddled with the file.
                environment.log.error("\(error); a reload tries again")
            }
        }
    }

    private func start(_ camera: Camera, _ capture: NamedThread, _ gate: StartGate<CaptureWork>) {
        guard let worker = workers.min(by: { $0.count < $1.count }) else { return gate.cancel() }
        publisher.join(camera)
        worker.join(camera)
        if camera.plan.threshold == nil {
            environment.log.warning("\(camera.settings.isWithoutThreshold)")
        }
        publisher.publish(composer.modelLoaded(camera.name, camera.plan, time: environment.time.utc()))
        let device = RunningCamera.device(of: camera.settings.source)
        let predecessor = device.flatMap { device in leaving.last { $0.device == device } }
        gate.open(CaptureWork(workerBell: worker.bell, predecessor: predecessor?.capture))
        running[camera.name] = RunningCamera(camera: camera, worker: worker, capture: capture, device: device)
    }
}
