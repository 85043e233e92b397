import ArgumentParser
import Service

/// `zanzo watch`.
struct WatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Look on live: a line for each camera, and events above them as they come.",
        discussion: """
            The bar is the score now: its middle is the alarm line, 1.0. LAST 30 S has the highest score of each of the \
            last 30 seconds, the newest at the right; the upper half of the levels is over the alarm line.
            Where standard output is not a terminal, each camera has one plain line a second. Ctrl-C ends.
            """)

    @Argument(help: "Only these cameras.")
    var cameras: [String] = []
    @Option(help: "The daemon's socket.")
    var socket = "/run/zanzo/events.sock"

    func run() throws {
        var watching = try Watching(socket: socket, cameras: cameras)
        try watching.run()
    }
}
