import Anomaly
import Files
import FoundationEssentials
import Model
import Pictures
import Service
import Training
import Video

extension TrainingSession {
    /// Held-out frames that are judged while training goes on.
    private static let judgedFrames = 2000

    /// The held-out error in the daemon's own arithmetic: of the file that these tensors make. Nil where nothing is held out, or
    /// where it was told to stop meanwhile, unattended.
    func judge(_ tensors: [Safetensors.Tensor], _ plan: TrainingPlan, _ footage: Footage) throws -> Double? {
        let reconstructor = Reconstructor(model: try candidate(tensors, plan), threads: threads)
        return HeldOut(footage).error(reconstructor, limit: Self.judgedFrames) { isToldToLeave }
    }

    /// Input above, reconstruction below, by a model of these tensors.
    func strip(
        _ tensors: [Safetensors.Tensor], _ plan: TrainingPlan, _ footage: Footage, iteration: Int, loss: Double?
    ) throws -> Canvas {
        let reconstructor = Reconstructor(model: try candidate(tensors, plan), threads: threads)
        let title = "step \(iteration)" + (loss.map { ", loss \(NumberText.short($0))" } ?? "")
        return RebuiltStrip.draw(reconstructor, footage, title: title)
    }

    private func candidate(_ tensors: [Safetensors.Tensor], _ plan: TrainingPlan) throws -> Model {
        let path = files.file("candidate.safetensors")
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Safetensors.write(path: path, tensors: tensors, metadata: [Topology.metadataKey: plan.topology.json])
        return try Model(path: path, precision: .float32)
    }

    /// The model's file with its alarm line, and the report on it; nil where it was told to stop meanwhile, unattended.
    ///
    /// However this ends, what was trained stays: the model takes the place of an older one when it is whole, and the checkpoint,
    /// from which all of this can be made again, goes last.
    func finish(_ outcome: TrainingRun.Outcome, plan: TrainingPlan, footage: Footage) throws -> TrainingReport? {
        stage(TrainingStage(.calibrating, done: 0))
        let model = try candidate(outcome.tensors, plan)
        guard let report = try report(on: model, outcome, plan, footage) else { return nil }
        var metadata = [
            Topology.metadataKey: plan.topology.json,
            TrainingRecord.metadataKey: String(decoding: try JSONLine.encode(report.training), as: UTF8.self),
        ]
        if let calibration = report.calibration { metadata[Calibration.metadataKey] = try calibration.jsonString() }
        try Safetensors.write(path: files.model, tensors: outcome.tensors, metadata: metadata)
        try writeReport(report, outcome, plan, footage)
        // Unattended, a model without an alarm line is no end: another try finds the same in little time, or better footage.
        let isEnd = outcome.ending != .interrupted && (report.calibration != nil || !request.isUnattended)
        if isEnd { try? FileManager.default.removeItem(atPath: files.checkpoint) }
        return report
    }

    /// `report.json` and the pictures.
    private func writeReport(
        _ report: TrainingReport, _ outcome: TrainingRun.Outcome, _ plan: TrainingPlan, _ footage: Footage
    ) throws {
        try AtomicFile.write(try JSONLine.encode(report) + [10], path: files.file("report.json"))
        let name = files.model.split(separator: "/").last.map(String.init) ?? files.model
        func loss(_ width: Int) -> Canvas {
            LossPicture.draw(outcome.losses, outcome.progress.judgements, title: "\(name): loss", width: width)
        }
        try write(loss(1200), to: files.file("loss.png"))
        let strip = try strip(
            outcome.tensors, plan, footage, iteration: report.training.bestIteration, loss: nil)
        // The folders are nobody's business who sees the picture.
        var shown = report
        shown.model = name
        try write(ReportPicture.draw(shown, loss: loss, strip: strip), to: files.file("report.png"))
    }

    private func record(
        _ outcome: TrainingRun.Outcome, _ scores: HeldOutScores, _ plan: TrainingPlan, _ footage: Footage
    ) -> TrainingRecord {
        let progress = outcome.progress
        var sources: [String] = []
        for clip in footage.store.clips where sources.last != clip.source { sources.append(clip.source) }
        return TrainingRecord(
            tool: "zanzo train \(zanzoVersion)", sources: sources, frames: footage.trainingCount,
            heldOutFrames: footage.heldOutCount, rate: footage.rate,
            fingerprint: TrainingRecord.fingerprint(of: footage.store), recipe: plan.recipe, seed: plan.seed,
            iterations: progress.iteration, bestIteration: progress.best?.iteration ?? progress.iteration,
            ending: outcome.ending, firstLoss: outcome.losses.prefix(50).mean, lastLoss: outcome.losses.suffix(50).mean,
            losses: TrainingRecord.Loss.curve(outcome.losses),
            heldOutError: scores.judged.isEmpty || !scores.error.isFinite ? nil : scores.error,
            errorOfMeanPicture: scores.judged.isEmpty ? nil : scores.errorOfMean,
            bestJudgement: progress.best?.error, seconds: progress.seconds, created: time.utc().description)
    }

    /// Scores the held-out frames, fits the threshold to them, and tries what it finds; nil where it was told to stop.
    private func report(
        on model: Model, _ outcome: TrainingRun.Outcome, _ plan: TrainingPlan, _ footage: Footage
    ) throws -> TrainingReport? {
        let scored = min(HeldOutScores.limit, footage.heldOutCount)
        var line = ProgressLine()
        defer { line.clear() }
        func show(_ frames: Double, _ text: String) -> Bool {
            let share = min(1, frames / Double(scored + PatchTrial.frames))
            stage(TrainingStage(.calibrating, done: share))
            line.show(share, text)
            return !isToldToLeave
        }
        let scores = HeldOutScores(
            model, footage, method: request.method, scoring: request.scoring, threads: threads
        ) { done in
            show(Double(done), "scoring held-out frames: \(done)")
        }
        guard let scores else { return nil }
        let record = record(outcome, scores, plan, footage)
        var report = TrainingReport(
            model: files.model, training: record, verdict: record.summary.verdict, scoredFrames: scores.judged.count,
            scoredSeconds: Double(scores.judged.count) / footage.rate, histogram: Histogram(scores.judged),
            detectable: [])
        guard let calibration = calibrate(scores, footage, &report) else { return report }
        let trial = PatchTrial(
            model, footage, method: request.method, scoring: request.scoring, threshold: calibration.threshold,
            threads: threads)
        let found = trial.run { share in
            show(Double(scored) + share * Double(PatchTrial.frames), "trying what is found")
        }
        guard let found else { return nil }
        report.detectable = patches(found, size: footage.store.size)
        return report
    }

    /// Fits the threshold, and notes in the report what it is, or why there is none.
    private func calibrate(
        _ scores: HeldOutScores, _ footage: Footage, _ report: inout TrainingReport
    ) -> Calibration? {
        guard !scores.judged.isEmpty else {
            report.warning = "no threshold: nothing was held out; run zanzo calibrate on other normal footage"
            return nil
        }
        do throws(CalibrationError) {
            let calibration = try Calibration.fit(
                clips: scores.clips, rate: footage.rate, alertsPerDay: request.alertsPerDay,
                detector: request.scoring.detector, method: request.method, created: time.utc())
            report.calibration = calibration
            report.warning = calibration.warning
            report.alerts = TrainingReport.Alerts(calibration)
            let relative = scores.judged.map { $0 / calibration.threshold }
            report.histogram = Histogram(relative, in: 0...max(1.2, (relative.max() ?? 0) * 1.000001))
            return calibration
        } catch {
            report.warning = "no threshold: \(error.message); or run zanzo calibrate on other normal footage"
            return nil
        }
    }

    private func patches(_ findings: [PatchTrial.Finding], size: Int) -> [TrainingReport.Patch] {
        findings.map {
            TrainingReport.Patch(
                pixels: $0.pixels, share: Double($0.pixels) / Double(size), contrast: $0.contrast, found: $0.share)
        }
    }

    func write(_ canvas: Canvas, to path: String) throws { try AtomicFile.write(try PNG.encode(canvas), path: path) }
}
