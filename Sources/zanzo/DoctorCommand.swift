import ArgumentParser
import Service

/// `zanzo doctor`.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Say what is in the way: on this machine, or of a camera.",
        discussion: """
            Without a source it looks at CPU, libraries, configuration, models, directories and the running daemon; each \
            problem's line says what to do. With sources it tries each as the daemon would. Exit status 1 where there is \
            a problem.
            """)

    @Argument(help: "Devices, addresses or files to try.")
    var sources: [String] = []
    @Option(help: "The configuration file.")
    var config = "/etc/zanzo/zanzo.yaml"
    @Option(help: "The user that zanzod runs as.")
    var user = "zanzo"

    @Option(help: "The file with the sources' user and password, as a camera's credentials.")
    var credentials: String?

    func run() throws {
        let credentials = try credentials.map { try CredentialsReference(argument: $0) }
        let isWell =
            sources.isEmpty
            ? Doctor.examineMachine(configuration: config, user: user) { StandardOutput.say($0) }
            : Doctor.examine(sources, credentials: credentials) { StandardOutput.say($0) }
        if !isWell { throw ExitCode.failure }
    }
}
