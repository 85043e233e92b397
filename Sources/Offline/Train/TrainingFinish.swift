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

    /// The held-out error in the daemon's own arithmetic: of the file that these tensors make.
    func judge(_ tensors: [Safetensors.Tensor], _ plan: TrainingPlan, _ footage: Footage) throws -> Double? {
        let reconstructor = Reconstructor(model: try candidate(tensors, plan), threads: threads)
        return HeldOut(footage).error(reconstructor, limit: Self.judgedFrames)
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

    /// The model's file, its alarm line, and the report on it.
    func finish(_ outcome: TrainingRun.Outcome, plan: TrainingPlan, footage: Footage) throws -> TrainingReport {
        guard outcome.progress.iteration > 0 else {
            throw TrainingError("stopped before the first step: no model is written")
        }
        let record = record(outcome, plan, footage)
        let metadata = [
            Topology.metadataKey: plan.topology.json,
            TrainingRecord.metadataKey: String(decoding: try JSONLine.encode(record), as: UTF8.self),
        ]
        try Safetensors.write(path: files.model, tensors: outcome.tensors, metadata: metadata)
        if outcome.ending != .interrupted { try? FileManager.default.removeItem(atPath: files.checkpoint) }
        let report = try report(record, plan, footage)
        try AtomicFile.write(try JSONLine.encode(report) + [10], path: files.file("report.json"))
        let name = files.model.split(separator: "/").last.map(String.init) ?? files.model
        let loss = LossPicture.draw(outcome.losses, outcome.progress.judgements, title: "\(name): loss")
        try write(loss, to: files.file("loss.png"))
        let strip = try strip(outcome.tensors, plan, footage, iteration: record.bestIteration, loss: nil)
        // The folders are nobody's business who sees the picture.
        var shown = report
        shown.model = name
        try write(ReportPicture.draw(shown, loss: loss, strip: strip), to: files.file("report.png"))
        return report
    }

    private func record(_ outcome: TrainingRun.Outcome, _ plan: TrainingPlan, _ footage: Footage) -> TrainingRecord {
        let progress = outcome.progress
        var sources: [String] = []
        for clip in footage.store.clips where sources.last != clip.source { sources.append(clip.source) }
        return TrainingRecord(
            tool: "zanzo train \(zanzoVersion)", sources: sources, frames: footage.trainingCount,
            heldOutFrames: footage.heldOutCount, rate: footage.rate,
            fingerprint: String(footage.store.fingerprint, radix: 16), recipe: plan.recipe, seed: plan.seed,
            iterations: progress.iteration, bestIteration: progress.best?.iteration ?? progress.iteration,
            ending: outcome.ending, firstLoss: outcome.losses.prefix(50).mean, lastLoss: outcome.losses.suffix(50).mean,
            losses: TrainingRecord.Loss.curve(outcome.losses),
            heldOutError: progress.best?.error, seconds: progress.seconds, created: time.utc().description)
    }

    /// Scores the held-out frames, fits the threshold to them, writes it into the model, and tries what it finds.
    private func report(_ record: TrainingRecord, _ plan: TrainingPlan, _ footage: Footage) throws -> TrainingReport {
        let model = try Model(path: files.model, precision: .float32)
        var progress = ProgressLine()
        let scores = HeldOutScores(
            model, footage, method: request.method, scoring: request.scoring, threads: threads
        ) { done in
            stage(TrainingStage(.calibrating, done: Double(done) / Double(footage.heldOutCount)))
            progress.show(Double(done) / Double(footage.heldOutCount), "scoring held-out frames: \(done)")
        }
        defer { progress.clear() }
        let seconds = Double(scores.judged.count) / footage.rate
        var report = TrainingReport(
            model: files.model, training: record, errorOfMeanPicture: scores.judged.isEmpty ? nil : scores.errorOfMean,
            scoredFrames: scores.judged.count, scoredSeconds: seconds, histogram: Histogram(scores.judged),
            detectable: [])
        guard !scores.judged.isEmpty else {
            report.warning = "no threshold: nothing was held out; run zanzo calibrate on other normal footage"
            return report
        }
        do throws(CalibrationError) {
            let calibration = try Calibration.fit(
                clips: scores.clips, rate: footage.rate, alertsPerDay: request.alertsPerDay,
                detector: request.scoring.detector, method: request.method, created: time.utc())
            report.calibration = calibration
            report.warning = calibration.warning
        } catch {
            report.warning = "no threshold: \(error.message); or run zanzo calibrate on other normal footage"
        }
        guard let calibration = report.calibration else { return report }
        let json = try calibration.jsonString()
        try Safetensors.replaceMetadata(path: files.model) { $0[Calibration.metadataKey] = json }
        report.alerts = TrainingReport.Alerts(
            events: calibration.events, seconds: Double(calibration.frames) / footage.rate)
        let threshold = calibration.threshold
        let relative = scores.judged.map { $0 / threshold }
        report.histogram = Histogram(relative, in: 0...max(1.2, (relative.max() ?? 0) * 1.000001))
        progress.show(nil, "trying what is found")
        report.detectable = patches(
            PatchTrial(
                model, footage, method: request.method, scoring: request.scoring, threshold: threshold,
                threads: threads
            ).run(),
            size: footage.store.size)
        return report
    }

    private func patches(_ findings: [PatchTrial.Finding], size: Int) -> [TrainingReport.Patch] {
        findings.map {
            TrainingReport.Patch(
                pixels: $0.pixels, share: Double($0.pixels) / Double(size), contrast: $0.contrast, found: $0.share)
        }
    }

    func write(_ canvas: Canvas, to path: String) throws { try AtomicFile.write(try PNG.encode(canvas), path: path) }
}
