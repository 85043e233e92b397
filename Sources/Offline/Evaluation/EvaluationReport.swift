import Anomaly

/// How well a model tells anomalous frames from normal ones, beside a baseline that has no model. Shares are in %.
public struct EvaluationReport: Sendable, Hashable, Codable {
    /// Areas under the receiver operating characteristic, in %.
    public struct Areas: Sendable, Hashable, Codable {
        /// Of the scores as they are, over all frames.
        public var raw: Double
        /// Of scores that were moved and stretched to 0…1 in each clip.
        public var perClip: Double

        enum CodingKeys: String, CodingKey {
            case raw
            case perClip = "per_clip"
        }
    }

    /// What a detector raised.
    public struct Events: Sendable, Hashable, Codable {
        /// The alarm line in raw units.
        public var threshold: Double
        /// Labelled stretches, and those of them that an event found (`EventMatch.found`).
        public var stretches: Int, found: Int
        /// `found` in % of `stretches`; nil where there are none.
        public var recall: Double?
        /// Events that begin when nothing is odd (`EventMatch.falseAlarms`).
        public var falseAlarms: Int
        /// False alarms an hour of frames that are not labelled; nil where there are none.
        public var falseAlarmsPerHour: Double?

        enum CodingKeys: String, CodingKey {
            case threshold, stretches, found, recall
            case falseAlarms = "false_alarms"
            case falseAlarmsPerHour = "false_alarms_per_hour"
        }
    }

    /// Everything about one way to score. What needs frames of both kinds is nil where there is only one.
    public struct Results: Sendable, Hashable, Codable {
        /// Frame-level areas.
        public var auc: Areas?
        /// Average precision and equal error rate of the raw scores, in %.
        public var averagePrecision: Double?, equalErrorRate: Double?
        /// Event by event; nil without a threshold.
        public var events: Events?

        enum CodingKeys: String, CodingKey {
            case auc, events
            case averagePrecision = "average_precision"
            case equalErrorRate = "equal_error_rate"
        }
    }

    /// One clip.
    public struct Clip: Sendable, Hashable, Codable {
        /// Its name.
        public var name: String
        /// Frames scored, and those of them labelled anomalous.
        public var frames: Int, anomalous: Int
        /// The area of its own frames' curve, in %; nil where they are of one kind.
        public var auc: Double?
        /// Labelled stretches and those found; nil without a threshold.
        public var stretches: Int?, found: Int?
        /// Events beside them; nil without a threshold.
        public var falseAlarms: Int?

        enum CodingKeys: String, CodingKey {
            case name, frames, anomalous, auc, stretches, found
            case falseAlarms = "false_alarms"
        }
    }

    /// The model's file and the folder of clips, as they were named.
    public var model: String, data: String
    /// How frames were scored.
    public var method: String
    /// Frames a second; nil where clips differ.
    public var rate: Double?
    /// Frames scored, and those of them labelled anomalous.
    public var frames: Int, anomalous: Int
    /// Their length in seconds.
    public var seconds: Double
    /// The model's areas, in %: `auc.raw`, `auc.per_clip`; nil where all frames are of one kind.
    public var auc: Areas?
    /// Of the model's raw scores, in %.
    public var averagePrecision: Double?, equalErrorRate: Double?
    /// The model's events; nil where it has no calibration and none was given.
    public var events: Events?
    /// Frame difference in the model's place. Its threshold is the lowest at which it raises no more false alarms than
    /// the model does, so that recall can be compared.
    public var baseline: Results
    /// Clip by clip, the model alone.
    public var clips: [Clip]

    enum CodingKeys: String, CodingKey {
        case model, data, method, rate, frames, anomalous, seconds, auc, events, baseline, clips
        case averagePrecision = "average_precision"
        case equalErrorRate = "equal_error_rate"
    }
}
