import Anomaly
public import Capture
public import Kernels
public import Logging
import Model
import Publish
import Synchronization
public import Video

/// What the daemon takes from outside, so that a test can give it another clock, another camera, another socket.
public struct DaemonEnvironment: Sendable {
    /// The clocks.
    public var time: any TimeSource
    /// Makes a camera's source.
    public var makeSource: @Sendable (SourceSpecification, any TimeSource) -> any FrameSource
    /// Where log lines go.
    public var log: Logger
    /// The kernels to compute with.
    public var kernels: KernelTable
    /// A listening socket from systemd; nil to bind one.
    public var inheritedSocket: Int32?

    /// The machine's own clocks, cameras and kernels.
    public init(
        time: any TimeSource = SystemTime(), log: Logger, kernels: KernelTable = .best, inheritedSocket: Int32? = nil,
        makeSource: @escaping @Sendable (SourceSpecification, any TimeSource) -> any FrameSource = {
            Capture.makeSource($0, time: $1)
        }
    ) {
        self.time = time
        self.log = log
        self.kernels = kernels
        self.inheritedSocket = inheritedSocket
        self.makeSource = makeSource
    }
}

/// The whole daemon: cameras, workers, the writer and the event server, from start to stop.
///
/// The actor is the control plane: it starts, stops and reloads. Frames never pass through it.
public actor Daemon {
    private var configuration: Configuration
    private let environment: DaemonEnvironment
    private var models: ModelLibrary
    private var running: [String: RunningCamera] = [:]
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
    /// are tried for ever. Throws, with nothing left running, where the daemon itself can't work.
    public func start() async throws {
        let plans = try Self.plans(configuration, &models)
        let journal = try Journal(settings: configuration.journalSettings, log: environment.log)
        let store = try SnapshotStore(settings: configuration.snapshotStoreSettings, log: environment.log)
        let board = board
        let server = EventServer(
            settings: configuration.serverSettings(inherited: environment.inheritedSocket) { board.statusLine() },
            replay: JournalReader(path: configuration.events.file), log: environment.log)
        try await server.start()
        (self.server, self.journal) = (server, journal)
        let (publisher, time, log) = (publisher, environment.time, environment.log)
        publisherThread = NamedThread(name: "zanzo-writer") {
            publisher.run(
                EventDesk(
                    journal: journal, store: EvidenceStore(store: store, log: log), server: server, time: time,
                    log: log))
        }
        for index in 0..<configuration.workerCount {
            let worker = InferenceWorker()
            workers.append(worker)
            workerThreads.append(NamedThread(name: "zanzo-infer-\(index)") { worker.run() })
        }
        for (settings, plan) in plans { startCamera(settings, plan) }
        tick()
    }

    /// Ends running events, flushes the journal, tells subscribers, and closes; returns within two seconds.
    public func stop() async {
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
        running = [:]
    }

    /// Takes over a new configuration: starts, stops and restarts only the cameras that changed.
    ///
    /// Throws with everything as it was where a new camera's model can't be loaded.
    public func reload(_ new: Configuration) throws(StartError) {
        let plans = try Self.plans(new, &models)
        let old = configuration
        configuration = new
        var changed: [String] = []
        let untouched = Set(new.cameraChanges(from: old).unchanged)
        let kept = plans.filter { settings, plan in
            untouched.contains(settings.name) && running[settings.name]?.scores(by: plan) == true
        }
        for (name, entry) in running where !kept.contains(where: { $0.0.name == name }) {
            entry.stop(.reconfigured)
            running[name] = nil
            changed.append(name)
        }
        for (settings, plan) in plans where running[settings.name] == nil {
            startCamera(settings, plan)
            if !changed.contains(settings.name) { changed.append(settings.name) }
        }
        let restart = old.restartKeys(new)
        if !restart.isEmpty {
            environment.log.warning("reload: \(restart.joined(separator: ", ")): takes effect at the next restart")
        }
        // First, so that after logrotate's move the new journal begins with why it was begun.
        publisher.reopen()
        publisher.publish(composer.reloaded(changed, time: environment.time.utc()))
        tick()
    }

    /// Publishes that a new configuration was refused, and why; the old one stays.
    public func rejected(_ reason: String) {
        publisher.reopen()
        publisher.publish(composer.rejected(reason, time: environment.time.utc()))
    }

    /// Once a second: takes stock for `zanzo status` and for systemd.
    ///
    /// Returns the line for `STATUS=` and whether every worker and the writer have moved since the last look.
    @discardableResult
    public func tick() -> (status: String, isAlive: Bool) {
        board.update(
            cameras: running.values.map(\.camera), workers: workers, publisher: publisher,
            subscribers: server?.counters.clients ?? 0, sequence: journal?.lastSequence ?? 0)
        return (board.summary, board.isAlive)
    }

    /// The daemon's state now.
    public var status: DaemonStatus { board.status }

    /// Whether every camera has come to the end of its file (live cameras never do).
    public var hasEnded: Bool {
        !running.isEmpty && running.values.allSatisfy { $0.camera.counters.state == .ended }
    }

    private static func plans(
        _ configuration: Configuration, _ models: inout ModelLibrary
    ) throws(StartError) -> [(CameraConfiguration, ScoringPlan)] {
        var plans: [(CameraConfiguration, ScoringPlan)] = []
        for camera in configuration.cameras where camera.enabled {
            plans.append((camera, try models.plan(for: camera)))
        }
        return plans
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
