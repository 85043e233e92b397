import FoundationEssentials

/// Of what a model was trained, and how good it became: the part of the training record in its file that whoever runs it should
/// know.
///
/// A daemon knows nothing of training; it reads this, and passes over the record's other keys.
public struct TrainingSummary: Sendable, Hashable, Codable {
    /// Where a model file's metadata keep the training record, as JSON.
    public static let metadataKey = "zanzo.training"

    /// What it was trained on, without users and passwords; a long name is cut. Nil where the record does not say.
    public var sources: [String]?
    /// The mean squared error of held-out frames, streamed from a state of zeros; nil where nothing was held out.
    public var error: Double?
    /// The same frames' error were each rebuilt as the training frames' mean picture: what no model at all would have. Nil where
    /// nothing was held out, and in older files.
    public var errorOfMeanPicture: Double?

    /// What the two numbers say.
    public enum Verdict: String, Sendable, Hashable, Codable {
        /// It rebuilds held-out frames better than the mean picture does.
        case useful
        /// It does not: it knows no more of the camera than what stands still, and will find little that differs.
        case worthless
        /// Nobody knows: nothing was held out, or the file is an older one.
        case unjudged
    }

    enum CodingKeys: String, CodingKey {
        case sources
        case error = "held_out_error"
        case errorOfMeanPicture = "error_of_mean_picture"
    }

    /// A summary; an error that is not finite is none.
    public init(sources: [String]? = nil, error: Double?, errorOfMeanPicture: Double?) {
        self.sources = sources
        self.error = error.flatMap { $0.isFinite ? $0 : nil }
        self.errorOfMeanPicture = errorOfMeanPicture.flatMap { $0.isFinite ? $0 : nil }
    }

    /// What a model file's metadata say; nil where they have no training record. One that can't be read says as little: it is
    /// for people, and no reason to refuse a model that works.
    public init?(metadata: [String: String]) {
        guard let text = metadata[Self.metadataKey],
            (try? MetadataBlock.check(text, Self.metadataKey, path: "")) != nil,
            let read = try? JSONDecoder().decode(TrainingSummary.self, from: Data(text.utf8))
        else { return nil }
        self.init(sources: read.sources, error: read.error, errorOfMeanPicture: read.errorOfMeanPicture)
    }

    /// What the numbers say.
    public var verdict: Verdict {
        guard let error, let errorOfMeanPicture else { return .unjudged }
        return error < errorOfMeanPicture ? .useful : .worthless
    }
}

extension Model {
    /// Of what it was trained and how good it became; nil where its file has no training record.
    public var trainingSummary: TrainingSummary? { TrainingSummary(metadata: metadata) }
}
