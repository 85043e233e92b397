import ArgumentParser
import Glibc
import Service

/// The daemon's executable: a shell around `DaemonProcess`.
@main
struct Zanzod: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "zanzod",
        abstract:
            "Watch fixed cameras: rebuild every frame with a model of the normal, and tell what it cannot rebuild.",
        discussion: """
            Runs in the foreground until SIGTERM or SIGINT; SIGHUP reloads the configuration and reopens the journal.
            Exit status: 0 after a stop, 1 on a failure, 64 on a bad command line, 78 on a bad configuration.
            """,
        version: zanzoVersion)

    @Option(help: "The configuration file.")
    var config = "/etc/zanzo/zanzo.yaml"

    @Flag(help: "Watch the built-in synthetic street, with anomalies every few seconds, until Ctrl-C.")
    var demo = false

    @Option(help: "Kernels to compute with (scalar, avx2), instead of the best that this CPU has.")
    var cpu: String?

    /// As the library's own, but for what it says of an error: that never repeats a password from the command line.
    static func main() async {
        do {
            var command = try await asyncParseAsRoot()
            if var command = command as? any AsyncParsableCommand { try await command.run() } else { try command.run() }
        } catch {
            if exitCode(for: error) != .success {
                StandardOutput.fail(fullMessage(for: error), exitCode(for: error).rawValue)
            }
            exit(withError: error)
        }
    }

    func run() async throws {
        let process = demo ? try DaemonProcess.demo(cpu: cpu) : DaemonProcess(path: config, cpu: cpu)
        let status = await process.run()
        fflush(nil)
        // Not exit(): a capture thread may be inside a driver or a decoder that does not come back, and the C library's
        // exit handlers would pull its memory from under it. All that matters is on disk by now.
        _exit(status)
    }
}
