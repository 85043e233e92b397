import Anomaly
import ArgumentParser
import Capture
import Model
import Offline
import Service
import Training

/// `zanzo train`.
struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train a model on a camera's own normal footage, find its alarm line, and say how good it is.",
        discussion: """
            Give it an hour or more in which nothing happens that you would want to be told of, at the rate at which the \
            camera will be scored. The end of each clip is not trained on: it gives the error, the alarm line and the report. \
            Ctrl-C ends with a usable model; --resume goes on as the run began, and refuses options that say otherwise.
            """)

    @Argument(
        help: """
            Normal footage: video files, folders of pictures, strips, a frame store; or a camera, with --record. - reads one \
            source from standard input, so that a password in it stands on no command line.
            """)
    var sources: [String]
    @Option(help: "The model's file to write; everything else is written beside it.")
    var out: String
    @Option(help: "How it is trained: stream or article. Default: stream.")
    var recipe: String?
    @Option(number: "About how long to train. Default: 30, for the recipe stream without --iterations.")
    var minutes: Double?
    @Option(number: "Steps to train. Default: 10000 for the recipe article.")
    var iterations: Int?
    @Option(help: "Record a camera for so long first: 90s, 30m, 1h, 1d.")
    var record: String?
    @Option(rate: "Frames a second to take. Default: that of --camera; else 5 of a camera, all of a file.")
    var rate: Double?
    @Option(help: "The file with the sources' user and password, as a camera's credentials.")
    var credentials: String?
    @Option(number: "Frames of each source to pass over first.")
    var skip = 0
    @Option(help: "The network's topology, a file of JSON. Default: a small one; the article's for its recipe.")
    var topology: String?
    @Option(number: "Frames of a window: how far errors are propagated back. Default: the recipe's.")
    var window: Int?
    @Option(number: "Windows of a step. Default: the recipe's.")
    var batch: Int?
    @Flag(help: "Carry the state from window to window, as the recipe stream does.")
    var carryState = false
    @Option(number: "The highest learning rate. Default: the recipe's.")
    var learningRate: Double?
    @Option(number: "The share of each clip's end that is not trained on, 0 to 0.5. Default: 0.125.")
    var holdOut: Double?
    @Option(number: "The seed of all randomness. Default: 1.")
    var seed: UInt64?
    @Option(number: "Threads. Default: one a processor, 8 at most.")
    var threads: Int?
    @Flag(help: "Go on with a recording or a training that was interrupted.")
    var resume = false
    @Option(help: "Steps after which a strip of input and reconstruction is drawn.")
    var stripsAt = "0,1000,5000,9000"
    @Option(number: "False alarms a day that you will bear.")
    var alertsPerDay = 2.0
    @OptionGroup var chosen: CameraOptions
    @Option(help: "How errors become scores: mean, or tiles:4x8. Default: the camera's; without --camera tiles:4x8.")
    var score: String?
    @Option(help: "How often an unfinished training is kept, to go on from.")
    var checkpointEvery = "3m"
    @Option(help: "A file by which trainings on this machine take turns, each with the same file.")
    var turn: String?
    @Flag(help: "For a program that looks on: progress as lines of JSON; where stopped, a checkpoint but no model.")
    var unattended = false
    @Flag(help: "Print the report as JSON.")
    var json = false

    /// sysexits.h: another try with the same footage would say the same.
    private static let badFootage = ExitCode(65)
    /// sysexits.h: what it was to write is there already.
    private static let alreadyThere = ExitCode(73)

    private static let before = "before the first step, so no model is written; begin again with --resume\n"

    private static let recipes = ["stream": Recipe.stream, "article": Recipe.article]

    func validate() throws {
        if sources.isEmpty { throw ValidationError("give it footage: zanzo train SOURCE… --out MODEL") }
        if let recipe, Self.recipes[recipe] == nil {
            throw ValidationError("--recipe \(recipe): it may be stream or article")
        }
        if minutes != nil, iterations != nil { throw ValidationError("give --minutes or --iterations, not both") }
        if let minutes, !(minutes > 0 && minutes <= 100_000) {
            throw ValidationError("--minutes \(minutes): it may be over 0, up to 100000")
        }
        if skip < 0 { throw ValidationError("--skip \(skip): frames are counted from 0") }
        if let holdOut, !(0...0.5).contains(holdOut) {
            throw ValidationError("--hold-out \(holdOut): it may be 0 to 0.5")
        }
        if let threads, !(1...64).contains(threads) { throw ValidationError("--threads \(threads): it may be 1 to 64") }
        if let record, Quantity.duration(record).map({ $0 <= .zero }) ?? true {
            throw ValidationError("--record \(record): write a time such as 90s, 30m or 1h")
        }
        try checkAlerts(perDay: alertsPerDay)
        if Quantity.duration(checkpointEvery).map({ $0 <= .zero }) ?? true {
            throw ValidationError("--checkpoint-every \(checkpointEvery): write a time such as 3m")
        }
        if strips == nil {
            throw ValidationError("--strips-at \(stripsAt): write numbers of steps, such as 0,1000,5000")
        }
        if let problem = chosenRecipe.problem { throw ValidationError(problem) }
    }

    func run() throws {
        StopRequest.listen(outlivesItsReader: unattended)
        let session = TrainingSession(
            try request(), tell: { StandardOutput.complain($0 + "\n") }, stage: { if unattended { Self.say($0) } })
        let outcome: TrainingSession.Outcome
        do {
            outcome = try session.run()
        } catch let error as TrainingError where unattended && error.isFinal {
            StandardOutput.complain("\(error)\n")
            throw Self.badFootage
        } catch let error as TrainingError where error.isFinished {
            StandardOutput.complain("\(error)\n")
            throw Self.alreadyThere
        }
        switch outcome {
        case .trained(let report) where unattended:
            guard report.calibration != nil else {
                StandardOutput.complain("\(report.warning ?? "no threshold")\n")
                throw Self.badFootage
            }
            Self.say(TrainingStage(.done))
        case .trained(let report):
            if json { return print(String(decoding: try JSONLine.encode(report), as: UTF8.self)) }
            print(TrainingReportText.lines(report).joined(separator: "\n"))
            print("look at \(session.reportPicture)")
        case .stoppedRecording(let frames, let path):
            StandardOutput.complain("stopped: \(counted(frames, "frame")) are kept in \(path); go on with --resume\n")
            throw ExitCode.failure
        case .stoppedTraining(let path):
            StandardOutput.complain("stopped: " + (path.map { "go on with --resume, from \($0)\n" } ?? Self.before))
            throw ExitCode.failure
        }
    }

    private static func say(_ stage: TrainingStage) {
        guard let line = try? JSONLine.encode(stage) else { return }
        print(String(decoding: line, as: UTF8.self))
        StandardOutput.flush()
    }

    private var strips: [Int]? {
        let numbers = stripsAt.split(separator: ",").map { Int($0) }
        return numbers.allSatisfy { ($0 ?? -1) >= 0 } ? numbers.compactMap { $0 } : nil
    }

    private var chosenRecipe: Recipe {
        var chosen = recipe.flatMap { Self.recipes[$0] } ?? .stream
        chosen.iterations = iterations ?? chosen.iterations
        chosen.window = window ?? chosen.window
        chosen.batch = batch ?? chosen.batch
        chosen.learningRate = learningRate ?? chosen.learningRate
        // Of so few steps, the first judgements say nothing of the last ones.
        if let iterations, iterations < 1000 { chosen.patience = nil }
        if carryState, !chosen.carriesState {
            (chosen.carriesState, chosen.dropProbability) = (true, Recipe.stream.dropProbability)
        }
        return chosen
    }

    private func stated(_ topology: Topology?) -> StatedPlan {
        var stated = StatedPlan()
        (stated.recipe, stated.topology, stated.carriesState) = (recipe, topology, carryState)
        (stated.iterations, stated.window, stated.batch) = (iterations, window, batch)
        (stated.learningRate, stated.holdOut, stated.seed) = (learningRate, holdOut, seed)
        return stated
    }

    private func request() throws -> TrainRequest {
        var request = TrainRequest(sources: sources, output: out)
        request.recipe = chosenRecipe
        request.minutes = minutes ?? (iterations == nil && recipe != "article" ? 30 : nil)
        let topology = try topology.map { try Topology(file: $0) }
        request.topology = topology ?? (recipe == "article" ? .article : .small)
        request.seed = seed ?? request.seed
        request.threads = threads
        request.record = record.flatMap { Quantity.duration($0) }
        let camera = try chosen.configured()
        if let camera { request.scoring = ScoringSettings(camera) }
        request.rate = rate ?? camera?.settings.rate
        if rate == nil { request.camera = camera?.name }
        request.credentials = try credentials.map { try CredentialsReference(argument: $0) }
        if sources == [HandedSource.argument] {
            let handed = try HandedSource.readStandardInput()
            request.handed = handed.source
            if camera == nil { request.scoring = handed.scoring }
        }
        (request.turn, request.isUnattended) = (turn, unattended)
        request.skip = skip
        request.holdOut = holdOut ?? request.holdOut
        request.resumes = resume
        request.stated = stated(topology)
        request.checkpointEvery = Quantity.duration(checkpointEvery) ?? request.checkpointEvery
        request.stripsAt = strips ?? []
        request.alertsPerDay = alertsPerDay
        request.method = try score.map { try ScoreMethod(parsing: $0) } ?? camera?.settings.method ?? request.method
        return request
    }
}
