import Capture
import Glibc
import Kernels
import Video

extension Configuration {
    /// What is wrong with what a configuration names, where its text is good: lines for people.
    ///
    /// With the `errors` zanzod would not start, nor take the configuration over; with the `warnings` it would, and a
    /// camera would be of no use.
    public func problems() -> (errors: [String], warnings: [String]) {
        var (errors, warnings): ([String], [String]) = ([], self.warnings)
        if let cpu, let problem = KernelTable.problem(with: cpu) { errors.append("cpu: \(problem)") }
        var library = ModelLibrary(kernels: .best)
        for camera in cameras where camera.enabled {
            do throws(StartError) {
                if camera.lacksModel {
                    // What the daemon is to make is not missed.
                    if let doubt = camera.learn.doubt { warnings.append("camera \(camera.name): learn.for: \(doubt)") }
                } else {
                    let plan = try library.plan(for: camera)
                    if plan.threshold == nil { warnings.append(camera.isWithoutThreshold) }
                    if let doubt = plan.training?.doubt { warnings.append("camera \(camera.name): \(doubt)") }
                }
            } catch {
                errors.append("\(error)")
            }
            if let doubt = camera.sourceDoubt { warnings.append(doubt) }
            // A systemd credential is there for the daemon alone.
            guard case .file = camera.credentials else { continue }
            do throws(CredentialsError) {
                _ = try camera.credentials?.load()
            } catch {
                warnings.append("camera \(camera.name): \(error)")
            }
        }
        return (errors, warnings)
    }
}

extension CameraConfiguration {
    /// Why it would see nothing now, where its source is a path; nil where something is there. A device may be plugged in later,
    /// and a file may come.
    var sourceDoubt: String? {
        let path: String
        switch source.kind {
        case .v4l2(let device): path = device
        case .file(let file), .pictures(let file): path = file
        case .stream, .synthetic: return nil
        }
        var status = stat()
        guard stat(path, &status) != 0 else { return nil }
        return "camera \(name): source \(path): \(errorText(errno)): plug it in, or mend the path"
    }

    /// What a camera lacks whose model was never calibrated, and how it gets it.
    var isWithoutThreshold: String {
        "camera \(name): \(model) has no threshold, so nothing will be called an anomaly: run `zanzo calibrate` on normal "
            + "footage, or set threshold:"
    }
}

extension CameraConfiguration {
    /// What it watches and how, for `zanzo check`.
    public var summary: String {
        let learning =
            lacksModel
            ? ", learns its model from \(LearningText.amount(settings.learn.recordFor?.seconds ?? 0)) of footage" : ""
        return "\(name): \(source.redacted), \(settings.rate) frames a second\(learning)"
    }
}
