import Capture
import FoundationEssentials
public import Model
import Pictures
import Service
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
        /// Training was stopped, unattended: a checkpoint is kept.
        case stoppedTraining(path: String)
    }

    let request: TrainRequest
    let files: TrainingFiles
    let time: any TimeSource
    let threads: Int
    private let make: StepMaker
    private let shouldStop: () -> Bool
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

    /// All of it. Throws one line that says what is wrong and what to do; what is finished by then stays.
    public func run() throws -> Outcome {
        var earlier = try check()
        let topology = earlier?.plan.topology ?? request.topology
        guard let store = try footage(size: topology.size, isTrainedOn: earlier != nil) else {
            let store = try FrameStore(path: files.footage)
            return .stoppedRecording(frames: store.frameCount, path: files.footage)
        }
        // Unattended, one that was trained on other footage than is asked for now is gone.
        if !TrainingFiles.exists(files.checkpoint) { earlier = nil }
        let turn = try TrainingTurn(path: request.turn) {
            stage(TrainingStage(.waiting))
            return !shouldStop()
        }
        guard let turn else { return .stoppedTraining(path: files.checkpoint) }
        defer { withExtendedLifetime(turn) {} }
        stage(TrainingStage(.training, done: 0))
        let footage = Footage(store: store, holdOut: earlier?.plan.holdOut ?? request.holdOut)
        try checkAmount(footage, window: (earlier?.plan.recipe ?? request.recipe).window)
        let plan = try earlier?.plan ?? self.plan(footage)
        let step = make(topology, plan.seed, plan.recipe, threads)
        let run = try TrainingRun(
            plan: plan, footage: footage, step: step, time: time, checkpoint: files.checkpoint,
            checkpointEvery: request.checkpointEvery, picturesAt: Set(request.stripsAt))
        if let earlier {
            try run.resume(earlier)
            tell("going on after step \(earlier.progress.iteration) of \(plan.recipe.iterations)")
        }
        let outcome = try run.run(hooks(footage, plan))
        if outcome.ending == .interrupted, request.isUnattended { return .stoppedTraining(path: files.checkpoint) }
        return .trained(try finish(outcome, plan: plan, footage: footage))
    }

    /// What can be known before anything is read; the checkpoint to go on from.
    private func check() throws -> Checkpoint? {
        if let problem = request.recipe.problem { throw TrainingError(problem) }
        if let problem = request.topology.problem { throw TrainingError("the topology's \(problem)") }
        if let problem = request.recipe.problem(request.topology, memory: Machine.memoryByteCount) {
            throw TrainingError(problem)
        }
        try files.prepare()
        guard TrainingFiles.exists(files.checkpoint) else { return nil }
        guard request.resumes else {
            throw TrainingError(
                "\(files.checkpoint): an unfinished run is kept there: go on with --resume, or remove it to begin anew")
        }
        return try Checkpoint(path: files.checkpoint)
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
        return try reading.store(request.sources, in: files, terms)
    }

    /// Frames to train on, at the least.
    static let fewestFrames = 100

    private func checkAmount(_ footage: Footage, window: Int) throws {
        let count = footage.trainingCount
        guard count >= Self.fewestFrames else {
            throw TrainingError(
                "\(counted(count, "frame")) to train on: it takes \(Self.fewestFrames) at the very least, and an hour of "
                    + "normal footage for a camera that you mean to trust")
        }
    }

    private func plan(_ footage: Footage) throws -> TrainingPlan {
        var plan = TrainingPlan(
            recipe: request.recipe, topology: request.topology, seed: request.seed, holdOut: request.holdOut,
            fingerprint: footage.store.fingerprint)
        guard let minutes = request.minutes else { return plan }
        let seconds = try secondsPerStep(plan, footage)
        plan.recipe.iterations = Pace.iterations(minutes: minutes, secondsPerStep: seconds)
        tell(
            "\(NumberText.short(seconds * 1000)) ms a step: \(plan.recipe.iterations) steps in about "
                + "\(NumberText.short(minutes)) min")
        return plan
    }

    /// Measured on a trainer of its own, which is thrown away: the run itself begins at its beginning.
    private func secondsPerStep(_ plan: TrainingPlan, _ footage: Footage) throws -> Double {
        var probe = plan
        probe.recipe.iterations = Pace.steps
        probe.recipe.judgements = 1
        var pace = Pace(time: time)
        var hooks = TrainingHooks()
        hooks.show = { _ in pace.note() }
        hooks.shouldStop = { pace.isKnown || shouldStop() }
        let step = make(plan.topology, plan.seed, plan.recipe, threads)
        let path = files.file("probe.checkpoint")
        defer { try? FileManager.default.removeItem(atPath: path) }
        _ = try TrainingRun(plan: probe, footage: footage, step: step, time: time, checkpoint: path).run(hooks)
        return pace.secondsPerStep
    }

    private func hooks(_ footage: Footage, _ plan: TrainingPlan) -> TrainingHooks {
        var hooks = TrainingHooks()
        hooks.shouldStop = shouldStop
        var (line, last) = (ProgressLine(), TrainingReading?.none)
        hooks.show = { reading in
            last = reading
            stage(TrainingStage(reading))
            line.show(Double(reading.iteration) / Double(reading.iterations), TrainingProgressText.line(reading))
            if reading.iteration == reading.iterations { line.clear() }
        }
        if !footage.heldOut.isEmpty {
            hooks.judge = { tensors in
                // A judgement takes seconds, and who stops it unattended waits for the checkpoint alone.
                if request.isUnattended, shouldStop() { return nil }
                let error = try judge(tensors, plan, footage)
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
