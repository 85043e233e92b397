import Kernels
public import Model
public import Video

/// What a run asks and tells while it goes on. All are called between two steps, on the run's thread.
public struct TrainingHooks {
    /// Whether to end after the step that has just been made.
    public var shouldStop: () -> Bool = { false }
    /// The held-out error of a model of these tensors; nil where nothing is held out, or where a stop has cut it short.
    public var judge: ([Safetensors.Tensor]) throws -> Double? = { _ in nil }
    /// Whether a run that is interrupted judges the model that it leaves: somebody wants to use it as it is.
    public var judgesWhenInterrupted = true
    /// Every step: how far the run is.
    public var show: (TrainingReading) -> Void = { _ in }
    /// The model after so many steps, for those that pictures were asked of.
    public var draw: (_ iteration: Int, _ tensors: [Safetensors.Tensor]) throws -> Void = { _, _ in }
    /// One line: what went wrong on the way without ending the run.
    public var warn: (String) -> Void = { _ in }

    /// Hooks that do nothing.
    public init() {}
}

/// How far a run is.
public struct TrainingReading: Sendable, Hashable {
    /// Steps done, and to be done in all.
    public var iteration: Int, iterations: Int
    /// The mean of the last 50 losses.
    public var loss: Double
    /// Frames a second that were trained on since this process began; nil before the second step.
    public var framesPerSecond: Double?
    /// Seconds that are left at this speed; nil where it is not known.
    public var secondsLeft: Double?
    /// The last judgement.
    public var heldOut: Double?
}

/// A training run: batches, steps, judgements and checkpoints, from the plan's first iteration to its last.
///
/// `run` is the story. Everything that it does follows from plan and footage, whenever it is interrupted; time only decides
/// when a checkpoint is written.
public final class TrainingRun {
    /// How a run came to its end.
    public enum Ending: String, Sendable, Hashable, Codable {
        /// All iterations were made.
        case finished
        /// The held-out error did not get better any more.
        case stoppedEarly = "stopped-early"
        /// It was told to stop.
        case interrupted
    }

    /// What came of a run.
    public struct Outcome: Sendable {
        /// How it ended.
        public var ending: Ending
        /// How far it is, with all judgements.
        public var progress: TrainingProgress
        /// The loss of each step.
        public var losses: [Float]
        /// The model that held out best; the last one where nothing is held out.
        public var tensors: [Safetensors.Tensor]
    }

    private let plan: TrainingPlan
    private let step: any TrainingStep
    private let time: any TimeSource
    private let checkpointPath: String
    private let checkpointEvery: Duration
    private let picturesAt: Set<Int>
    private let filler: BatchFiller
    private var sampler: WindowSampler
    private var frames: AlignedBuffer<Float>
    private var hidden: [Float]
    private var progress = TrainingProgress()
    private var losses: [Float] = []
    private var best: [Safetensors.Tensor]?
    private var began = MonotonicTime.zero
    private var secondsBefore = 0.0
    private var iterationsBefore = 0

    /// A run of `plan` over `footage` with the fresh `step`.
    ///
    /// - Parameters:
    ///   - checkpoint: the file to write every `checkpointEvery`, and when the run is interrupted.
    ///   - picturesAt: the iterations (0: before the first step) after which `draw` is called.
    /// - Throws: where the footage has no window of the plan's length, or is not the plan's.
    public init(
        plan: TrainingPlan, footage: Footage, step: any TrainingStep, time: any TimeSource, checkpoint: String,
        checkpointEvery: Duration = .seconds(180), picturesAt: Set<Int> = []
    ) throws(TrainingError) {
        let recipe = plan.recipe
        if let problem = plan.problem { throw TrainingError(problem) }
        guard footage.store.size == plan.topology.size, footage.store.fingerprint == plan.fingerprint else {
            throw TrainingError("\(footage.store.path): is not the footage that this run began with; begin anew")
        }
        let sampler = WindowSampler(
            spans: footage.training, order: recipe.order, batch: recipe.batch, length: recipe.window, seed: plan.seed)
        guard let sampler else {
            throw TrainingError(
                "no clip has \(recipe.window) frames to train on, which is one window: give longer clips, or a smaller "
                    + "--window", isFinal: true)
        }
        (self.plan, self.step, self.time, self.sampler) = (plan, step, time, sampler)
        (checkpointPath, self.checkpointEvery, self.picturesAt) = (checkpoint, checkpointEvery, picturesAt)
        filler = BatchFiller(footage: footage, length: recipe.window, light: recipe.light, seed: plan.seed)
        frames = AlignedBuffer(count: recipe.batch * recipe.window * plan.topology.size * plan.topology.size)
        hidden = [Float](repeating: 0, count: recipe.batch * plan.topology.hidden)
    }

    /// Takes up the run at the checkpoint. Throws where that is of another plan, or can't be read.
    public func resume(_ checkpoint: Checkpoint) throws {
        guard checkpoint.plan == plan else {
            throw TrainingError("\(checkpointPath): is of another run (topology, recipe, seed or footage); remove it")
        }
        try step.restore(from: checkpointPath)
        guard step.stepCount == checkpoint.progress.iteration else {
            throw TrainingError(
                "\(checkpointPath): its weights are those after step \(step.stepCount), its progress is that after step "
                    + "\(checkpoint.progress.iteration): two runs wrote it; remove it and begin anew")
        }
        (progress, hidden, losses, best) = (
            checkpoint.progress, checkpoint.hidden, checkpoint.losses, checkpoint.best
        )
    }

    /// Trains to the end, or until told to stop. Either way a checkpoint is left behind that goes on to the same bits, after
    /// the end with nothing left to train: whoever needs it no more removes it. Before the first step there is none.
    public func run(_ hooks: TrainingHooks) throws -> Outcome {
        (began, secondsBefore, iterationsBefore) = (time.now(), progress.seconds, progress.iteration)
        var lastCheckpoint = began
        if progress.iteration == 0, picturesAt.contains(0) { try hooks.draw(0, step.modelTensors()) }
        while progress.iteration < plan.recipe.iterations {
            // Judged before the next step and not after the last: then a run that goes on makes up for what it misses.
            if try isStoppedOrJudged(hooks) { return try interrupted(hooks) }
            if isHopeless { return try outcome(.stoppedEarly) }
            try makeStep()
            hooks.show(reading())
            if picturesAt.contains(progress.iteration) { try hooks.draw(progress.iteration, step.modelTensors()) }
            guard time.now() - lastCheckpoint >= checkpointEvery else { continue }
            do {
                try writeCheckpoint()
            } catch {
                // A disk that is full for a while costs a checkpoint, not the hours since the last one.
                hooks.warn(
                    "\(error): the training goes on, and tries again after \(Int(saturating: checkpointEvery.seconds)) s"
                )
            }
            lastCheckpoint = time.now()
        }
        if try isStoppedOrJudged(hooks) { return try interrupted(hooks) }
        return try outcome(.finished)
    }

    private func makeStep() throws {
        let (recipe, iteration) = (plan.recipe, progress.iteration)
        let windows = sampler.windows(at: iteration)
        filler.fill(windows, iteration: iteration, into: frames.mutableBase)
        let units = plan.topology.hidden
        if recipe.carriesState {
            for (stream, window) in windows.enumerated() where !window.isCarried {
                for unit in stream * units..<(stream + 1) * units { hidden[unit] = 0 }
            }
        } else {
            var random = SeededGenerator(keys: plan.seed, 5, UInt64(iteration))
            hidden.withUnsafeMutableBufferPointer { random.fillNormal($0) }
        }
        let loss = hidden.withUnsafeMutableBufferPointer { hidden in
            guard let base = hidden.baseAddress else { return Double.nan }
            return step.step(frames: frames.base, hidden: base, settings: recipe.settings(at: iteration))
        }
        guard loss.isFinite else {
            // From it the run would go on to the same end.
            Checkpoint.setAside(checkpointPath)
            throw TrainingError(
                "training failed: the loss of iteration \(iteration + 1) is not a number; begin anew with a lower "
                    + "--learning-rate (this run's is \(recipe.learningRate))", isFinal: true)
        }
        losses.append(Float(loss))
        progress.iteration += 1
    }

    /// Whether the model as it is now is one of those that the plan judges, and has not been judged.
    private var isJudgementDue: Bool {
        let (now, all, judgements) = (progress.iteration, plan.recipe.iterations, plan.recipe.judgements)
        guard now > 0, progress.judgements.last?.iteration != now else { return false }
        // So many in all, evenly, the last at the end; every step of a run that has fewer.
        return now * judgements / all > (now - 1) * judgements / all
    }

    private var isHopeless: Bool {
        plan.recipe.patience.map { progress.judgementsSinceBest >= $0 } ?? false
    }

    /// Judges where that is due; true where the run is to end instead, or amid the judgement.
    private func isStoppedOrJudged(_ hooks: TrainingHooks) throws -> Bool {
        if hooks.shouldStop() { return true }
        guard isJudgementDue else { return false }
        try judge(hooks)
        return isJudgementDue && hooks.shouldStop()
    }

    /// Judges the model as it is now, and keeps it where it is the best so far.
    private func judge(_ hooks: TrainingHooks) throws {
        let tensors = step.modelTensors()
        guard let error = try hooks.judge(tensors) else { return }
        let judgement = TrainingProgress.Judgement(iteration: progress.iteration, error: error)
        progress.judgements.append(judgement)
        guard error < progress.best?.error ?? .infinity else { return }
        (progress.best, best) = (judgement, tensors)
    }

    /// The checkpoint comes first: what is judged because of the interruption is no part of the run that goes on.
    private func interrupted(_ hooks: TrainingHooks) throws -> Outcome {
        if progress.iteration > 0 {
            try writeCheckpoint()
            if hooks.judgesWhenInterrupted, progress.judgements.last?.iteration != progress.iteration {
                try judge(hooks)
            }
        }
        return try outcome(.interrupted)
    }

    private func outcome(_ ending: Ending) throws -> Outcome {
        progress.seconds = seconds
        if ending != .interrupted { try writeCheckpoint() }
        return Outcome(ending: ending, progress: progress, losses: losses, tensors: best ?? step.modelTensors())
    }

    private func writeCheckpoint() throws {
        progress.seconds = seconds
        let checkpoint = Checkpoint(plan: plan, progress: progress, hidden: hidden, losses: losses, best: best)
        try checkpoint.write(step, path: checkpointPath)
    }

    private var seconds: Double { secondsBefore + (time.now() - began).seconds }

    private func reading() -> TrainingReading {
        let last = losses.suffix(50)
        var reading = TrainingReading(
            iteration: progress.iteration, iterations: plan.recipe.iterations,
            loss: last.reduce(0) { $0 + Double($1) } / Double(last.count), heldOut: progress.judgements.last?.error)
        let (done, spent) = (progress.iteration - iterationsBefore, (time.now() - began).seconds)
        if done > 1, spent > 0 {
            reading.framesPerSecond = Double(done * plan.recipe.batch * plan.recipe.window) / spent
            reading.secondsLeft = spent / Double(done) * Double(plan.recipe.iterations - progress.iteration)
        }
        return reading
    }
}
