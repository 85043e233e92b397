internal import FoundationEssentials
internal import Video

extension Calibration: Codable {
    /// The version of the written form; a later one that an older Zanzo would misread gets a higher number.
    static let version = 1
    /// The longest text that is read: one written here has under 1,000 bytes.
    static let maximumByteCount = 65_536

    private enum Key: String, CodingKey {
        case version, threshold, method
        case alertsPerDay = "alerts_per_day"
        case frames, rate, seconds, quantile, quiet, events, tail, expected, statistics, created
    }

    /// Reads and checks: a threshold that is not a finite number over 0 never gets in.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        let version = try values.decode(Int.self, forKey: .version)
        guard version == Self.version else {
            throw CalibrationError(
                .badText, "version \(version) is not known here (\(Self.version) is): it was made by another Zanzo")
        }
        threshold = try values.decode(Double.self, forKey: .threshold)
        method = try values.decode(ScoreMethod.self, forKey: .method)
        alertsPerDay = try values.decode(Double.self, forKey: .alertsPerDay)
        frames = try values.decode(Int.self, forKey: .frames)
        rate = try values.decode(Double.self, forKey: .rate)
        quantile = try values.decode(Double.self, forKey: .quantile)
        quiet = try values.decode(Double.self, forKey: .quiet)
        events = try values.decode(Int.self, forKey: .events)
        tail = try values.decode(Tail.self, forKey: .tail)
        expected = try values.decodeIfPresent(ExpectedAlerts.self, forKey: .expected)
        statistics = try values.decode(ScoreStatistics.self, forKey: .statistics)
        created = try values.decodeIfPresent(String.self, forKey: .created)
        if let problem { throw CalibrationError(.badText, problem) }
    }

    /// Writes what `init(from:)` reads.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Key.self)
        try values.encode(Self.version, forKey: .version)
        try values.encode(threshold, forKey: .threshold)
        try values.encode(method, forKey: .method)
        try values.encode(alertsPerDay, forKey: .alertsPerDay)
        try values.encode(frames, forKey: .frames)
        try values.encode(rate, forKey: .rate)
        try values.encode(seconds, forKey: .seconds)  // For who reads the file: frames / rate.
        try values.encode(quantile, forKey: .quantile)
        try values.encode(quiet, forKey: .quiet)
        try values.encode(events, forKey: .events)
        try values.encode(tail, forKey: .tail)
        try values.encodeIfPresent(expected, forKey: .expected)
        try values.encode(statistics, forKey: .statistics)
        try values.encodeIfPresent(created, forKey: .created)
    }

    /// The calibration as one line of JSON, keys in order: what a model file carries under `zanzo.calibration`.
    public func jsonString() throws(CalibrationError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        } catch {
            throw CalibrationError(.badText, "can't be written as JSON: \(error)")
        }
    }

    /// Reads what `jsonString` gives. The text is not trusted: every value is checked.
    public init(json: String) throws(CalibrationError) {
        guard json.utf8.count <= Self.maximumByteCount else {
            throw CalibrationError(.badText, "the text has \(json.utf8.count) bytes, more than a calibration can have")
        }
        do {
            self = try JSONDecoder().decode(Calibration.self, from: Data(json.utf8))
        } catch let error as CalibrationError {
            throw error
        } catch let error as DecodingError {
            throw CalibrationError(.badText, Self.words(for: error))
        } catch {
            throw CalibrationError(.badText, "\(error)")
        }
    }

    /// The first value that can't be; nil where all is well.
    private var problem: String? {
        let advice = "calibrate the model again"
        if !(threshold.isFinite && threshold > 0) { return "the threshold is \(threshold), not over 0: \(advice)" }
        if Rate(perSecond: rate) == nil { return "the rate is \(rate) frames a second: \(advice)" }
        if !(alertsPerDay.isFinite && alertsPerDay > 0) {
            return "the budget is \(alertsPerDay) alerts a day: \(advice)"
        }
        if frames < 1 || events < 0 { return "it speaks of \(frames) frames and \(events) events: \(advice)" }
        if !(0...1).contains(quantile) { return "the quantile is \(quantile), not in 0…1: \(advice)" }
        if !(quiet.isFinite && quiet >= 0) { return "the quiet level is \(quiet): \(advice)" }
        if let expected {
            let (low, high) = (expected.low, expected.high)
            if !(low >= 0 && low <= high && high.isFinite && expected.alertsPerDay >= 0) {
                return "it expects \(low) to \(high) alerts a day: \(advice)"
            }
        }
        if let created, created.utf8.count > 40 { return "the date has \(created.utf8.count) bytes: \(advice)" }
        return nil
    }

    private static func words(for error: DecodingError) -> String {
        func place(_ path: [any CodingKey]) -> String { path.map(\.stringValue).joined(separator: ".") }
        switch error {
        case .keyNotFound(let key, let context): return "\"\(place(context.codingPath + [key]))\" is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            return "\"\(place(context.codingPath))\" is of the wrong type"
        case .dataCorrupted(let context):
            return context.codingPath.isEmpty
                ? "not JSON: \(context.debugDescription)"
                : "\"\(place(context.codingPath))\": \(context.debugDescription)"
        @unknown default: return "\(error)"
        }
    }
}
