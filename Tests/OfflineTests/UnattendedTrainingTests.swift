import FoundationEssentials
import Glibc
import Model
import Testing
import Training
import Video

@testable import Offline

/// `zanzo train --unattended`, which is stopped at any time and started again after every end: what was trained is not lost,
/// and nothing that lies about is in its way for ever.
@Suite struct UnattendedTrainingTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    /// Of 700 frames at 5 a second, half of them held out: enough for an alarm line.
    private func request(_ iterations: Int = 30) -> TrainRequest {
        var request = TrainRequest(
            sources: ["synthetic:street?seed=3&rate=5&size=32x32&length=140"], output: place.file("m.safetensors"))
        (request.recipe.iterations, request.recipe.patience) = (iterations, nil)
        (request.recipe.batch, request.recipe.window) = (4, 4)
        request.topology = Workplace.topology
        (request.threads, request.holdOut, request.stripsAt) = (1, 0.5, [])
        (request.isUnattended, request.resumes) = (true, true)
        return request
    }

    /// What a session said, and how many steps it made.
    private final class Told {
        var stages: [TrainingStage] = []
        var lines: [String] = []
        let steps = StepCount()
        var atStage: (TrainingStage) -> Void = { _ in }
    }

    /// A session; the report, or nil where it was stopped.
    private func train(
        _ request: TrainRequest, _ told: Told = Told(), isRestorable: Bool = true,
        shouldStop: @escaping () -> Bool = { false }
    ) throws -> TrainingReport? {
        let (time, steps) = (SimulatedTime(), told.steps)
        let session = TrainingSession(
            request, time: time,
            make: { topology, seed, recipe, threads in
                let trainer = Trainer(topology, seed: seed, recipe: recipe, threads: threads)
                return WatchedStep(trainer, isRestorable: isRestorable) { steps.add() }
            }, shouldStop: shouldStop, tell: { told.lines.append($0) },
            stage: {
                told.stages.append($0)
                told.atStage($0)
            })
        switch try session.run() {
        case .trained(let report): return report
        case .stoppedTraining(let path):
            #expect((path != nil) == hasCheckpoint)
            return nil
        case .stoppedRecording:
            Issue.record("it was stopped while it read")
            return nil
        }
    }

    private var hasCheckpoint: Bool { place.exists("m.safetensors.checkpoint") }
    private func model() throws -> Data { try Data(contentsOf: URL(filePath: place.file("m.safetensors"))) }

    /// Stopped after every third step, on judgements and between them, and resumed: the same file, to the bit.
    @Test func stoppedAndResumedItEndsInTheSameBits() throws {
        #expect(try train(request()) != nil && !hasCheckpoint)
        let whole = try model()
        try FileManager.default.removeItem(atPath: place.file("m.safetensors"))
        var sessions = 0
        while sessions < 20 {
            let told = Told()
            sessions += 1
            if try train(request(), told, shouldStop: { told.steps.count >= 3 }) != nil { break }
            #expect(hasCheckpoint && !place.exists("m.safetensors") && told.steps.count == 3)
        }
        #expect(sessions == 11 && !hasCheckpoint)
        #expect(try model() == whole)
    }

    /// A stop that comes when all is trained: the calibration alone is made again, and an older model stays until then.
    @Test(arguments: [1, 40, 355]) func aStopAmidCalibrationLosesNothing(_ questions: Int) throws {
        #expect(try train(request()) != nil)
        let whole = try model()
        try Data("older".utf8).write(to: URL(filePath: place.file("m.safetensors")))
        let told = Told()
        var asked = 0
        let stopped = try train(request(), told) {
            if told.stages.last?.phase == .calibrating { asked += 1 }
            return asked >= questions
        }
        #expect(stopped == nil && hasCheckpoint && told.steps.count == 30)
        #expect(try model() == Data("older".utf8))
        let again = Told()
        #expect(try train(request(), again) != nil && again.steps.count == 0 && !hasCheckpoint)
        #expect(try model() == whole)
    }

    /// As above, where the calibration fails: here no file can be written where it wants to.
    @Test func aCalibrationThatFailsLosesNothing() throws {
        let obstacle = place.file("m.training/candidate.safetensors")
        try Data("older".utf8).write(to: URL(filePath: place.file("m.safetensors")))
        let told = Told()
        told.atStage = { stage in
            guard stage.phase == .calibrating else { return }
            try? FileManager.default.createDirectory(atPath: obstacle, withIntermediateDirectories: false)
        }
        #expect(throws: ModelError.self) { try train(request(), told) }
        #expect(hasCheckpoint && told.steps.count == 30)
        #expect(try model() == Data("older".utf8))
        try? FileManager.default.removeItem(atPath: obstacle)
        let again = Told()
        #expect(try train(request(), again)?.calibration != nil && again.steps.count == 0 && !hasCheckpoint)
    }

    /// No threshold: the next try finds the same in no time, and does not train the same again.
    @Test func withoutAThresholdNothingIsTrainedAgain() throws {
        var request = request()
        request.sources = [try place.strip("a.png", count: 700)]
        let first = Told()
        let report = try #require(try train(request, first))
        #expect(report.calibration == nil && hasCheckpoint && place.exists("m.safetensors"))
        #expect(first.lines.contains { $0.hasPrefix("350 frames held out, 14 s of them: too few for an alarm line") })
        let again = Told()
        #expect(try train(request, again)?.warning == report.warning && again.steps.count == 0 && hasCheckpoint)
        // Somebody who looks on gets a model, and is told.
        request.isUnattended = false
        #expect(try train(request)?.calibration == nil && !hasCheckpoint)
    }

    /// The number of steps is not guessed: a run that was stopped before it was known begins with it.
    @Test(arguments: [true, false]) func aStopAmidTheFirstStepsFixesNothing(_ isUnattended: Bool) throws {
        var request = request()
        (request.minutes, request.isUnattended) = (1, isUnattended)
        let told = Told()
        #expect(try train(request, told) { told.steps.count >= 2 } == nil)
        #expect(!hasCheckpoint && !place.exists("m.safetensors") && !place.exists("m.training/probe.checkpoint"))
        let before = Told()
        #expect(try train(request, before) { before.lines.contains { $0.contains(" ms a step") } } == nil)
        #expect(!hasCheckpoint, "nothing is lost before the first step")
    }

    /// Damaged, of another run, of other footage: it is kept, and the training begins anew. With somebody at the terminal it is
    /// theirs to decide.
    @Test(arguments: ["nonsense", "empty", "cut", "weights", "footage"])
    func aCheckpointThatCannotBeUsedIsNotInTheWay(_ fault: String) throws {
        let first = Told()
        #expect(try train(request(), first) { first.steps.count >= 12 } == nil && hasCheckpoint)
        let path = place.file("m.safetensors.checkpoint")
        let good = try Data(contentsOf: URL(filePath: path))
        var wanted = request()
        switch fault {
        case "nonsense": try Data("nonsense".utf8).write(to: URL(filePath: path))
        case "empty": try Data().write(to: URL(filePath: path))
        case "cut": try good.prefix(good.count / 2).write(to: URL(filePath: path))
        case "footage":
            try FileManager.default.removeItem(atPath: place.file("m.training/footage.frames"))
            wanted.sources = ["synthetic:street?seed=4&rate=5&size=32x32&length=140"]
        default: break
        }
        var attended = wanted
        attended.isUnattended = false
        #expect(throws: (any Error).self) { try train(attended, isRestorable: fault != "weights") }
        #expect(hasCheckpoint && !place.exists("m.safetensors"))
        let told = Told()
        #expect(try train(wanted, told, isRestorable: fault != "weights")?.training.iterations == 30)
        #expect(told.steps.count == 30 && !hasCheckpoint && place.exists("m.safetensors.checkpoint.bad"))
        #expect(told.lines.contains { $0.hasSuffix("checkpoint.bad now, and the training begins anew") })
    }

    @Test func twoRunsDoNotShareAPlace() throws {
        let files = TrainingFiles(model: place.file("m.safetensors"))
        try files.prepare()
        do {
            let other = try TrainingLock(files)
            let error = #expect(throws: TrainingError.self) { try train(request()) }
            #expect(error?.message.contains("another zanzo train is at work there") == true)
            withExtendedLifetime(other) {}
        }
        #expect(try train(request(1)) != nil)
    }

    /// The progress of calibrating goes over the squares that are tried as well, to its end.
    @Test func calibratingIsShownToItsEnd() throws {
        let told = Told()
        let time = SimulatedTime()
        let session = TrainingSession(
            request(1), time: time,
            shouldStop: {
                time.advance(by: .seconds(1))
                return false
            }, stage: { told.stages.append($0) })
        guard case .trained = try session.run() else {
            Issue.record("it was not trained")
            return
        }
        let shares = told.stages.filter { $0.phase == .calibrating }.compactMap(\.done)
        #expect(shares == shares.sorted() && shares.count > 350 && shares.first == 0)
        let (scored, last) = (350 / Double(350 + PatchTrial.frames), shares.last ?? 0)
        #expect(shares.contains { abs($0 - scored) < 1e-9 } && last > 0.9 && last <= 1)
    }
}
