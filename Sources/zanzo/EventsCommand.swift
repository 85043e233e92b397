import ArgumentParser
import FoundationEssentials
import Publish
import Service

/// `zanzo events`.
struct EventsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "Show the daemon's last events, or follow them as they come.",
        discussion: "With --follow it reconnects and goes on where it was when the daemon restarts.")

    @Option(help: "The daemon's socket.")
    var socket = "/run/zanzo/events.sock"
    @Flag(name: [.short, .long], help: "Go on for ever. Without it, ends when no event came for two seconds.")
    var follow = false
    @Option(name: [.customShort("n"), .long], help: "Begin with the daemon's last N. Default: 100; with --follow 0.")
    var last: UInt64?
    @Option(help: "Only this camera; may be given several times.")
    var camera: [String] = []
    @Option(help: "Only types that begin like this (anomaly, camera, scene …); may be given several times.")
    var type: [String] = []
    @Option(help: "Begin after this sequence number.")
    var after: UInt64?
    @Flag(help: "Print the lines as they are: JSON.")
    var json = false

    func validate() throws {
        if last != nil, after != nil { throw ValidationError("--last and --after say two beginnings: give one") }
    }

    func run() throws {
        var subscription = Subscription()
        subscription.cameras = camera
        subscription.types = type
        subscription.after = try after ?? start()
        if !follow {
            let client = try EventClient(path: socket, subscription: subscription)
            while let line = try client.nextLine(timeout: .seconds(2)) { show(line) }
            return
        }
        var follower = EventFollower(path: socket, subscription: subscription)
        while true {
            if let line = try follower.nextLine(timeout: .seconds(60)) { show(line) }
        }
    }

    /// What `--last` means as a sequence number; nil: from now on.
    private func start() throws -> UInt64? {
        let count = last ?? (follow ? 0 : 100)
        guard count > 0 else { return nil }
        let status = try JSONDecoder().decode(DaemonStatus.self, from: Data(try EventClient.status(path: socket)))
        return status.sequence - min(count, status.sequence)
    }

    private func show(_ line: [UInt8]) {
        print(json ? String(decoding: line, as: UTF8.self) : EventText.row(line))
        StandardOutput.flush()
    }
}
