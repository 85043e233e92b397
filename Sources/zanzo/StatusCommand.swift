import ArgumentParser
import FoundationEssentials
import Publish
import Service

/// `zanzo status`.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "What every camera is doing now.")

    @Option(help: "The daemon's socket.")
    var socket = "/run/zanzo/events.sock"
    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let line = try EventClient.status(path: socket)
        if json { return print(String(decoding: line, as: UTF8.self)) }
        print(StatusText.table(try JSONDecoder().decode(DaemonStatus.self, from: Data(line))))
    }
}
