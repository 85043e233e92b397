import Anomaly
import ArgumentParser
import Offline
import Service

/// `zanzo evaluate`.
struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Measure on labelled clips how well a model tells what is anomalous.",
        discussion: """
            DIR holds the clips: folders of pictures (01/), strips (02.png), videos (03.mp4); and beside them their \
            labels, 01.labels.txt: one 0 (normal) or 1 (anomalous) a frame, a line each. A clip without labels is normal. \
            The model stands beside frame difference, at the same size and by the same score.
            """)

    @Argument(help: "The model's file.")
    var model: String
    @Option(help: ArgumentHelp("The folder of the clips and their labels.", valueName: "dir"))
    var data: String
    @Option(help: "How errors become scores: mean, or tiles:4x8. Default: as the model was calibrated, else mean.")
    var score: String?
    @Option(number: "The raw score that is an anomaly, in place of the model's calibration.")
    var threshold: Double?
    @Option(rate: "Frames a second: of pictures, and to score of videos. Default: as calibrated; else 25, and all.")
    var rate: Double?
    @Option(help: ArgumentHelp("Write roc.png and each clip's scores as plots into this folder.", valueName: "dir"))
    var plot: String?
    @Flag(help: "Print the figures as JSON; shares are in %.")
    var json = false

    func validate() throws {
        if let threshold, !(threshold > 0 && threshold.isFinite) {
            throw ValidationError("--threshold \(threshold): it must be a number over 0")
        }
    }

    func run() throws {
        var request = Evaluating.Request(model: model, data: data)
        request.method = try score.map { try ScoreMethod(parsing: $0) }
        request.threshold = threshold
        request.rate = rate
        request.plots = plot
        let report = try Evaluating(request).run()
        if json { return print(String(decoding: try JSONLine.encode(report), as: UTF8.self)) }
        print(EvaluationText.lines(report))
    }
}
