public import Anomaly
import Capture
import Files
import Glibc
import Model
import Pictures
import Service
import Video

/// `zanzo evaluate`: plays labelled clips through a model, and says how well its scores and its events tell what is
/// anomalous, beside frame difference at the same size.
public struct Evaluating {
    /// What to evaluate, on what.
    public struct Request: Sendable {
        /// The model's file.
        public var model: String
        /// The folder of clips and labels.
        public var data: String
        /// How errors become scores; nil: as the model was calibrated, else the mean.
        public var method: ScoreMethod?
        /// The raw score that is an anomaly; nil: the model's calibration.
        public var threshold: Double?
        /// Frames a second: of picture folders and strips, and to score of videos. nil: as the model was calibrated,
        /// else 25 and all.
        public var rate: Double?
        /// The folder for the plots, made where it is missing; nil: none.
        public var plots: String?
        /// When an anomaly starts and ends.
        public var detector = DetectorSettings()

        /// Evaluates `model` on the clips in the folder `data`.
        public init(model: String, data: String) {
            self.model = model
            self.data = data
        }
    }

    private let request: Request
    private let model: Model
    private let rule: AlarmRule
    private let rate: Double?
    private let clips: [LabelledClip]

    /// Frames a second of pictures where nothing says otherwise, as everywhere in Zanzo.
    static let pictureRate = 25.0

    /// Loads the model and looks for clips and labels; throws where one of them can't be used.
    public init(_ request: Request) throws {
        self.request = request
        model = try Model(path: request.model)
        let calibration = try model.calibration()
        rule = AlarmRule(
            method: request.method, threshold: request.threshold, detector: request.detector, calibration: calibration)
        rate = request.rate ?? calibration?.rate
        clips = try LabelledClip.find(in: request.data)
        if let folder = request.plots, mkdir(folder, 0o755) != 0, errno != EEXIST {
            throw StartError(message: "\(folder): \(String(cString: strerror(errno))): the plots have no place")
        }
    }

    /// Scores every clip; writes the plots that were asked for.
    public func run() throws -> EvaluationReport {
        let scorer = ClipScorer(model: model, method: rule.method, rate: rate)
        let pictureScorer = ClipScorer(model: model, method: rule.method, rate: nil)
        var progress = ProgressLine()
        var scored: [ScoredClip] = []
        for clip in clips {
            let share = Double(scored.count) / Double(clips.count)
            scored.append(
                try score(clip, clip.isPictures ? pictureScorer : scorer) { count in
                    progress.show(share, "\(clip.name): \(counted(count, "frame"))")
                })
        }
        progress.clear()
        let judge = rule.threshold.map { EventJudge(threshold: $0, settings: rule.detector) }
        let matches = judge?.matches(scored, \.scores)
        let report = report(scored, judge, matches)
        if let folder = request.plots { try draw(scored, report, matches, to: folder) }
        return report
    }

    private func score(_ clip: LabelledClip, _ scorer: ClipScorer, show: (Int) -> Void) throws -> ScoredClip {
        let specification = try SourceSpecification(parsing: "file:" + clip.path)
            .withPictures(at: rate ?? Self.pictureRate)
        let side = model.topology.size
        let baseline = FrameDifference(size: FrameSize(width: side, height: side), method: rule.method)
        var (scores, differences, labels): ([Double], [Double?], [Bool]) = ([], [], [])
        var last = Duration.zero
        let frames = try scorer.play(makeSource(specification, time: SystemTime())) { frame in
            guard frame.raw.isFinite else {
                throw StartError(
                    message:
                        "\(clip.path): frame \(frame.index) has the score \(frame.raw): "
                        + "\(request.model) is damaged")
            }
            scores.append(frame.raw)
            differences.append(baseline.score(frame.luma))
            // Too short a file of labels is said below, when it is known by how much.
            labels.append(clip.labels.map { Int(frame.index) <= $0.count && $0[Int(frame.index) - 1] } ?? false)
            last = frame.time
            show(scores.count)
            return true
        }
        if let count = clip.labels?.count, count != frames {
            throw StartError(
                message: "\(request.data)/\(clip.name).labels.txt: \(counted(count, "label")) for "
                    + "\(counted(Int(frames), "frame")) of \(clip.path): it takes one a frame")
        }
        guard !scores.isEmpty else { throw StartError(message: "\(clip.path): not one frame in it could be scored") }
        // A clip's first frame differs from nothing: it is as its second, which says nothing either way.
        let first = differences.count > 1 ? differences[1] ?? 0 : 0
        let measured = last > .zero ? Double(scores.count - 1) / last.seconds : Self.pictureRate
        return ScoredClip(
            name: clip.name, scores: scores, differences: differences.map { $0 ?? first }, labels: labels,
            rate: rate ?? (clip.isPictures ? Self.pictureRate : measured))
    }

    private func report(
        _ scored: [ScoredClip], _ judge: EventJudge?, _ matches: [EventMatch]?
    ) -> EvaluationReport {
        let results = ScoredClip.results(scored, \.scores)
        var baseline = ScoredClip.results(scored, \.differences)
        let events = judge.flatMap { judge in matches.map { judge.events(scored, $0) } }
        if let events {
            let line = EventJudge.atMost(
                events.falseAlarms, scored, \.differences, settings: request.detector)
            baseline.events = line.map { $0.events(scored, $0.matches(scored, \.differences)) }
        }
        let rates = Set(scored.map(\.rate))
        return EvaluationReport(
            model: request.model, data: request.data, method: "\(rule.method)",
            rate: rates.count == 1 ? rates.first : nil,
            frames: scored.reduce(0) { $0 + $1.scores.count },
            anomalous: scored.reduce(0) { $0 + $1.labels.count { $0 } },
            seconds: scored.reduce(0) { $0 + Double($1.scores.count) / $1.rate }, auc: results.auc,
            averagePrecision: results.averagePrecision, equalErrorRate: results.equalErrorRate, events: events,
            baseline: baseline,
            clips: scored.indices.map { index in
                let clip = scored[index]
                let match = matches?[index]
                return EvaluationReport.Clip(
                    name: clip.name, frames: clip.scores.count, anomalous: clip.labels.count { $0 },
                    auc: OperatingCurve(scores: clip.scores, labels: clip.labels).map { 100 * $0.area },
                    stretches: match?.stretches.count, found: match?.found, falseAlarms: match?.falseAlarms)
            })
    }

    private func draw(
        _ scored: [ScoredClip], _ report: EvaluationReport, _ matches: [EventMatch]?, to folder: String
    ) throws {
        if let roc = EvaluationPlots.roc(scored, report) {
            try AtomicFile.write(try PNG.encode(roc), path: folder + "/roc.png")
        }
        for (index, clip) in scored.enumerated() {
            let plot = EvaluationPlots.scores(
                clip, match: matches?[index], threshold: rule.threshold, method: rule.method)
            try AtomicFile.write(try PNG.encode(plot), path: "\(folder)/scores-\(clip.name).png")
        }
    }
}
