import Kernels
import Model
import Video

@testable import Service

/// A camera with the demo's model and the stage that scores for it, without any thread: a test hands in the frames.
struct CameraFixture {
    let camera: Camera
    let stage: ScoringStage
    let slot: FrameSlot

    init(
        _ settings: CameraConfiguration = DaemonFixture.camera(seconds: 1), identity: String? = nil,
        training: TrainingSummary? = nil
    ) throws {
        var library = ModelLibrary(kernels: .best)
        let plan = try library.plan(for: settings)
        camera = Camera(
            settings: settings,
            plan: ScoringPlan(
                model: plan.model, identity: identity ?? plan.identity, method: plan.method, threshold: plan.threshold,
                training: training ?? plan.training, doubts: plan.doubts, detector: plan.detector), pictureWidth: 64,
            publisherBell: Doorbell())
        stage = ScoringStage(camera: camera, reconstructor: Reconstructor(model: camera.plan.model))
        slot = FrameSlot(modelSize: camera.ring.modelSize, pictureCapacity: camera.ring.pictureCapacity)
    }

    /// Scores a frame of random grey that was taken `seconds` after the start, and returns what was reported of it.
    func process(seconds: Double, seed: Int) -> [Report] {
        slot.time = MonotonicTime(nanoseconds: Int64(seconds * 1e9))
        slot.index += 1
        slot.session = 1
        for place in slot.luma.indices { slot.luma[place] = UInt8(truncatingIfNeeded: place &* 31 &+ seed) }
        if stage.prepare(slot, at: 0) {
            stage.reconstructor.run(frames: 1)
            stage.finish(slot, stage.reconstructor.reconstruction(at: 0))
        }
        var reports: [Report] = []
        while let report = camera.scoringOutbox.take() { reports.append(report) }
        return reports
    }
}
