import ArgumentParser
import Capture
import Service

/// `zanzo check`.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Read a configuration as the daemon would, and name file, line and key of every mistake.",
        discussion: """
            The models that it names are loaded as well, and what would make a camera useless (no threshold, credentials \
            that can't be read) is a warning. Exit status 0 where zanzod would start with it, 78 where it would not.
            """)

    @Argument(help: "The configuration file.")
    var path = "/etc/zanzo/zanzo.yaml"

    func run() throws {
        do {
            let configuration = try Configuration.load(path: path)
            let enabled = configuration.cameras.filter(\.enabled)
            let found = configuration.problems()
            for line in found.warnings { StandardOutput.complain("warning: \(line)\n") }
            for line in found.errors { StandardOutput.complain("\(path): \(line)\n") }
            if !found.errors.isEmpty { throw ExitCode(78) }
            for camera in enabled { print(camera.summary) }
            print("\(path): good; \(counted(enabled.count, "camera"))")
        } catch let error as ConfigurationError {
            StandardOutput.complain("\(error)\n")
            throw ExitCode(78)
        }
    }
}
