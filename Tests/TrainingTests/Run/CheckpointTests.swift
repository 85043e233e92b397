import Glibc
import Model
import Testing
import Video

@testable import Training

/// Interrupted anywhere, a run goes on to the same bits; from what is no checkpoint of it, it does not go on.
extension TrainingRunTests {
    /// With a judgement of what the interruption leaves, and without: where one is due at that step (5, 40), the rest makes it.
    @Test(
        arguments: ["stream", "article"],
        [(0, true), (1, false), (4, true), (5, true), (5, false), (13, true), (39, false), (40, true), (40, false)])
    func anInterruptedRunGoesOnToTheSameBits(_ name: String, _ interruption: (stop: Int, isJudged: Bool)) throws {
        let stop = interruption.stop
        var recipe = Self.recipe(name == "stream" ? .stream : .article)
        recipe.patience = nil
        let plan = plan(recipe)
        var hooks = TrainingHooks()
        hooks.judge = { Self.judge($0) }
        let whole = try run(plan).run(hooks)
        #expect(whole.ending == .finished && whole.losses.count == 40 && whole.progress.judgements.count == 8)
        unlink(folder.file("c"))

        var count = 0
        var stopping = hooks
        stopping.shouldStop = { count >= stop }
        stopping.judgesWhenInterrupted = interruption.isJudged
        stopping.show = { _ in count += 1 }
        let first = try run(plan).run(stopping)
        #expect(first.ending == .interrupted && first.progress.iteration == stop)
        #expect((first.progress.judgements.last?.iteration == stop) == (interruption.isJudged && stop > 0))
        let second = try run(plan)
        if stop == 0 {
            // Nothing is lost, and a plan that was made in a hurry is not kept.
            #expect(throws: ModelError.self) { try Checkpoint(path: folder.file("c")) }
        } else {
            let checkpoint = try Checkpoint(path: folder.file("c"))
            #expect(checkpoint.plan == plan && checkpoint.progress.iteration == stop)
            #expect(checkpoint.progress.judgements.allSatisfy { $0.iteration < stop })
            try second.resume(checkpoint)
        }
        let rest = try second.run(hooks)
        #expect(rest.ending == .finished && rest.losses == whole.losses)
        #expect(rest.tensors.map(\.bytes) == whole.tensors.map(\.bytes))
        #expect(rest.progress.judgements == whole.progress.judgements && rest.progress.best == whole.progress.best)
    }

    /// A stop that cuts a judgement short: it is made when the run goes on.
    @Test(arguments: [5, 20, 40]) func aJudgementThatIsCutShortIsMadeAgain(_ stop: Int) throws {
        var recipe = Self.recipe(.stream)
        recipe.patience = nil
        let plan = plan(recipe)
        var hooks = TrainingHooks()
        hooks.judge = { Self.judge($0) }
        let whole = try run(plan).run(hooks)
        var (count, isTold) = (0, false)
        var stopping = hooks
        stopping.judgesWhenInterrupted = false
        stopping.show = { _ in count += 1 }
        stopping.shouldStop = { isTold }
        stopping.judge = { tensors in
            isTold = count == stop
            return isTold ? nil : Self.judge(tensors)
        }
        let first = try run(plan).run(stopping)
        #expect(first.ending == .interrupted && first.progress.iteration == stop)
        let second = try run(plan)
        try second.resume(try Checkpoint(path: folder.file("c")))
        let rest = try second.run(hooks)
        #expect(rest.tensors.map(\.bytes) == whole.tensors.map(\.bytes))
        #expect(rest.progress.judgements == whole.progress.judgements && rest.progress.best == whole.progress.best)
    }

    /// After the end there is a checkpoint too: what comes after the training may fail, and the training is not made again.
    @Test(arguments: [false, true]) func aRunThatHasEndedIsNotMadeAgain(_ endsEarly: Bool) throws {
        var recipe = Self.recipe(.stream)
        recipe.patience = endsEarly ? 2 : nil
        let plan = plan(recipe)
        var (hooks, asked) = (TrainingHooks(), 0.0)
        hooks.judge = { _ in
            asked += 1
            return asked
        }
        let first = try run(plan).run(hooks)
        #expect(first.ending == (endsEarly ? .stoppedEarly : .finished))
        let step = FakeStep(plan.recipe, plan.topology)
        let second = try run(plan, step)
        try second.resume(try Checkpoint(path: folder.file("c")))
        hooks.judge = { _ in throw TrainingError("nothing is left to judge") }
        let again = try second.run(hooks)
        #expect(again.ending == first.ending && again.progress == first.progress && step.settings.isEmpty)
        #expect(again.tensors.map(\.bytes) == first.tensors.map(\.bytes) && again.losses == first.losses)
    }

    /// What a kill leaves behind is the last checkpoint; the run repeats what came after it.
    @Test func aRunThatDiesRepeatsWhatIsLost() throws {
        struct Death: Error {}
        let plan = plan(Self.recipe(.stream))
        var hooks = TrainingHooks()
        hooks.judge = { Self.judge($0) }
        let whole = try run(plan).run(hooks)
        let time = SimulatedTime()
        var dying = hooks
        dying.show = { _ in time.advance(by: .seconds(1)) }
        dying.judge = { tensors in
            if time.now() - .zero >= .seconds(20) { throw Death() }
            return Self.judge(tensors)
        }
        #expect(throws: Death.self) { try run(plan, time: time, every: .seconds(7)).run(dying) }
        let checkpoint = try Checkpoint(path: folder.file("c"))
        #expect(checkpoint.progress.iteration == 14 && checkpoint.progress.seconds == 14)
        let second = try run(plan)
        try second.resume(checkpoint)
        let rest = try second.run(hooks)
        #expect(rest.losses == whole.losses && rest.tensors.map(\.bytes) == whole.tensors.map(\.bytes))
    }

    @Test func anotherRunsCheckpointIsRefused() throws {
        let first = plan(Self.recipe(.stream))
        var (hooks, count) = (TrainingHooks(), 0)
        hooks.show = { _ in count += 1 }
        hooks.shouldStop = { count == 2 }
        _ = try run(first).run(hooks)
        var other = first
        other.seed = 12
        let checkpoint = try Checkpoint(path: folder.file("c"))
        #expect(throws: TrainingError.self) { try run(other).resume(checkpoint) }
        other = first
        other.fingerprint ^= 1
        #expect(throws: TrainingError.self) { try run(other) }
        let short = Footage(store: try folder.store([3, 2], name: "s"), holdOut: 0)
        other.fingerprint = short.store.fingerprint
        let error = #expect(throws: TrainingError.self) {
            try TrainingRun(
                plan: other, footage: short, step: FakeStep(other.recipe, other.topology), time: SimulatedTime(),
                checkpoint: folder.file("d"))
        }
        #expect(error?.message.contains("longer clips") == true)
    }

    /// A checkpoint's words are checked before anything is made by them.
    @Test func aCheckpointOfAnImpossiblePlanIsRefused() throws {
        let plans: [(inout TrainingPlan) -> Void] = [
            { $0.holdOut = 0.7 }, { $0.holdOut = -0.1 }, { $0.recipe.batch = 0 }, { $0.recipe.judgements = 0 },
            { $0.recipe.patience = 0 }, { $0.recipe.dropProbability = 2 }, { $0.recipe.noise = -1 },
            { $0.recipe.gradientLimit = -1 }, { $0.topology.size = 20 },
        ]
        for change in plans {
            var wrong = plan(Self.recipe(.stream))
            change(&wrong)
            let hidden = [Float](repeating: 0, count: max(0, wrong.recipe.batch * wrong.topology.hidden))
            try Checkpoint(plan: wrong, progress: TrainingProgress(), hidden: hidden, losses: [], best: nil)
                .write(FakeStep(wrong.recipe, wrong.topology), path: folder.file("c"))
            let error = #expect(throws: ModelError.self) { try Checkpoint(path: folder.file("c")) }
            #expect(error?.message.hasSuffix("remove it and begin anew") == true)
            #expect(wrong.problem.map { error?.message.contains($0) == true } == true)
        }
    }

    /// Weights of one run beside the progress of another, as two processes at one place once could write them.
    @Test func weightsOfAnotherStepAreRefused() throws {
        let plan = plan(Self.recipe(.stream))
        var progress = TrainingProgress()
        progress.iteration = 3
        let hidden = [Float](repeating: 0, count: plan.recipe.batch * plan.topology.hidden)
        let checkpoint = Checkpoint(plan: plan, progress: progress, hidden: hidden, losses: [1, 1, 1], best: nil)
        try checkpoint.write(FakeStep(plan.recipe, plan.topology), path: folder.file("c"))
        let error = #expect(throws: TrainingError.self) {
            try run(plan).resume(try Checkpoint(path: folder.file("c")))
        }
        #expect(error?.message.contains("after step 0, its progress is that after step 3") == true)
    }

    @Test func whatIsNoCheckpointIsNamed() throws {
        try Safetensors.write(path: folder.file("m"), tensors: [Safetensors.Tensor(name: "a", shape: [1], values: [1])])
        try folder.write([1, 2, 3], "n")
        for name in ["m", "n", "none"] {
            let error = #expect(throws: ModelError.self) { try Checkpoint(path: folder.file(name)) }
            #expect(error?.path == folder.file(name))
        }
    }
}
