import Anomaly
import FoundationEssentials
import Glibc
import Model
import Pictures
import Service
import Testing
import Training
import Video

@testable import Offline

/// `zanzo train` from sources to model and report, on a network and footage that take no time.
@Suite struct TrainingSessionTests {
    let place: Workplace
    let clips: [String]

    init() throws {
        place = try Workplace()
        clips = [try place.strip("a.png", count: 400), try place.strip("b.png", count: 300)]
    }

    func request(_ iterations: Int = 60) -> TrainRequest {
        var request = TrainRequest(sources: clips, output: place.file("m.safetensors"))
        request.recipe.iterations = iterations
        (request.recipe.batch, request.recipe.window) = (4, 4)
        request.topology = Workplace.topology
        (request.threads, request.holdOut, request.stripsAt) = (1, 0.5, [0, 30])
        return request
    }

    private func train(_ request: TrainRequest, shouldStop: @escaping () -> Bool = { false }) throws -> TrainingReport?
    {
        let session = TrainingSession(request, time: SimulatedTime(), shouldStop: shouldStop)
        guard case .trained(let report) = try session.run() else { return nil }
        return report
    }

    func stoppingAt(_ count: Int) -> () -> Bool {
        var asked = 0
        return {
            asked += 1
            return asked > count
        }
    }

    @Test func aModelIsTrainedCalibratedAndReported() throws {
        var request = request(300)
        request.sources = ["synthetic:street?seed=3&rate=5&size=32x32&length=140"]
        let report = try #require(try train(request))
        let model = try Model(path: place.file("m.safetensors"))
        #expect(model.topology == Workplace.topology)
        let record = try JSONDecoder().decode(
            TrainingRecord.self, from: Data(try #require(model.metadata["zanzo.training"]).utf8))
        #expect(record == report.training && record.ending == .finished && record.sources == request.sources)
        #expect(record.frames == 350 && record.heldOutFrames == 350 && record.rate == 5)
        #expect(record.lastLoss < 0.7 * record.firstLoss)
        let error = try #require(record.heldOutError)
        #expect(error > 0 && error < record.firstLoss)
        // Of these weights over all 350 frames, as the mean picture's; the judgement was over the same ones here.
        let judged = try #require(record.bestJudgement)
        #expect(abs(error / judged - 1) < 1e-4)
        let mean = try #require(record.errorOfMeanPicture)
        #expect(mean > 0 && report.verdict == (error < mean ? .useful : .worthless))
        // What a daemon, which knows nothing of training, reads of it.
        #expect(model.trainingSummary == record.summary && record.summary.sources == request.sources)
        let calibration = try Calibration(json: try #require(model.metadata["zanzo.calibration"]))
        #expect(calibration == report.calibration && calibration.threshold > 0)
        #expect(report.alerts.map { $0.low <= $0.perDay && $0.perDay <= $0.high } == true)
        #expect(report.histogram.counts.reduce(0, +) == report.scoredFrames && report.scoredFrames == 350)
        #expect(report.detectable.map(\.pixels) == [1, 2, 3, 4, 5])
        for name in ["loss.png", "report.png", "strip-000000.png", "strip-000030.png"] {
            let bytes = Array(try Data(contentsOf: URL(filePath: place.file("m.training/" + name))))
            #expect(try PNG.decode(bytes).width > 200)
        }
        let stored = try Data(contentsOf: URL(filePath: place.file("m.training/report.json")))
        #expect(try JSONDecoder().decode(TrainingReport.self, from: stored).training == record)
        #expect(!place.exists("m.safetensors.checkpoint") && !place.exists("m.training/candidate.safetensors"))
        #expect(TrainingReportText.lines(report).count >= 7)
    }

    /// A word that asks to keep something does not cost a finished model.
    @Test func aFinishedRunIsNotBegunAnewByResume() throws {
        _ = try train(request())
        let whole = try Data(contentsOf: URL(filePath: place.file("m.safetensors")))
        var again = request()
        again.resumes = true
        let error = #expect(throws: TrainingError.self) { try train(again) }
        let words = "is finished (recipe stream, 60 steps), there is nothing to go on with"
        #expect(error?.message.contains(words) == true && error?.isFinished == true, "\(String(describing: error))")
        // Another run on the same frames is not the one that was asked for, and its model stays all the same.
        again.recipe.iterations = 90
        #expect(#expect(throws: TrainingError.self) { try train(again) }?.isFinished == false)
        again.recipe.iterations = 60
        #expect(try Data(contentsOf: URL(filePath: place.file("m.safetensors"))) == whole)
        // The same frames as a source by themselves are no other footage.
        again.sources = [place.file("m.training/footage.frames")]
        #expect(throws: TrainingError.self) { try train(again) }
        again.resumes = false
        #expect(try train(again) != nil)
    }

    /// The model and its report after an interruption and a resumption are those of a run that was left alone.
    @Test(arguments: [1, 17, 42]) func aResumedRunGivesTheSameModel(_ stop: Int) throws {
        _ = try train(request())
        let whole = try Data(contentsOf: URL(filePath: place.file("m.safetensors")))
        // Frames are asked for too while they are read.
        let interrupted = try #require(try train(request(), shouldStop: stoppingAt(705 + stop)))
        #expect(interrupted.training.ending == .interrupted && place.exists("m.safetensors.checkpoint"))
        #expect((1..<60).contains(interrupted.training.iterations))
        _ = try Model(path: place.file("m.safetensors"))
        var again = request()
        again.resumes = true
        for clip in clips { try FileManager.default.removeItem(atPath: clip) }
        #expect(try train(again)?.training.ending == .finished)
        #expect(try Data(contentsOf: URL(filePath: place.file("m.safetensors"))) == whole)
    }

    /// Its model is usable and not what was asked for: without its checkpoint it is trained anew, and not said to be finished.
    @Test func anInterruptedRunIsNotFinished() throws {
        _ = try train(request(), shouldStop: stoppingAt(720))
        try FileManager.default.removeItem(atPath: place.file("m.safetensors.checkpoint"))
        var again = request()
        again.resumes = true
        #expect(try train(again)?.training.ending == .finished)
    }

    private static let contradictions: [(@Sendable (inout StatedPlan) -> Void, String, String)] = [
        ({ $0.recipe = "article" }, "--recipe article: the run in", "began with stream: leave --recipe out"),
        ({ $0.iterations = 61 }, "--iterations 61", "began with 60"), ({ $0.window = 8 }, "--window 8", "with 4"),
        ({ $0.batch = 12 }, "--batch 12", "with 4"), ({ $0.learningRate = 0.5 }, "--learning-rate 0.5", "0.002"),
        ({ $0.holdOut = 0.25 }, "--hold-out 0.25", "with 0.5"), ({ $0.seed = 2 }, "--seed 2", "began with 1:"),
        ({ $0.topology = .small }, #"--topology {"#, #"began with {"#),
    ]

    /// What a checkpoint was begun with stays; who asks for something else is told which option, and what it was.
    @Test(arguments: contradictions)
    func aResumedRunRefusesWhatItDidNotBeginWith(
        _ state: @Sendable (inout StatedPlan) -> Void, _ said: String, _ begun: String
    ) throws {
        _ = try train(request(), shouldStop: stoppingAt(720))
        var again = request()
        again.resumes = true
        state(&again.stated)
        let error = try #require(#expect(throws: TrainingError.self) { try train(again) })
        #expect(error.message.hasPrefix(said) && error.message.contains(begun), "\(error)")
        #expect(
            error.message.contains(place.file("m.safetensors.checkpoint")) && place.exists("m.safetensors.checkpoint"))
        // What it began with may be said again.
        again.stated = StatedPlan()
        (again.stated.recipe, again.stated.iterations, again.stated.window) = ("stream", 60, 4)
        (again.stated.batch, again.stated.seed, again.stated.holdOut) = (4, 1, 0.5)
        (again.stated.topology, again.stated.carriesState) = (Workplace.topology, true)
        #expect(try train(again)?.training.ending == .finished)
    }

    @Test func anUnfinishedRunIsNotOverwritten() throws {
        _ = try train(request(), shouldStop: stoppingAt(720))
        let error = #expect(throws: TrainingError.self) { try train(request()) }
        #expect(error?.message.contains("--resume") == true && error?.message.contains(".checkpoint") == true)
    }

    @Test func aRecordingIsNotOverwritten() throws {
        var camera = request()
        camera.sources = ["synthetic:street?size=32x32"]
        camera.record = .seconds(60)
        #expect(try train(camera, shouldStop: stoppingAt(40)) == nil)
        let kept = try FrameStore(path: place.file("m.training/footage.frames")).frameCount
        #expect(kept > 5)
        let error = #expect(throws: TrainingError.self) { try train(camera) }
        #expect(error?.message.contains("\(kept) frame") == true && error?.message.contains("--resume") == true)
        camera.resumes = true
        #expect(try train(camera)?.training.frames == 150)
    }

    /// A frame store is trained on as it is: what would change it is refused, what agrees with it may be said.
    @Test func aStoreAsTheSourceRefusesWhatItCannotGive() throws {
        _ = try train(request())  // strips of 25 frames a second
        var again = request()
        (again.sources, again.output) = ([place.file("m.training/footage.frames")], place.file("n.safetensors"))
        for (option, said, change) in [
            ("--record", "recorded already", { $0.record = .seconds(60) }),
            ("--skip 5", "as a whole", { $0.skip = 5 }),
            ("--rate 5.0", "with 25 frames a second", { $0.rate = 5 }),
        ] as [(String, String, (inout TrainRequest) -> Void)] {
            var other = again
            change(&other)
            let error = try #require(#expect(throws: TrainingError.self) { try train(other) })
            #expect(
                error.message.hasPrefix("\(option): \(again.sources[0]) ") && error.message.contains(said), "\(error)")
            #expect(error.message.hasSuffix(": leave \(option.prefix { $0 != " " }) out, or record anew with it"))
            #expect(!place.exists("n.safetensors"))
        }
        again.rate = 25
        #expect(try train(again)?.training.frames == 350)
    }

    @Test func minutesBecomeSteps() throws {
        var timed = request()
        (timed.minutes, timed.recipe.patience) = (0.5, nil)
        let time = SimulatedTime()
        let make: TrainingSession.StepMaker = { topology, seed, recipe, threads in
            WatchedStep(Trainer(topology, seed: seed, recipe: recipe, threads: threads)) {
                time.advance(by: .milliseconds(500))
            }
        }
        var told: [String] = []
        let session = TrainingSession(
            timed, time: time, make: make, shouldStop: { false }, tell: { told.append($0) })
        guard case .trained(let report) = try session.run() else { return }
        #expect(report.training.iterations == 54)  // 0.5 s a step, nine tenths of 30 s
        #expect(told.contains("500 ms a step: 54 steps in about 0.5 min"))
    }

    @Test func aStepThatNoMemoryHoldsIsRefusedAtOnce() throws {
        var huge = request()
        (huge.recipe.batch, huge.recipe.window, huge.topology) = (1024, 256, .article)
        let error = #expect(throws: TrainingError.self) { try train(huge) }
        #expect(error?.message.contains("GiB of memory") == true && error?.message.contains("--batch") == true)
    }

    @Test func tooLittleIsRefused() throws {
        var little = request()
        little.sources = [try place.strip("c.png", count: 40)]
        let error = #expect(throws: TrainingError.self) { try train(little) }
        #expect(error?.message.hasPrefix("20 frames to train on: it takes 100") == true)
        #expect(!place.exists("m.safetensors"))
    }

    @Test func aFewHeldOutFramesGiveAModelWithoutALine() throws {
        var few = request()
        few.holdOut = 0.05
        let report = try #require(try train(few))
        #expect(report.calibration == nil && report.detectable.isEmpty)
        #expect(report.warning?.hasPrefix("no threshold: ") == true)
        var none = request()
        none.holdOut = 0
        let bare = try #require(try train(none))
        #expect(bare.training.heldOutError == nil && bare.scoredFrames == 0)
        #expect(try Model(path: place.file("m.safetensors")).metadata["zanzo.calibration"] == nil)
    }

    @Test(arguments: ["", "/", "/proc/none/m.safetensors", "/proc/m.safetensors"])
    func aPlaceThatCannotBeWrittenIsSaidAtOnce(_ path: String) throws {
        var lost = request()
        lost.output = path
        let error = #expect(throws: TrainingError.self) { try train(lost) }
        #expect(error?.message.contains("--out \(path)") == true || error?.message.contains(path) == true)
    }

    @Test(
        arguments: [
            ("{}", "is no topology"), ("nonsense", "is no topology"),
            (#"{"size":20,"channels":1,"widths":[1,1,1,1,1],"latent":1,"hidden":1}"#, "multiple of 16"),
        ])
    func topologiesAreChecked(_ text: String, _ word: String) throws {
        try Data(text.utf8).write(to: URL(filePath: place.file("t.json")))
        let error = #expect(throws: TrainingError.self) { try Topology(file: place.file("t.json")) }
        #expect(error?.message.contains(word) == true && error?.message.hasPrefix(place.file("t.json")) == true)
        #expect(throws: TrainingError.self) { try Topology(file: place.file("none.json")) }
        // With the byte-order mark that an editor may have put before it.
        try Data(("\u{FEFF}" + Topology.article.json).utf8).write(to: URL(filePath: place.file("t.json")))
        #expect(try Topology(file: place.file("t.json")) == .article)
    }

    /// What the daemon reads of a camera that learns.
    @Test func stagesComeInOrder() throws {
        var stages: [TrainingStage] = []
        var request = request()
        request.turn = place.file("turn")
        let time = SimulatedTime()
        let session = TrainingSession(
            request, time: time,
            shouldStop: {
                time.advance(by: .seconds(1))
                return false
            }, stage: { stages.append($0) })
        guard case .trained = try session.run() else {
            Issue.record("it was not trained")
            return
        }
        #expect(stages.first == TrainingStage(.training, done: 0))
        let training = stages.filter { $0.phase == .training }
        #expect(training.count > 10 && training.compactMap(\.done) == training.compactMap(\.done).sorted())
        #expect(training.dropFirst().allSatisfy { $0.loss.map { $0 > 0 } == true })
        #expect(stages.last?.phase == .calibrating)
        let line = String(decoding: try JSONLine.encode(TrainingStage(.calibrating, done: 0.5)), as: UTF8.self)
        #expect(line == #"{"done":0.5,"phase":"calibrating"}"#)
    }

    @Test func oneThatWaitsForItsTurnCanBeStopped() throws {
        var request = request()
        request.turn = place.file("turn")
        let other = try TrainingTurn(path: request.turn) { false }
        var stages: [TrainingStage] = []
        let session = TrainingSession(
            request, time: SimulatedTime(), shouldStop: { stages.last?.phase == .waiting }, stage: { stages.append($0) }
        )
        guard case .stoppedTraining = try session.run() else {
            Issue.record("it did not wait")
            return
        }
        #expect(stages == [TrainingStage(.waiting)])
        withExtendedLifetime(other) {}
    }
}
