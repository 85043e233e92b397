public import Anomaly
import Capture
public import Model
import Video

/// `zanzo calibrate`: finds the line above which a score is an anomaly, on normal footage, and writes it into the model.
public struct Calibrating {
    /// What to calibrate, on what.
    public struct Request: Sendable {
        /// The model's file; its metadata are replaced atomically.
        public var model: String
        /// Normal footage: files, picture folders, strips. Each is a clip of its own.
        public var sources: [String]
        /// Where the sources' user and password are; nil: they need none, or they stand in the address.
        public var credentials: CredentialsReference?
        /// False alarms that the user will bear.
        public var alertsPerDay = 2.0
        /// How errors become scores.
        public var method = ScoreMethod.standard
        /// Frames a second that the camera will be scored at; what folders and strips are taken to have.
        public var rate = 5.0
        /// Frames of each source to play and not to judge: what the model was trained on.
        public var skip = 0
        /// Frames to use of each source at most; nil: all (an endless source needs a number).
        public var maximumFrames: Int?
        /// Where the score is taken, and when an anomaly starts and ends.
        public var scoring = ScoringSettings()
        /// The arithmetic that the camera will be scored in.
        public var precision = Precision.auto
        /// What opens the footage.
        public var open = openCameraSource

        /// Calibrates `model` on `sources`.
        public init(model: String, sources: [String]) {
            self.model = model
            self.sources = sources
        }
    }

    private let request: Request

    /// A calibration to be made.
    public init(_ request: Request) { self.request = request }

    /// Scores the footage, fits the threshold, and writes it into the model's file.
    public func run() throws -> Calibration {
        let model = try Model(path: request.model, precision: request.precision)
        let sources = try request.sources.map {
            try SourceSpecification(parsing: $0).authorised(by: request.credentials).withPictures(at: request.rate)
        }
        try refuseEndless(sources, limit: request.maximumFrames)
        let scorer = ClipScorer(model: model, method: request.method, rate: request.rate, scoring: request.scoring)
        var progress = ProgressLine()
        var clips: [[Double]] = []
        for specification in sources {
            var scores: [Double] = []
            var skipped = 0
            try scorer.play(request.open(specification)) { frame in
                if skipped < request.skip {
                    skipped += 1
                    return true
                }
                scores.append(frame.raw)
                progress.show(
                    Double(clips.count) / Double(request.sources.count),
                    "\(specification): \(scores.count) frames, \(Int(saturating: frame.time.seconds)) s")
                return scores.count != request.maximumFrames
            }
            clips.append(scores)
        }
        progress.clear()
        let calibration = try Calibration.fit(
            clips: clips, rate: request.rate, alertsPerDay: request.alertsPerDay, detector: request.scoring.detector,
            method: request.method, created: SystemTime().utc())
        let json = try calibration.jsonString()
        try Safetensors.replaceMetadata(path: request.model) { $0[Calibration.metadataKey] = json }
        return calibration
    }
}

extension Calibration {
    /// Where a model file's metadata keep it.
    package static let metadataKey = "zanzo.calibration"
}

extension Model {
    /// The calibration that the file carries; nil where it was never calibrated. Throws where it can't be read.
    package func calibration() throws(StartError) -> Calibration? {
        guard let json = metadata[Calibration.metadataKey] else { return nil }
        do {
            return try Calibration(json: json)
        } catch {
            throw StartError(message: "\(path): \(error): calibrate it again with `zanzo calibrate`")
        }
    }
}
