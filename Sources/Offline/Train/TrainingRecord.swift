import Model
public import Training

/// How a model came to be: the JSON under `zanzo.training` in its file's metadata.
public struct TrainingRecord: Sendable, Hashable, Codable {
    /// Where a model file's metadata keep it.
    public static let metadataKey = TrainingSummary.metadataKey

    /// The program and its version.
    public var tool: String
    /// What was read, without users and passwords.
    public var sources: [String]
    /// Frames trained on, and held out.
    public var frames: Int, heldOutFrames: Int
    /// Frames a second of the footage.
    public var rate: Double
    /// A hash over all frames, in hexadecimal.
    public var fingerprint: String
    /// The recipe as it was followed.
    public var recipe: Recipe
    /// The seed.
    public var seed: UInt64
    /// Steps made, and the step after which these weights were taken.
    public var iterations: Int, bestIteration: Int
    /// How the run ended.
    public var ending: TrainingRun.Ending
    /// The mean of the first and of the last 50 losses.
    public var firstLoss: Double, lastLoss: Double
    /// The loss on the way: at about 50 places, the mean over the 50 steps before.
    public var losses: [Loss]
    /// The held-out mean squared error of these weights, streamed over all frames that the report scores; nil where nothing was
    /// held out.
    public var heldOutError: Double?
    /// The same frames' error were each rebuilt as the training frames' mean picture: what no model at all would have; nil where
    /// nothing was held out, and in older files.
    public var errorOfMeanPicture: Double?
    /// The least error that was judged on the way, which chose these weights: over fewer frames, and the best of several, so it
    /// flatters. Nil where nothing was judged, and in older files.
    public var bestJudgement: Double?
    /// Seconds of training.
    public var seconds: Double
    /// When it ended, as ISO 8601 in UTC.
    public var created: String

    /// The mean loss of the 50 steps up to one.
    public struct Loss: Sendable, Hashable, Codable {
        /// The last of these steps, counted from 1.
        public var iteration: Int
        /// Their mean.
        public var mean: Double
    }

    /// What a daemon reads of it.
    var summary: TrainingSummary {
        TrainingSummary(sources: sources, error: heldOutError, errorOfMeanPicture: errorOfMeanPicture)
    }

    /// A store's fingerprint as it stands in a record.
    static func fingerprint(of store: FrameStore) -> String { String(store.fingerprint, radix: 16) }

    enum CodingKeys: String, CodingKey {
        case tool, sources, frames, rate, fingerprint, recipe, seed, iterations, ending, losses, seconds, created
        case heldOutFrames = "held_out_frames"
        case bestIteration = "best_iteration"
        case firstLoss = "first_loss"
        case lastLoss = "last_loss"
        case heldOutError = "held_out_error"
        case errorOfMeanPicture = "error_of_mean_picture"
        case bestJudgement = "best_judgement"
    }
}

extension TrainingRecord.Loss {
    /// The curve of a run's losses, thinned to about 50 places.
    static func curve(_ losses: [Float]) -> [TrainingRecord.Loss] {
        let stride = (losses.count / 50 + 49) / 50 * 50
        guard stride > 0 else { return [] }
        return Swift.stride(from: stride, through: losses.count, by: stride).map { end in
            TrainingRecord.Loss(iteration: end, mean: losses[max(0, end - 50)..<end].mean)
        }
    }
}

extension Sequence where Element == Float {
    /// The mean; 0 of nothing.
    var mean: Double {
        var (sum, count) = (0.0, 0)
        for value in self { (sum, count) = (sum + Double(value), count + 1) }
        return count > 0 ? sum / Double(count) : 0
    }
}
