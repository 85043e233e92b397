import ArgumentParser
import Service

/// `zanzo doctor`.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Say what this CPU can do, and why a camera can't be used.")

    @Argument(help: "Devices, addresses or files to try.")
    var sources: [String] = []

    func run() throws {
        let isWell = Doctor.examine(sources) { print($0) }
        if !isWell { throw ExitCode.failure }
    }
}
