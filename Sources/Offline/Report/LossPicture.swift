import Pictures
import Training

/// `loss.png`: the training loss over the iterations, and the held-out error where it was judged.
enum LossPicture {
    static func draw(
        _ losses: [Float], _ judgements: [TrainingProgress.Judgement], title: String, width: Int
    ) -> Canvas {
        // One frame-to-frame batch says little: the line is a running mean, about 400 of them over the picture.
        let span = max(1, losses.count / 400)
        let points = stride(from: 0, to: losses.count, by: span).map { start in
            let part = losses[start..<min(start + span, losses.count)]
            return ScorePlot.Point(time: Double(start + part.count), score: part.mean)
        }
        var plot = ScorePlot(points: points, threshold: nil, title: title)
        plot.marks = judgements.map { ScorePlot.Point(time: Double($0.iteration), score: $0.error) }
        (plot.isLogarithmic, plot.axis) = (true, "iterations")
        plot.width = width
        plot.label = "mean squared error: line training, squares held out"
        return Evidence.plot(plot)
    }
}
