public import Anomaly
import Capture
import Files
import FoundationEssentials
import Glibc
public import Model
import Pictures
import Video

/// `zanzo replay`: plays a clip through exactly what the daemon does with a camera, and shows what it would have said.
public struct Replay {
    /// What to play, and what to make of it.
    public struct Request: Sendable {
        /// The clip, as in a camera's `source`.
        public var clip: String
        /// The model's file.
        public var model: String
        /// How errors become scores; nil: as the model was calibrated, else the mean.
        public var method: ScoreMethod?
        /// The raw score that counts as 1.0; nil: the model's calibration.
        public var threshold: Double?
        /// Frames a second to score; nil: all.
        public var rate: Double?
        /// Where to write a line of JSON for each frame: a path, `-` for standard output, nil for nowhere.
        public var scores: String?
        /// Where to write the plot of the score over time.
        public var plot: String?
        /// Where to write the montage of the events, or of the clip where there was none.
        public var montage: String?
        /// Where the score is taken, and when an anomaly starts and ends.
        public var scoring = ScoringSettings()
        /// The arithmetic to score in.
        public var precision = Precision.auto
        /// Whether folders and strips, which carry no time, have `rate` frames a second; else 25.
        public var hasPicturesAtRate = false
        /// Whether a model that was calibrated for another method is an error, as it is to the daemon; else nothing is judged.
        public var mustFitCalibration = false
        /// What opens the clip.
        public var open = openCameraSource

        /// Plays `clip` with `model`.
        public init(clip: String, model: String) {
            self.clip = clip
            self.model = model
        }
    }

    /// An event as the daemon would have told it.
    public struct Found: Sendable, Hashable, Codable {
        /// The first frame over the line, counted from 1.
        public var startFrame: UInt64
        /// Seconds from the clip's start to it.
        public var start: Double
        /// Seconds from the clip's start to its end.
        public var end: Double
        /// Its highest score.
        public var peak: Double
        /// Why it ended.
        public var reason: String

        enum CodingKeys: String, CodingKey {
            case start = "start_s"
            case end = "end_s"
            case startFrame = "start_frame"
            case peak, reason
        }
    }

    /// What was seen.
    public struct Summary: Sendable, Hashable, Codable {
        /// Frames scored.
        public var frames: Int
        /// The clip's length in seconds.
        public var seconds: Double
        /// Mean and greatest raw score.
        public var meanRaw: Double
        /// The greatest raw score.
        public var maximumRaw: Double
        /// The raw score that is 1.0; nil without a calibration.
        public var threshold: Double?
        /// How frames were scored.
        public var method: String
        /// What would have been told; empty without a threshold.
        public var events: [Found]

        enum CodingKeys: String, CodingKey {
            case frames, seconds, threshold, method, events
            case meanRaw = "mean_raw"
            case maximumRaw = "maximum_raw"
        }
    }

    private let request: Request
    private let model: Model
    private let rule: AlarmRule

    /// Loads the model; throws where it, its calibration or the request can't be used.
    public init(_ request: Request) throws {
        self.request = request
        model = try Model(path: request.model, precision: request.precision)
        rule = AlarmRule(
            method: request.method, threshold: request.threshold, detector: request.scoring.detector,
            calibration: try model.calibration())
        if request.mustFitCalibration, let problem = rule.problem(of: request.model) {
            throw StartError(message: problem)
        }
    }

    /// Plays the clip; writes what was asked for.
    public func run() throws -> Summary {
        var specification = try SourceSpecification(parsing: request.clip)
        if request.hasPicturesAtRate, let rate = request.rate { specification = specification.withPictures(at: rate) }
        let source = request.open(specification)
        let output = try request.scores.map { try LineOutput(path: $0) }
        var detector = Detector(settings: rule.detector, rate: request.rate)
        var album = Album(size: model.topology.size)
        var progress = ProgressLine()
        var points: [ScorePoint] = []
        var events: [Found] = []
        var aspect = 1.0
        let scorer = ClipScorer(model: model, method: rule.method, rate: request.rate, scoring: request.scoring)
        try scorer.play(source) { frame in
            let score = rule.threshold.map { frame.raw / $0 }
            aspect = frame.aspect
            points.append(ScorePoint(index: frame.index, seconds: frame.time.seconds, raw: frame.raw, score: score))
            try output?.write(points[points.count - 1])
            if let score {
                let time = MonotonicTime(nanoseconds: frame.time.nanoseconds)
                note(detector.observe(score: score, frame: frame.index, time: time), detector, &events)
            }
            album.add(frame, score: score, isEvent: detector.isActive)
            progress.show(
                nil, "\(frame.index) frames, \(Int(saturating: frame.time.seconds)) s, \(events.count) events")
            return true
        }
        progress.clear()
        guard !points.isEmpty else {
            throw StartError(message: "\(specification): not one frame in it could be scored")
        }
        note(detector.interrupt(.stopped), detector, &events)
        try output?.close()
        let summary = summarise(points, events)
        if let path = request.plot { try writePicture(plot(points, events), path) }
        if let path = request.montage { try writePicture(album.draw(aspect: aspect, title: title), path) }
        return summary
    }

    private func note(_ transition: Transition?, _ detector: Detector, _ events: inout [Found]) {
        switch transition {
        case .start:
            events.append(
                Found(
                    startFrame: detector.startFrame, start: seconds(detector.startTime), end: 0, peak: 0, reason: ""))
        case .end(let reason):
            events[events.count - 1].end = seconds(detector.startTime) + detector.duration.seconds
            events[events.count - 1].peak = detector.peak
            events[events.count - 1].reason = reason.rawValue
        case .update, nil: break
        }
    }

    private func seconds(_ time: MonotonicTime) -> Double { (time - .zero).seconds }

    private func summarise(_ points: [ScorePoint], _ events: [Found]) -> Summary {
        Summary(
            frames: points.count, seconds: points.last?.seconds ?? 0,
            meanRaw: points.reduce(0) { $0 + $1.raw } / Double(points.count), maximumRaw: points.map(\.raw).max() ?? 0,
            threshold: rule.threshold, method: "\(rule.method)", events: events)
    }

    private func plot(_ points: [ScorePoint], _ events: [Found]) -> Canvas {
        var plot = ScorePlot(
            points: points.map { ScorePlot.Point(time: $0.seconds, score: $0.score ?? $0.raw) },
            threshold: rule.threshold == nil ? nil : 1, events: events.map { $0.start...max($0.start, $0.end) },
            title: title)
        plot.label = rule.threshold == nil ? "raw score, \(rule.method)" : "score, 1 is the alarm line"
        return Pictures.Evidence.plot(plot)
    }

    private var title: String { clipName(Redaction.shown(request.clip)) }

    private func writePicture(_ canvas: Canvas, _ path: String) throws {
        try AtomicFile.write(try PNG.encode(canvas), path: path)
    }
}

/// A clip's name, of what may be shown of it: its folders are nobody's business who sees the picture, and too long for it.
func clipName(_ clip: String) -> String {
    if clip.hasPrefix("synthetic:") { return clip }
    return clip.split(separator: "/").last.map(String.init) ?? clip
}
