import Glibc
import Model
import Testing
import Video

@testable import Training

/// The run loop with a step that notices everything.
@Suite struct TrainingRunTests {
    let folder: Folder
    let footage: Footage
    static let topology = Topology(size: 16, widths: [2, 2, 2, 2, 2], latent: 3, hidden: 5)

    init() throws {
        folder = try Folder()
        footage = Footage(store: try folder.store([60, 9, 30]), holdOut: 0.1)
    }

    static func recipe(_ recipe: Recipe, iterations: Int = 40) -> Recipe {
        var recipe = recipe
        (recipe.iterations, recipe.batch, recipe.window, recipe.judgements) = (iterations, 3, 4, 8)
        return recipe
    }

    func plan(_ recipe: Recipe) -> TrainingPlan {
        TrainingPlan(
            recipe: recipe, topology: Self.topology, seed: 11, holdOut: 0.1, fingerprint: footage.store.fingerprint)
    }

    func run(
        _ plan: TrainingPlan, _ step: FakeStep? = nil, time: SimulatedTime = SimulatedTime(),
        every: Duration = .seconds(60),
        pictures: Set<Int> = []
    ) throws -> TrainingRun {
        try TrainingRun(
            plan: plan, footage: footage, step: step ?? FakeStep(plan.recipe, plan.topology), time: time,
            checkpoint: folder.file("c"), checkpointEvery: every, picturesAt: pictures)
    }

    /// Held-out errors that follow from the weights: a restored run must judge alike.
    static func judge(_ tensors: [Safetensors.Tensor]) -> Double {
        Double(tensors[0].bytes.reduce(0) { ($0 &* 31 &+ Int($1)) % 1009 })
    }

    @Test(arguments: [(1, 20, 1), (7, 20, 7), (25, 20, 20), (40, 8, 8), (399, 20, 20), (40, 1, 1)])
    func judgementsAreAsManyAsThePlanSays(_ iterations: Int, _ judgements: Int, _ made: Int) throws {
        var recipe = Self.recipe(.article, iterations: iterations)
        recipe.judgements = judgements
        var hooks = TrainingHooks()
        hooks.judge = { Self.judge($0) }
        let places = try run(plan(recipe)).run(hooks).progress.judgements.map(\.iteration)
        #expect(places.count == made && places.last == iterations && places == places.sorted())
        let gaps = zip(places, [0] + places).map { $0 - $1 }
        #expect((gaps.max() ?? 0) - (gaps.min() ?? 0) <= 1)
    }

    /// A disk that is full for a while costs checkpoints, and not the run.
    @Test func aCheckpointThatCannotBeWrittenIsWarnedOf() throws {
        let folder = folder.file("later")
        let plan = plan(Self.recipe(.article))
        let run = try TrainingRun(
            plan: plan, footage: footage, step: FakeStep(plan.recipe, plan.topology), time: SimulatedTime(),
            checkpoint: folder + "/c", checkpointEvery: .zero)
        var (hooks, warnings) = (TrainingHooks(), [String]())
        hooks.warn = { line in
            warnings.append(line)
            if warnings.count == 3 { mkdir(folder, 0o755) }
        }
        #expect(try run.run(hooks).ending == .finished)
        #expect(warnings.count == 3 && warnings[0].hasPrefix("\(folder)/c: ") && warnings[0].contains("tries again"))
        #expect(try Checkpoint(path: folder + "/c").progress.iteration == plan.recipe.iterations)
    }

    @Test func theBestModelIsKeptAndTheRunEndsWhenItGetsNoBetter() throws {
        var recipe = Self.recipe(.stream, iterations: 400)
        (recipe.judgements, recipe.patience) = (40, 3)
        let errors = [5.0, 4, 6, 3, 3, 3.5, 7, 1, 1]
        var (asked, seen): (Int, [[UInt8]]) = (0, [])
        var hooks = TrainingHooks()
        hooks.judge = { tensors in
            seen.append(tensors[0].bytes)
            defer { asked += 1 }
            return errors[asked]
        }
        let outcome = try run(plan(recipe)).run(hooks)
        #expect(outcome.ending == .stoppedEarly && outcome.progress.iteration == 70)
        #expect(outcome.progress.best == .init(iteration: 40, error: 3))
        #expect(outcome.tensors[0].bytes == seen[3] && asked == 7)
    }

    @Test func picturesAndReadingsComeWhenTheyShould() throws {
        let time = SimulatedTime()
        var (drawn, readings): ([Int], [TrainingReading]) = ([], [])
        var hooks = TrainingHooks()
        hooks.draw = { iteration, _ in drawn.append(iteration) }
        hooks.show = { reading in
            time.advance(by: .seconds(2))
            readings.append(reading)
        }
        let step = FakeStep(Self.recipe(.article), Self.topology)
        (0..<40).forEach { step.losses[$0] = Double($0) }
        _ = try run(plan(step.recipe), step, time: time, pictures: [0, 3, 40, 99]).run(hooks)
        #expect(drawn == [0, 3, 40])
        #expect(readings.map(\.iteration) == Array(1...40))
        #expect(readings[0].loss == 0 && readings[2].loss == 1 && readings[39].loss == 19.5)
        #expect(readings[0].framesPerSecond == nil)
        #expect(readings[20].framesPerSecond == 21 * 12 / 40.0 && readings[20].secondsLeft == 40 / 21.0 * 19)
    }

    @Test func withoutHeldOutFramesTheLastModelIsTaken() throws {
        let outcome = try run(plan(Self.recipe(.stream))).run(TrainingHooks())
        #expect(outcome.progress.best == nil && outcome.progress.judgements.isEmpty && outcome.tensors.count == 1)
    }

    @Test(arguments: [Double.nan, .infinity]) func aLossThatIsNoNumberEndsItWithAWord(_ loss: Double) throws {
        let step = FakeStep(Self.recipe(.stream), Self.topology)
        step.losses[7] = loss
        let time = SimulatedTime()
        var hooks = TrainingHooks()
        hooks.show = { _ in time.advance(by: .seconds(1)) }
        let error = #expect(throws: TrainingError.self) {
            try run(plan(step.recipe), step, time: time, every: .seconds(3)).run(hooks)
        }
        // From there the run would come to the same step again.
        #expect(throws: ModelError.self) { try Checkpoint(path: folder.file("c")) }
        #expect(try Checkpoint(path: folder.file("c.bad")).progress.iteration == 6)
        #expect(error?.isFinal == true, "the same footage comes to the same end")
        #expect(error?.message.contains("iteration 8 ") == true && error?.message.contains("--learning-rate") == true)
    }

    @Test func settingsFollowTheRecipe() throws {
        let step = FakeStep(Self.recipe(.stream), Self.topology)
        _ = try run(plan(step.recipe), step).run(TrainingHooks())
        #expect(step.settings.map(\.usesBatchStatistics) == (0..<40).map { $0 < 32 })
        #expect(step.settings.map(\.learningRate).max() == 2e-3 && step.settings[0].gradientLimit == 1)
        let plain = FakeStep(Self.recipe(.article), Self.topology)
        _ = try run(plan(plain.recipe), plain).run(TrainingHooks())
        var article = StepSettings(learningRate: 1e-4)
        article.weightDecay = 1e-5
        #expect(plain.settings == Array(repeating: article, count: 40))
    }
}
