import ArgumentParser
import FoundationEssentials
import Publish
import Service

/// `zanzo events`.
struct EventsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "Follow the daemon's events as they come, or from a sequence number on.",
        discussion: "Reconnects and goes on where it was when the daemon restarts.")

    @Option(help: "The daemon's socket.")
    var socket = "/run/zanzo/events.sock"
    @Flag(help: "Go on for ever. Without it, ends when no event came for two seconds.")
    var follow = false
    @Option(help: "Only this camera; may be given several times.")
    var camera: [String] = []
    @Option(help: "Only types that begin like this (anomaly, camera, scene …); may be given several times.")
    var type: [String] = []
    @Option(help: "Begin after this sequence number.")
    var after: UInt64?
    @Flag(help: "Print the lines as they are: JSON.")
    var json = false

    func run() throws {
        var subscription = Subscription()
        subscription.cameras = camera
        subscription.types = type
        subscription.after = after
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

    private func show(_ line: [UInt8]) {
        print(json ? String(decoding: line, as: UTF8.self) : EventText.row(line))
        StandardOutput.flush()
    }
}
