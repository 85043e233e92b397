import ArgumentParser
import Service

/// `zanzo demo`.
struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Run the real daemon on the built-in street for two minutes, and check what it finds.",
        discussion: "Exit status 0 where every staged anomaly was found and nothing else was, 1 otherwise.")

    @Option(help: "The folder for pictures, journal and log.")
    var out = "demo-out"
    @Option(help: "The model's file. Default: the one that comes with Zanzo.")
    var model: String?
    @Option(help: "The street's seed.")
    var seed: UInt64 = 7
    @Option(help: "The daemon to run. Default: the zanzod beside this program.")
    var zanzod: String?

    func run() throws {
        let setup = try DemoSetup(directory: out, model: model, seed: seed, loops: false)
        var demo = DemoRun(setup: setup, daemonPath: try zanzod ?? DemoSetup.besideThisProgram("zanzod"))
        if try !demo.run() { throw ExitCode.failure }
    }
}
