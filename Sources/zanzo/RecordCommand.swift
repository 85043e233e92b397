import ArgumentParser
import Service

/// `zanzo record`.
struct RecordCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "record",
        abstract: "Write a source's frames, shrunk to a model's size, as strips for training.")

    @Argument(help: "The source: a device, an address, a file, or synthetic:street?seed=1&rate=5.")
    var source: String
    @Option(help: "The file with the source's user and password, as a camera's credentials.")
    var credentials: String?
    @Option(help: "The folder for the strips.")
    var out: String
    @Option(number: "Frames to record. Default: to the source's end.")
    var frames: Int?
    @Option(number: "Frames to pass over first.")
    var skip = 0
    @Option(help: "Frames a second. Default: all.")
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
        request.credentials = credentials.map { .file($0) }
        request.frames = frames
        request.rate = rate
        request.skip = skip
        request.size = size
        print("\(counted(try Recording(request).run(), "frame")) in \(out)")
    }
}
