import ArgumentParser
import Capture
import Service

/// `zanzo check`.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Read a configuration as the daemon would, and name file, line and key of every mistake.",
        discussion: "Exit status 0 where it is good, 78 where it is not.")

    @Argument(help: "The configuration file.")
    var path = "/etc/zanzo/zanzo.yaml"

    func run() throws {
        do {
            let configuration = try Configuration.load(path: path)
            let enabled = configuration.cameras.filter(\.enabled)
            for camera in enabled { print("\(camera.name): \(camera.source.redacted), \(camera.rate) frames a second") }
            print("\(path): good; \(counted(enabled.count, "camera"))")
        } catch {
            StandardOutput.complain("\(error)\n")
            throw ExitCode(78)
        }
    }
}
