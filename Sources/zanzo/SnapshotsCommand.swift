public import ArgumentParser
public import Publish
import Service

/// `zanzo snapshots`.
struct SnapshotsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshots", abstract: "List the pictures on disk, the newest last; or tell of each as it comes.",
        discussion: """
            Kinds are latest (replaced every few seconds), periodic, and event (start.png, frame.png, strip.png). Where \
            standard output is not a terminal, a line is a path and nothing else:
              zanzo snapshots --type event --follow -n 0 | xargs -n1 my-program
            Reads the files themselves and needs no daemon. --follow ends at Ctrl-C, or when nobody reads on.
            """)

    @Option(help: "Only this camera; may be given several times.")
    var camera: [String] = []
    @Option(help: "Only this kind: latest, periodic or event; may be given several times.")
    var type: [Snapshot.Kind] = []
    @Option(name: [.customShort("n"), .long], help: "Only the last so many. Default: all; with --follow 10.")
    var last: Int?
    @Flag(name: .shortAndLong, help: "Go on, and print a line for each new one.")
    var follow = false
    @Flag(help: "Print paths only, also on a terminal.")
    var paths = false
    @Flag(help: "Print one JSON object a line.")
    var json = false
    @Option(help: "Where zanzod keeps pictures: state_directory in zanzo.yaml.")
    var directory = "/var/lib/zanzo"

    func validate() throws {
        if let last, last < 0 { throw ValidationError("--last \(last): it must be 0 or more") }
        if paths && json { throw ValidationError("--paths and --json: choose one") }
    }

    func run() throws {
        let filter = SnapshotFilter(cameras: camera, kinds: type)
        let style: SnapshotText.Style = json ? .json : paths || !StandardOutput.isTerminal ? .path : .row
        if case .row = style { print(SnapshotText.head) }
        guard follow else {
            return try show(try SnapshotList.read(directory, filter).suffix(last ?? .max), style)
        }
        let follower = try SnapshotFollower(directory, filter)
        try show(follower.existing.suffix(last ?? 10), style)
        while let new = try follower.next(output: StandardOutput.descriptor) { try show(new[...], style) }
    }

    private func show(_ snapshots: ArraySlice<Snapshot>, _ style: SnapshotText.Style) throws {
        for snapshot in snapshots { print(try SnapshotText.line(snapshot, style)) }
        StandardOutput.flush()
    }
}

extension Snapshot.Kind: ExpressibleByArgument {}
