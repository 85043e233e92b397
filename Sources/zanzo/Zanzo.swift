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
}
