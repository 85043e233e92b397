public import Anomaly
public import Capture
import FoundationEssentials
public import Model
import Pictures
public import Service
public import Training

/// What `zanzo train` is asked.
public struct TrainRequest: Sendable {
    /// Footage: video files, picture folders, strips, a frame store, or a live camera with `record`.
    public var sources: [String]
    /// The model file to write.
    public var output: String
    /// How the model is trained; its iterations count where `minutes` is nil.
    public var recipe = Recipe.stream
    /// How long to train, about: becomes a number of iterations by the speed of the first steps.
    public var minutes: Double?
    /// The network's shape.
    public var topology = Topology.small
    /// All randomness follows from it.
    public var seed: UInt64 = 1
    /// Threads that train; nil: as many as the machine has, up to 8.
    public var threads: Int?
    /// How long to record a live camera first.
    public var record: Duration?
    /// Frames a second to take of the sources; nil: all of a file's, 5 of a camera's. A frame store has to have as many.
    public var rate: Double?
    /// The camera of the configuration whose rate that is; nil where it was asked for by itself.
    public var camera: String?
    /// Where the sources' user and password are.
    public var credentials: CredentialsReference?
    /// Frames of each source to pass over first.
    public var skip = 0
    /// The share of each clip's end that is not trained on, 0…0.5.
    public var holdOut = 0.125
    /// Whether to go on with what an interrupted run left behind.
    public var resumes = false
    /// What was asked for in so many words: a run that goes on has to have begun with it.
    public var stated = StatedPlan()
    /// How often an unfinished run is kept.
    public var checkpointEvery = Duration.seconds(180)
    /// Iterations at which a strip of input and reconstruction is drawn.
    public var stripsAt = [0, 1000, 5000, 9000]
    /// False alarms a day that the user will bear.
    public var alertsPerDay = 2.0
    /// How errors become scores.
    public var method = ScoreMethod.standard
    /// The source that `HandedSource.argument` stands for: another process has handed it over.
    public var handed: SourceSpecification?
    /// By what the camera is scored: the alarm line is to hold for it.
    public var scoring = ScoringSettings()
    /// The file by which trainings on one machine take turns; nil: it does not wait for others.
    public var turn: String?
    /// Whether a program looks on, which will start it again: where it is stopped it leaves a checkpoint, and no model.
    public var isUnattended = false

    /// Trains on `sources`, writes `output`.
    public init(sources: [String], output: String) { (self.sources, self.output) = (sources, output) }

    /// What is asked of `store`, named as the only source, that it can't give: its frames are taken as they are, because the run's
    /// fingerprint and its held-out end are those of all of them. Nil where nothing is.
    func problem(ofSource store: FrameStore) -> String? {
        func line(_ option: String, _ reason: String) -> String {
            let name = option.prefix { $0 != " " }
            return "\(option): \(store.path) \(reason): leave \(name) out, or record anew with it"
        }
        if record != nil { return line("--record", "is recorded already, and no more is") }
        if skip > 0 { return line("--skip \(skip)", "is a frame store, which is trained on as a whole") }
        // What was asked of a camera is its rate too, whatever it gave; one frame between two reconnects has none of its own.
        guard let rate, !store.sessions.allSatisfy({ $0.rate == rate }) else { return nil }
        let given = Footage(store: store, holdOut: 0).rate
        if abs(given - rate) <= 0.05 * rate { return nil }
        let has = "is a frame store with \(NumberText.short(given, digits: 4)) frames a second"
        guard let camera else { return line("--rate \(rate)", has) }
        return "--camera \(camera): \(store.path) \(has), and the camera is scored at \(rate): record anew, or say "
            + "--rate \(NumberText.short(given, digits: 4)) to train on it all the same"
    }
}

extension Topology {
    /// The network for a new camera: a twelfth of the article's work a frame, and good enough for one fixed scene.
    public static let small = Topology(size: 64, widths: [8, 16, 32, 64, 64], latent: 32, hidden: 64)

    /// The longest file that is read: a topology has about 100 bytes.
    private static let longestFile = 65_536

    /// Reads a topology's file: JSON as in a model file's metadata. Throws where it can't be read or the topology can't be run.
    public init(file path: String) throws(TrainingError) {
        let bytes: [UInt8]
        do throws(FileFault) {
            bytes = try BoundedFile.readText(path, limit: Self.longestFile)
        } catch {
            throw TrainingError("\(path): \(error.message)")
        }
        guard let topology = try? JSONDecoder().decode(Topology.self, from: Data(bytes)) else {
            throw TrainingError("\(path): is no topology; write one such as \(Topology.article.json)")
        }
        if let problem = topology.problem { throw TrainingError("\(path): \(problem)") }
        self = topology
    }
}
