import Anomaly
import Capture

/// A camera at work, and who works for it.
struct RunningCamera {
    let camera: Camera
    let capture: NamedThread
    let cancellation: Cancellation
    let worker: InferenceWorker

    /// Ends its threads; a blocked read comes back within a fifth of a second.
    func stop(_ reason: EndReason) {
        camera.stop(reason)
        cancellation.cancel()
        worker.bell.ring()
    }

    /// Whether the new configuration asks for exactly what runs: the same settings, model file, and picture size.
    func isSame(
        _ settings: CameraConfiguration, _ plan: ScoringPlan, _ old: Configuration, _ new: Configuration
    ) -> Bool {
        camera.settings == settings && camera.plan.identity == plan.identity
            && camera.plan.threshold == plan.threshold && old.snapshots.width == new.snapshots.width
    }
}
