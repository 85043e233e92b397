import ArgumentParser
import Service

/// Zanzo's command line: a shell around the Service room.
@main
struct Zanzo: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "zanzo", abstract: "Talk to zanzod, and prepare its models.", version: zanzoVersion,
        subcommands: [
            EventsCommand.self, SnapshotsCommand.self, StatusCommand.self, WatchCommand.self, CheckCommand.self,
            DoctorCommand.self, ReplayCommand.self, TrainCommand.self, CalibrateCommand.self, EvaluateCommand.self,
            QuantizeCommand.self, RecordCommand.self, DemoCommand.self,
        ])

    /// As the library's own, but for what it says of an error: that never repeats a password from the command line.
    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            if exitCode(for: error) != .success {
                StandardOutput.fail(fullMessage(for: error), exitCode(for: error).rawValue)
            }
            exit(withError: error)
        }
    }
}
