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
        publisherThread = NamedThread(name: "zanzo-writer") {
            publisher.run(
                EventDesk(
                    journal: journal, store: EvidenceStore(store: store, sweepsApart: true, log: log), server: server,
                    time: time,
                    log: log))
        }
        for index in 0..<configuration.workerCount {
            let worker = InferenceWorker()
            workers.append(worker)
            workerThreads.append(NamedThread(name: "zanzo-infer-\(index)") { worker.run() })
        }
        for task in tasks {
            // A crash may have come between the model's name and the end of what it was made from.
            if case .watch(let camera, _) = task, camera.learn.recordFor != nil {
                LearningPlace(model: camera.model).clean()
            }
            start(task)
        }
        tick()
    }

    /// Ends running events, flushes the journal, tells subscribers, and closes; returns within two seconds, or five more
    /// where a training has to save what it has.
    public func stop() async {
        let trainings = learners.stopAll()
        for entry in running.values { entry.stop(.stopped) }
        workers.forEach { $0.stop() }
        for thread in workerThreads where !thread.join(timeout: .milliseconds(500)) {
            environment.log.warning("an inference worker did not end in time")
        }
        publisher.stop()
        if publisherThread?.join(timeout: .seconds(1)) == false {
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
        let tasks = try tasks(of: new)
        let old = configuration
        configuration = new
        var changed: Set<String> = []
        let untouched = Set(new.cameraChanges(from: old).unchanged)
        let kept = Set(tasks.filter { isAtWork($0, untouched) }.map(\.camera.name))
        for (name, entry) in running where !kept.contains(name) {
            entry.stop(.reconfigured)
            running[name] = nil
            changed.insert(name)
        }
        for name in learners.names where !kept.contains(name) {
            learners.stop(name)
            changed.insert(name)
        }
        for task in tasks where !kept.contains(task.camera.name) {
            start(task)
            changed.insert(task.camera.name)
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

    private func start(_ task: CameraTask) {
        switch task {
        case .watch(let camera, let plan): startCamera(camera, plan)
        case .learn(let camera, let place, let command):
            let outside = LearningLoop.Outside(
                time: environment.time, log: environment.log, kernels: environment.kernels)
            learners.start(camera, place, command, outside)
        }
    }

    private func watchWhatWasLearned() {
        for camera in learners.takeFinished() {
            do throws(StartError) {
                let plan = try models.plan(for: camera)
                startCamera(camera, plan)
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

    private func startCamera(_ settings: CameraConfiguration, _ plan: ScoringPlan) {
        let camera = Camera(
            settings: settings, plan: plan, pictureWidth: configuration.snapshots.width, publisherBell: publisher.bell)
        publisher.join(camera)
        guard let worker = workers.min(by: { $0.count < $1.count }) else { return }
        worker.join(camera)
        if plan.threshold == nil {
            environment.log.warning("\(settings.isWithoutThreshold)")
        }
        publisher.publish(composer.modelLoaded(camera.name, plan, time: environment.time.utc()))
        let (time, makeSource) = (environment.time, environment.makeSource)
        let bell = worker.bell
        _ = NamedThread(name: "cap-\(camera.name)") {
            CaptureLoop(camera: camera, time: time, workerBell: bell) { makeSource($0, time) }.run()
        }
        running[camera.name] = RunningCamera(camera: camera, worker: worker)
    }
}
