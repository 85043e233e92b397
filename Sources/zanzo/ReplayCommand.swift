import Anomaly
import ArgumentParser
import Offline
import Service

/// `zanzo replay`.
struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Play a clip through what the daemon does with a camera, and show what it would have said.",
        discussion:
            "CLIP is a video file, a folder of pictures, a strip (one wide PNG of square frames), or synthetic:street.")

    @Argument(help: "The clip.")
    var clip: String
    @Option(help: "The model's file.")
    var model: String
    @OptionGroup var chosen: CameraOptions
    @Option(
        help: """
            How errors become scores: mean, or tiles:4x8. Default: the camera's, or as the model was calibrated, else mean.
            """)
    var score: String?
    @Option(number: "The raw score that is an anomaly, in place of the model's calibration.")
    var threshold: Double?
    @Option(rate: "Frames a second to score. Default: the camera's; without --camera all.")
    var rate: Double?
    @Option(help: "Write one line of JSON for each frame to this file; - is standard output.")
    var scores: String?
    @Option(help: "Write a plot of the score over time to this PNG.")
    var plot: String?
    @Option(help: "Write a montage of frames, reconstructions and errors to this PNG.")
    var montage: String?
    @Flag(help: "Print the summary as JSON.")
    var json = false

    func validate() throws {
        if let threshold, !(threshold > 0 && threshold.isFinite) {
            throw ValidationError("--threshold \(threshold): it must be a number over 0")
        }
    }

    func run() throws {
        var request = Replay.Request(clip: clip, model: model)
        request.method = try score.map { try ScoreMethod(parsing: $0) }
        request.threshold = threshold
        request.rate = rate
        if let camera = try chosen.configured() { play(as: camera, &request) }
        request.scores = scores
        request.plot = plot
        request.montage = montage
        request.open = openFootage
        let summary = try Replay(request).run()
        if json {
            print(String(decoding: try JSONLine.encode(summary), as: UTF8.self))
        } else if scores != "-" {
            print(ReplayText.table(summary))
        }
    }

    /// Fills in what the command line leaves to the camera.
    private func play(as camera: CameraConfiguration, _ request: inout Replay.Request) {
        (request.scoring, request.precision) = (ScoringSettings(camera), camera.settings.precision)
        // Its threshold is one of its own method's scores.
        let isItsMethod = request.method == nil || request.method == camera.settings.method
        if request.threshold == nil, isItsMethod { request.threshold = camera.settings.threshold }
        request.mustFitCalibration = request.method == nil
        request.method = request.method ?? camera.settings.method
        request.hasPicturesAtRate = request.rate == nil
        request.rate = request.rate ?? camera.settings.rate
    }
}
