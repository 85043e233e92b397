import Anomaly

/// A camera at work, and who works for it.
struct RunningCamera {
    let camera: Camera
    let worker: InferenceWorker

    /// Ends its threads; a blocked read comes back within a fifth of a second.
    func stop(_ reason: EndReason) {
        camera.stop(reason)
        worker.bell.ring()
    }

    /// Whether `plan` is the one by which it scores: the same model file, with the same threshold.
    func scores(by plan: ScoringPlan) -> Bool {
        camera.plan.identity == plan.identity && camera.plan.threshold == plan.threshold
    }
}
