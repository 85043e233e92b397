import Anomaly
import ArgumentParser
import Offline
import Service

/// `zanzo calibrate`.
struct CalibrateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "calibrate",
        abstract: "Find the alarm line on normal footage, and write it into the model.",
        discussion: """
            Give it footage that the model was not trained on: day and night, rain and sun, with nothing in it that \
            you would want to be woken for. The rate should be the one at which the camera will be scored.
            """)

    @Argument(help: "The model's file; its metadata are replaced.")
    var model: String
    @Argument(
        help: "Normal footage: video files, folders of pictures, strips, a frame store; or a camera, with --frames.")
    var sources: [String]
    @Option(help: "The file with the sources' user and password, as a camera's credentials.")
    var credentials: String?
    @Option(number: "False alarms a day that you will bear.")
    var alertsPerDay = 2.0
    @OptionGroup var chosen: CameraOptions
    @Option(help: "How errors become scores: mean, or tiles:4x8. Default: the camera's; without --camera tiles:4x8.")
    var score: String?
    @Option(
        rate: """
            Frames a second that the camera will be scored at; folders and strips are taken to have as many. \
            Default: the camera's; without --camera 5.
            """)
    var rate: Double?
    @Option(number: "Frames of each source to pass over first, such as those that the model was trained on.")
    var skip = 0
    @Option(number: "Frames to use of each source at most.")
    var frames: Int?
    @Flag(help: "Print the calibration as JSON.")
    var json = false

    func validate() throws {
        if sources.isEmpty { throw ValidationError("give it footage: zanzo calibrate MODEL SOURCE…") }
        if skip < 0 { throw ValidationError("--skip \(skip): frames are counted from 0") }
        if let frames, frames < 1 { throw ValidationError("--frames \(frames): it must be 1 or more") }
        try checkAlerts(perDay: alertsPerDay)
    }

    func run() throws {
        var request = Calibrating.Request(model: model, sources: sources)
        request.credentials = try credentials.map { try CredentialsReference(argument: $0) }
        request.alertsPerDay = alertsPerDay
        let camera = try chosen.configured()
        if let camera { (request.scoring, request.precision) = (ScoringSettings(camera), camera.settings.precision) }
        let method = try score.map { try ScoreMethod(parsing: $0) }
        request.method = method ?? camera?.settings.method ?? request.method
        request.rate = rate ?? camera?.settings.rate ?? request.rate
        request.maximumFrames = frames
        request.skip = skip
        request.open = openFootage
        let calibration = try Calibrating(request).run()
        if json {
            print(try calibration.jsonString())
            if let warning = calibration.warning { StandardOutput.complain("warning: \(warning)\n") }
            return
        }
        print(CalibrationText.lines(calibration, model: model))
    }
}
