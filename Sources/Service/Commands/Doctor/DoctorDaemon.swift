import FoundationEssentials
import Kernels
import Pictures
import Publish

extension Doctor {
    /// What a good configuration holds.
    static func summary(_ configuration: Configuration, _ path: String) -> Finding {
        let enabled = configuration.cameras.filter(\.enabled)
        guard !enabled.isEmpty else {
            return .problem(
                "config", "\(path): good, but no camera is in it: add one to cameras.d (see the end of the file)")
        }
        return .good("config", "\(path): good; cameras: \(enabled.map(\.name).joined(separator: ", "))")
    }

    /// Each enabled camera's model and threshold.
    static func models(_ configuration: Configuration) -> [Finding] {
        var library = ModelLibrary(kernels: .best)
        return configuration.cameras.filter(\.enabled).map { camera in
            if camera.lacksModel { return .good("model", "camera \(camera.name): will learn it: \(camera.model)") }
            do throws(StartError) {
                guard let threshold = try library.plan(for: camera).threshold else {
                    return .problem("model", camera.isWithoutThreshold)
                }
                let line = NumberText.short(threshold, digits: 4)
                return .good("model", "camera \(camera.name): \(camera.model), threshold \(line)")
            } catch {
                return .problem("model", "\(error)")
            }
        }
    }

    /// Whether a daemon answers at the socket, and how it is.
    static func daemon(_ configuration: Configuration) -> [Finding] {
        do {
            let line = try EventClient.status(path: configuration.events.socket)
            return daemon(try JSONDecoder().decode(DaemonStatus.self, from: Data(line)), configuration)
        } catch {
            return [.problem("daemon", "\(error)")]
        }
    }

    /// A source as it stands on a command line. Where something of it is hidden, only the configuration has what opens the camera.
    private static func argument(_ source: String) -> String {
        source.contains("***") ? "ADDRESS" : "'\(source)'"
    }

    /// What `zanzo doctor` has to be told besides to open the camera as the daemon does.
    private static func option(_ camera: String, _ configuration: Configuration) -> String {
        let settings = configuration.cameras.first { $0.name == camera }?.settings
        guard case .file(let path) = settings?.credentials else { return "" }
        return " --credentials \(path)"
    }

    /// What a daemon's status says, in the light of the configuration that it should be running with.
    static func daemon(_ status: DaemonStatus, _ configuration: Configuration) -> [Finding] {
        let online = status.cameras.filter { $0.state == CameraState.online.name }.count
        var findings = [
            Finding.good(
                "daemon",
                "zanzod \(status.version) answers at \(configuration.events.socket), up "
                    + "\(WatchScreen.age(Int64(status.uptime))), \(online) of \(status.cameras.count) cameras online")
        ]
        if status.version != zanzoVersion {
            findings.append(
                .problem(
                    "daemon",
                    "it is version \(status.version), and this program is \(zanzoVersion): sudo systemctl restart zanzod"
                ))
        }
        if !status.isAlive {
            findings.append(
                .problem("daemon", "a worker or the writer stands still: see journalctl -u zanzod, then restart it"))
        }
        for camera in status.cameras where [CameraState.offline.name, CameraState.frozen.name].contains(camera.state) {
            findings.append(
                .problem(
                    "camera",
                    "\(camera.name) is \(camera.state): zanzo doctor \(argument(camera.source))"
                        + "\(option(camera.name, configuration)) says why (another program, and zanzod too, may hold a "
                        + "device)"))
        }
        for camera in status.cameras {
            guard let learning = camera.learning else { continue }
            let text = "\(camera.name): \(LearningText.line(learning))"
            findings.append(
                learning.problem == nil
                    ? .good("camera", text) : .problem("camera", "\(text): journalctl -u zanzod has all that was said"))
        }
        let running = Set(status.cameras.map(\.name))
        let missing = configuration.cameras.filter { $0.enabled && !running.contains($0.name) }.map(\.name)
        if !missing.isEmpty {
            findings.append(
                .problem(
                    "camera",
                    "\(missing.joined(separator: ", ")): in the configuration, and not watched: "
                        + "sudo systemctl reload zanzod"))
        }
        return findings
    }
}
