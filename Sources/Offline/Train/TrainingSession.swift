import Anomaly
import Capture
import FoundationEssentials
public import Model
import Pictures
public import Service
public import Training
public import Video

/// `zanzo train`: footage into a frame store, a training run over it, a model file, its threshold and its report.
public struct TrainingSession {
    /// Makes what trains: (topology, seed, recipe, threads).
    public typealias StepMaker = @Sendable (Topology, UInt64, Recipe, Int) -> any TrainingStep

    /// Zanzo's own.
    public static let trainer: StepMaker = { Trainer($0, seed: $1, recipe: $2, threads: $3) }

    /// What came of it.
    public enum Outcome: Sendable {
        /// A model, and what to know of it.
        case trained(TrainingReport)
        /// Recording was stopped: so many frames are kept.
        case stoppedRecording(frames: Int, path: String)
        /// Training was stopped: a checkpoint is kept, or nil: it was before the first step.
        case stoppedTraining(path: String?)
    }

    let request: TrainRequest
    let files: TrainingFiles
    let time: any TimeSource
    let threads: Int
    let make: StepMaker
    let shouldStop: () -> Bool
    /// Takes a line for whoever looks on, while it goes on.
    let tell: (String) -> Void
    /// Takes how far it is, for a program that looks on.
    let stage: (TrainingStage) -> Void

    /// A session for `request`.
    ///
    /// - Parameters:
    ///   - make: what trains; the tests have others.
    ///   - shouldStop: asked between two frames and between two steps.
    ///   - tell: is given a line now and then.
    ///   - stage: is given how far it is, once a second.
    public init(
        _ request: TrainRequest, time: any TimeSource = SystemTime(), make: @escaping StepMaker = Self.trainer,
        shouldStop: @escaping () -> Bool = { StopRequest.isMade }, tell: @escaping (String) -> Void = { _ in },
        stage: @escaping (TrainingStage) -> Void = { _ in }
    ) {
        (self.request, self.time, self.make) = (request, time, make)
        var teller = StageTeller(time: time, tell: stage)
        self.stage = { teller.show($0) }
        (self.shouldStop, self.tell) = (shouldStop, tell)
        files = TrainingFiles(model: request.output)
        threads = request.threads ?? min(8, Machine.processors)
    }

    /// Where the report's picture is when it has trained.
    public var reportPicture: String { files.reportPicture }

    /// All of it. Throws one line that says what is wrong and what to do; what is finished by then stays.
    public func run() throws -> Outcome {
        try check()
        let lock = try TrainingLock(files)
        defer { withExtendedLifetime(lock) {} }
        var earlier = try unfinished()
        let topology = earlier?.plan.topology ?? request.topology
        guard let store = try footage(size: topology.size, isTrainedOn: earlier != nil) else {
            let store = try FrameStore(path: files.footage)
            return .stoppedRecording(frames: store.frameCount, path: files.footage)
        }
        // What a finished run made is not to be lost to a word that asks to keep something.
        if request.resumes, !request.isUnattended, earlier == nil, let record = finished(on: store) {
            let asked = request.recipe
            throw TrainingError(
                "\(files.model): is finished (recipe \(record.recipe.name), \(counted(record.iterations, "step"))), there is "
                    + "nothing to go on with; without --resume it is trained anew",
                isFinished: record.recipe.name == asked.name
                    && (request.minutes != nil || record.recipe.iterations == asked.iterations))
        }
        // Unattended, one that was trained on other footage than is asked for now is gone.
        if !TrainingFiles.exists(files.checkpoint) { earlier = nil }
        let turn = try TrainingTurn(path: request.turn) {
            stage(TrainingStage(.waiting))
            return !shouldStop()
        }
        guard let turn else { return stopped() }
        defer { withExtendedLifetime(turn) {} }
        if let old = earlier, old.plan.fingerprint != store.fingerprint, request.isUnattended {
            setAside("\(files.checkpoint): is of other footage")
            earlier = nil
        }
        stage(TrainingStage(.training, done: 0))
        let footage = Footage(store: store, holdOut: earlier?.plan.holdOut ?? request.holdOut)
        try checkAmount(footage, window: (earlier?.plan.recipe ?? request.recipe).window)
        guard let plan = try earlier?.plan ?? self.plan(footage) else { return stopped() }
        let outcome = try begin(plan, footage, from: earlier).run(hooks(footage, plan))
        let isUsable = outcome.progress.iteration > 0 && !(outcome.ending == .interrupted && request.isUnattended)
        guard isUsable, let report = try finish(outcome, plan: plan, footage: footage) else { return stopped() }
        return .trained(report)
    }

    /// Where nobody looks on it ends as soon as it is told to, and is taken up later.
    var isToldToLeave: Bool { request.isUnattended && shouldStop() }

    private func stopped() -> Outcome {
        .stoppedTraining(path: TrainingFiles.exists(files.checkpoint) ? files.checkpoint : nil)
    }

    /// What can be known before anything is read.
    private func check() throws {
        if let problem = request.recipe.problem(request.topology, memory: Machine.memoryByteCount) {
            throw TrainingError(problem)
        }
        try files.prepare()
    }

    /// The frames, read where they are not there yet; nil where that was stopped.
    private func footage(size: Int, isTrainedOn: Bool) throws -> FrameStore? {
        let reading = FootageReading(
            size: size, rate: request.rate, credentials: request.credentials, skip: request.skip,
            record: request.record, handed: request.handed,
            told: { stage(TrainingStage(.recording, done: $0, problem: $1)) }, tell: tell, time: time,
            shouldStop: shouldStop)
        let terms = FootageReading.Terms(
            resumes: request.resumes, isTrainedOn: isTrainedOn, isUnattended: request.isUnattended)
        let store = try reading.store(request.sources, in: files, terms)
        if let store, request.sources == [store.path], let problem = request.problem(ofSource: store) {
            throw TrainingError(problem)
        }
        return store
    }

    /// Frames to train on, at the least.
    static let fewestFrames = 100

    private func checkAmount(_ footage: Footage, window: Int) throws {
        let count = footage.trainingCount
        guard count >= Self.fewestFrames else {
            throw TrainingError(
                "\(counted(count, "frame")) to train on: it takes \(Self.fewestFrames) at the very least, and an hour of "
                    + "normal footage for a camera that you mean to trust", isFinal: true)
        }
        let held = footage.heldOutCount
        if held > 0, !Calibration.isEnough(frames: held, rate: footage.rate) {
            tell(
                "\(counted(held, "frame")) held out, \(TrainingReportText.length(Double(held) / footage.rate)) of them: too few "
                    + "for an alarm line; give it more footage, or a larger --hold-out")
        }
    }

    private func hooks(_ footage: Footage, _ plan: TrainingPlan) -> TrainingHooks {
        var hooks = TrainingHooks()
        hooks.shouldStop = shouldStop
        hooks.judgesWhenInterrupted = !request.isUnattended
        var (line, last) = (ProgressLine(), TrainingReading?.none)
        hooks.warn = {
            line.clear()
            tell("warning: \($0)")
        }
        hooks.show = { reading in
            last = reading
            stage(TrainingStage(reading))
            line.show(Double(reading.iteration) / Double(reading.iterations), TrainingProgressText.line(reading))
            if reading.iteration == reading.iterations { line.clear() }
        }
        if !footage.heldOut.isEmpty {
            hooks.judge = { tensors in
                guard let error = try judge(tensors, plan, footage) else { return nil }
                line.clear()
                if let last { tell(TrainingProgressText.judged(last, error: error)) }
                return error
            }
        }
        hooks.draw = { iteration, tensors in
            let strip = try strip(tensors, plan, footage, iteration: iteration, loss: last?.loss)
            let digits = String(iteration)
            let name = "strip-" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits + ".png"
            try write(strip, to: files.file(name))
        }
        return hooks
    }
}

extension TrainingStage {
    /// Where a run is.
    init(_ reading: TrainingReading) {
        self.init(.training, done: Double(reading.iteration) / Double(reading.iterations))
        (secondsLeft, loss, heldOut) = (reading.secondsLeft, reading.loss, reading.heldOut)
    }
}
