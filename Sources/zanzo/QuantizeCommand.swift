import ArgumentParser
import Offline
import Service

/// `zanzo quantize`.
struct QuantizeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quantize",
        abstract: "Measure a model's activations on normal footage, so that it may run in 8 bits.",
        discussion: """
            Writes what it measured into the model's file. The daemon then computes in bytes where the CPU is faster \
            at them (precision: auto); the weights stay in the file as they are. Ends with what bytes cost: how far \
            each frame's score moved, in parts of the alarm line (a model without one: its error, in parts of the \
            footage's mean error), and how far the larger half of the errors moved, each in parts of itself.
            """)

    @Argument(help: "The model's file; its metadata are replaced.")
    var model: String
    @Argument(help: "Normal footage: video files, folders of pictures, strips, a frame store.")
    var sources: [String]
    @Option(help: "The file with the sources' user and password, as a camera's credentials.")
    var credentials: String?
    @Option(rate: "Frames a second that the camera will be scored at. Default: all.")
    var rate: Double?
    @Option(number: "Frames of each source to pass over first.")
    var skip = 0
    @Option(number: "Frames to use of each source at most.")
    var frames: Int?
    @Option(help: "Write some frames, their reconstructions and errors in every precision to this PNG.")
    var picture: String?

    func validate() throws {
        if sources.isEmpty { throw ValidationError("give it footage: zanzo quantize MODEL SOURCE…") }
        if skip < 0 { throw ValidationError("--skip \(skip): frames are counted from 0") }
        if let frames, frames < 1 { throw ValidationError("--frames \(frames): it must be 1 or more") }
    }

    func run() throws {
        var request = Quantising.Request(model: model, sources: sources)
        (request.rate, request.skip, request.maximumFrames) = (rate, skip, frames)
        request.picture = picture
        request.credentials = try credentials.map { try CredentialsReference(argument: $0) }
        request.open = openFootage
        let outcome = try Quantising(request).run()
        print("\(counted(outcome.frames, "frame")) measured, written into \(model)")
        print(outcome.cost.lines("int8"))
        if outcome.wasCalibrated {
            print(
                "its alarm line was found in another arithmetic: run zanzo calibrate again, on a CPU such as will score"
            )
        }
    }
}
