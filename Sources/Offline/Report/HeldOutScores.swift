import Anomaly
import Model
import Service
import Training
import Video

/// The held-out frames as the daemon would score them: what the threshold is fitted to, and the report counts.
struct HeldOutScores {
    /// Raw scores, a clip for each held-out span. Each begins with the frames that the detector passes over.
    var clips: [[Double]] = []
    /// The scores of the held-out frames alone.
    var judged: [Double] = []
    /// Their mean squared error, over the pixels that count.
    var error = 0.0
    /// What the mean picture of the training frames would have as mean squared error: a model must be far below it.
    var errorOfMean = 0.0

    /// Held-out frames that are scored at most: an hour at 5 a second.
    static let limit = 18_000

    /// Streams the held-out frames; `show` is told how many are done. Nil where that returned false.
    init?(
        _ model: Model, _ footage: Footage, method: ScoreMethod, scoring: ScoringSettings, threads: Int,
        show: (Int) -> Bool
    ) {
        let size = FrameSize(width: footage.store.size, height: footage.store.size)
        let mask = scoring.mask(size: size)
        let scorer = Scorer(size: size, mask: mask, method: method)
        let settings = scoring.detector
        let leadIn = max(
            settings.warmUpFrames, Int(saturating: (settings.warmUpTime.seconds * footage.rate).rounded(.up)))
        let picture = Self.meanPicture(footage)
        var (span, isStopped) = (-1, false)
        HeldOut(footage).stream(
            Reconstructor(model: model, threads: threads), leadIn: leadIn, limit: Self.limit
        ) { frame in
            if frame.span != span { clips.append([]) }
            span = frame.span
            let raw = scorer.score(input: frame.rebuilt.input, output: frame.rebuilt.output)
            clips[clips.count - 1].append(raw)
            guard frame.isJudged else { return true }
            judged.append(raw)
            error += scorer.mean
            var sum = 0.0
            for (pixel, x) in frame.rebuilt.input.enumerated() where mask.weights[pixel] != 0 {
                sum += Double((x - picture[pixel]) * (x - picture[pixel]))
            }
            errorOfMean += sum / Double(max(1, mask.count))
            isStopped = !show(judged.count)
            return !isStopped
        }
        if isStopped { return nil }
        let count = Double(max(1, judged.count))
        (error, errorOfMean) = (error / count, errorOfMean / count)
    }

    /// The mean of about 1,000 training frames, in [-1, 1].
    private static func meanPicture(_ footage: Footage) -> [Float] {
        var sums = [Double](repeating: 0, count: footage.store.size * footage.store.size)
        let stride = max(1, footage.trainingCount / 1000)
        var (number, taken) = (0, 0.0)
        for span in footage.training {
            for frame in span.frames {
                number += 1
                guard number % stride == 0 else { continue }
                taken += 1
                for (pixel, luma) in footage.luma(span, frame).enumerated() { sums[pixel] += Double(luma) }
            }
        }
        return sums.map { Float($0 / max(1, taken) / 127.5 - 1) }
    }
}
