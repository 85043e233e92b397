import ArgumentParser
import Glibc
import Service

/// `zanzo record`.
struct RecordCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "record",
        abstract: "Write a source's frames, shrunk to a model's size, as strips for training.",
        discussion: """
            Ctrl-C, SIGTERM or SIGHUP ends it, and the frames so far are kept; exit status 128 and the signal's number then \
            (Ctrl-C: 130). Where the source is lost or the disk full they are kept as well; exit status 1.
            """)

    @Argument(help: "The source: a device, an address, a file, or synthetic:street?seed=1&rate=5.")
    var source: String
    @Option(help: "The file with the source's user and password, as a camera's credentials.")
    var credentials: String?
    @Option(help: "The folder for the strips.")
    var out: String
    @Flag(help: "Delete the strips of an earlier recording in that folder, when the first frame has come.")
    var overwrite = false
    @Option(number: "Frames to record. Default: to the source's end.")
    var frames: Int?
    @Option(number: "Frames to pass over first.")
    var skip = 0
    @Option(rate: "Frames a second. Default: all.")
    var rate: Double?
    @Option(number: "The model's size in pixels.")
    var size = 64

    func validate() throws {
        guard skip >= 0, frames.map({ $0 > 1 }) ?? true else {
            throw ValidationError("--skip counts from 0, and --frames must be 2 or more: one frame is no strip")
        }
        guard (16...512).contains(size) else { throw ValidationError("--size \(size): it may be 16 to 512") }
    }

    func run() throws {
        var request = Recording.Request(source: source, output: out)
        request.credentials = try credentials.map { try CredentialsReference(argument: $0) }
        request.frames = frames
        request.rate = rate
        request.skip = skip
        request.size = size
        request.overwrites = overwrite
        StopRequest.listen()
        let outcome = try Recording(request).run()
        let kept = "\(counted(outcome.frames, "frame")) in \(out)"
        guard let signal = outcome.signal else { return print(kept) }
        StandardOutput.complain("stopped by \(Self.names[signal] ?? "signal \(signal)"): \(kept)\n")
        throw ExitCode(128 + signal)
    }

    private static let names = [SIGINT: "SIGINT", SIGTERM: "SIGTERM", SIGHUP: "SIGHUP"]
}
