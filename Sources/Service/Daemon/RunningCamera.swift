import Anomaly
import Capture
import Glibc

/// A camera at work, and who works for it.
struct RunningCamera {
    let camera: Camera
    let worker: InferenceWorker
    let capture: NamedThread
    /// The device that it has open, by its true path; nil where it shares its source with anyone.
    let device: String?

    /// Ends its threads; a blocked read comes back within a fifth of a second.
    func stop(_ reason: EndReason) {
        camera.stop(reason)
        worker.bell.ring()
    }

    /// The true path of the device behind `source`: /dev/v4l/by-id/… and /dev/video0 may be the same one.
    static func device(of source: SourceSpecification) -> String? {
        guard case .v4l2(let path) = source.kind else { return nil }
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }

    /// Whether `plan` is the one by which it scores: the same model file, with the same threshold.
    func scores(by plan: ScoringPlan) -> Bool {
        camera.plan.identity == plan.identity && camera.plan.threshold == plan.threshold
    }
}
