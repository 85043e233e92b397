import Capture
import Glibc
import Kernels
import Logging
import Model
import Publish
import Synchronization
import Video

/// A camera that learns its model: starts `zanzo train` for it, hears how far it is, and starts it again where it fails.
///
/// `run` is the retry loop; `runOnce` is the story of one training from its start to a model in its place. The thread
/// outlives each training that it starts: with it, and so with the daemon however that ends, the kernel ends the training.
final class LearningLoop: Sendable {
    /// What a loop takes from outside.
    struct Outside: Sendable {
        var time: any TimeSource
        var log: Logger
        var kernels: KernelTable
        /// How long a training that is told to end may take to save what it has.
        var patience = Duration.seconds(5)
    }

    private struct State {
        var progress: LearningProgress?
        /// The farthest that any try came.
        var best: LearningProgress?
        var attempts = 0
        var problem: String?
        var nextTry: MonotonicTime?
        var complaints = 0
        var lastComplaint = ""
        var isFinal = false
    }

    let settings: CameraConfiguration
    let place: LearningPlace
    private let command: TrainerCommand
    private let outside: Outside
    private let state = Mutex(State())
    private let isStopping = Atomic<Bool>(false)
    private let hasModel = Atomic<Bool>(false)
    private let thread = Mutex<NamedThread?>(nil)
    private let gate = StartGate<LearningLoop?>()

    /// Lines of a training's standard error that are logged; more of them say no more.
    private static let loggedComplaints = 20

    /// Before the next try where the last has found that trying alone does not help: somebody may have helped by then.
    private static let finalPause = Duration.seconds(3600)

    /// A loop that trains by `command` for the camera of `settings` in `place`.
    init(_ settings: CameraConfiguration, _ place: LearningPlace, _ command: TrainerCommand, _ outside: Outside) {
        self.settings = settings
        self.place = place
        self.command = command
        self.outside = outside
    }

    /// Makes the thread, which waits for `start`.
    ///
    /// Throws where the system gives no more threads.
    func prepare() throws(StartError) {
        let made = try NamedThread(name: "learn-\(settings.name)") { [self, gate] in
            guard let predecessor = gate.wait() else { return }
            while let predecessor, !predecessor.join(timeout: .seconds(1)) {}
            run()
        }
        thread.withLock { $0 = made }
    }

    /// Lets the thread go, once `predecessor` has ended: two trainings must not share a folder.
    func start(after predecessor: LearningLoop? = nil) { gate.open(predecessor) }

    /// Asks it to end; a training saves what it has.
    func stop() {
        isStopping.store(true, ordering: .releasing)
        gate.cancel()
    }

    /// Waits until the thread has ended; false where it has not within `timeout`.
    func join(timeout: Duration) -> Bool {
        guard let thread = thread.withLock({ $0 }) else { return true }
        return thread.join(timeout: timeout)
    }

    /// Whether the model is in its place.
    var isDone: Bool { hasModel.load(ordering: .acquiring) }

    private var shouldStop: Bool { isStopping.load(ordering: .acquiring) }

    /// How far it is, for people.
    var status: LearningStatus {
        let now = outside.time.now()
        return state.withLock { state in
            var status = LearningStatus(
                phase: state.progress?.phase ?? "starting", recordFor: settings.learn.recordFor?.seconds ?? 0)
            status.done = state.progress?.done
            status.secondsLeft = state.progress?.secondsLeft
            status.loss = state.progress?.loss
            status.heldOut = state.progress?.heldOut
            status.attempts = state.attempts
            status.problem = state.problem
            status.nextTry = state.nextTry.map { max(0, ($0 - now).seconds.rounded(.up)) }
            return status
        }
    }

    /// Notes what is wrong, and logs it where it is news.
    func note(_ problem: String, nextTry: Duration? = nil) {
        let deadline = nextTry.map { outside.time.now() + $0 }
        let isNews = state.withLock { state in
            defer { (state.problem, state.nextTry) = (problem, deadline) }
            return state.problem != problem
        }
        let when = nextTry.map { "; next try in \(LearningText.amount($0.seconds.rounded(.up)))" } ?? ""
        outside.log.log(
            level: isNews ? .warning : .debug, "camera \(settings.name): learning failed: \(problem)\(when)")
    }

    private func run() {
        // Another jitter for each camera, the same at each start.
        var backoff = Backoff(seed: settings.name.utf8.reduce(0) { $0 &* 31 &+ UInt64($1) })
        while !shouldStop {
            let before = state.withLock { $0.best }
            do throws(StartError) {
                if try !runOnce() { return }
                place.clean()
                hasModel.store(true, ordering: .releasing)
                return
            } catch {
                if shouldStop { return }
                // Farther than ever: the trouble is another than the last.
                if state.withLock({ $0.best })?.isBeyond(before) == true { backoff.reset() }
                let pause = state.withLock({ $0.isFinal }) ? Self.finalPause : backoff.next()
                note(error.message, nextTry: pause)
                wait(pause)
            }
        }
    }

    /// One training: returns true with the model in its place, false where it was stopped, and throws where it failed.
    private func runOnce() throws(StartError) -> Bool {
        state.withLock { state in
            state.attempts += 1
            (state.progress, state.nextTry, state.complaints) = (nil, nil, 0)
            (state.lastComplaint, state.isFinal) = ("", false)
        }
        try place.prepare(for: settings.name)
        if try takeFinished() { return true }
        let training = try TrainerProcess(command)
        let ending = training.run(patience: outside.patience, shouldStop: { shouldStop }) { word in
            switch word {
            case .output(let line): hear(line, training)
            case .complaint(let line): complain(line)
            }
        }
        // A model that is whole is taken also where a stop came meanwhile: the training would be made again.
        if ending == .exit(0), state.withLock({ $0.progress?.phase }) == "done" {
            guard access(place.output, R_OK) == 0 else {
                throw StartError(message: "zanzo train ended well, but left no model at \(place.output)")
            }
            try prove()
            try place.adopt()
            return true
        }
        // It found no threshold, and a camera that has its own needs none.
        if ending == .exit(65), isOfThisCamera, isUsable {
            try place.adopt()
            return true
        }
        if shouldStop { return false }
        guard ending == .exit(0) else {
            let last = state.withLock { $0.lastComplaint }
            if ending.isFinal { state.withLock { $0.isFinal = true } }
            throw StartError(message: "zanzo train \(ending)" + (last.isEmpty ? "" : ": \(last)"))
        }
        throw StartError(message: "zanzo train ended before it was done; it goes on from there")
    }

    /// Takes what is finished already: a model that somebody has laid there, or that of a training whose end no daemon lived to
    /// see. One with a checkpoint beside it is not whole, or has no threshold.
    private func takeFinished() throws(StartError) -> Bool {
        if place.hasModel { return true }
        guard access(place.output, R_OK) == 0, access(UnfinishedTraining.checkpoint(of: place.output), F_OK) != 0,
            isOfThisCamera, isUsable
        else { return false }
        try place.adopt()
        outside.log.info("camera \(settings.name): takes the model that an earlier training finished")
        return true
    }

    /// Whether what lies in the new model's place was trained on this camera, by its own record: the configuration may name
    /// another source since. The trainer finds that out by its frames, and begins anew. Neither knows of a change in what may
    /// be a secret in an address: that is kept nowhere (`RedactedAddress`).
    private var isOfThisCamera: Bool {
        let name = "\(settings.source)"
        guard let file = try? SafetensorsFile(path: place.output),
            let sources = TrainingSummary(metadata: file.metadata)?.sources
        else { return false }
        // A record keeps at most 200 bytes of a name, and no part of a character.
        return sources.allSatisfy { $0 == name || $0.utf8.count > 196 && name.hasPrefix($0) }
    }

    /// Whether the camera can use what lies in the new model's place.
    private var isUsable: Bool { (try? prove()) != nil }

    /// Loads the new model as the camera will, before it gets its name: one that can't be used is no model.
    private func prove() throws(StartError) {
        var trial = settings
        trial.model = place.output
        var library = ModelLibrary(kernels: outside.kernels)
        let plan: ScoringPlan
        do throws(StartError) { plan = try library.plan(for: trial) } catch { throw StartError(message: error.message) }
        guard plan.threshold != nil else {
            throw StartError(message: "zanzo train ended well, but its model \(place.output) is not calibrated")
        }
    }

    private func hear(_ line: [UInt8], _ training: TrainerProcess) {
        guard let progress = LearningProgress(line: line) else { return }
        let isNew = state.withLock { state in
            defer { (state.progress, state.problem) = (progress, progress.problem) }
            if progress.isBeyond(state.best) { state.best = progress }
            return state.progress?.phase != progress.phase
        }
        // Its threads come and go; each line is an occasion to look for new ones.
        if progress.isComputing { training.makeIdle() }
        if isNew { outside.log.info("camera \(settings.name): \(LearningText.line(status))") }
    }

    private func complain(_ line: [UInt8]) {
        let text = EventText.printable(String(String(decoding: line, as: UTF8.self).prefix(400)))
        guard text.contains(where: { $0 != " " }) else { return }
        let count = state.withLock { state in
            state.complaints += 1
            state.lastComplaint = text
            return state.complaints
        }
        if count <= Self.loggedComplaints { outside.log.info("camera \(settings.name): zanzo train: \(text)") }
    }

    /// Waits before the next try, in short steps: a stop does not wait for a minute's back-off.
    private func wait(_ duration: Duration) {
        let deadline = outside.time.now() + duration
        while !shouldStop, outside.time.now() < deadline {
            outside.time.sleep(until: min(deadline, outside.time.now() + .milliseconds(100)))
        }
    }
}
