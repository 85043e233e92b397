import FoundationEssentials

/// The arithmetic of a model's convolutions. The GRU and the score are in float32 in each of them.
public enum Precision: String, Sendable, CaseIterable {
    /// `int8` where the file has been quantised and the CPU is faster at it, else `float32`.
    case auto
    /// Weights and activations in float32.
    case float32
    /// Weights in 16 bits, activations and sums in float32: half the memory to stream.
    case float16
    /// Weights and activations in 8 bits, sums in 32: for files that `zanzo quantize` has seen.
    case int8
}

/// How large a model's activations become on its own normal frames: what their bytes must be able to say.
public struct ActivationRanges: Codable, Sendable, Equatable {
    /// The largest activations of the encoder's first four maps.
    public var encoder: [Float]
    /// The largest activation, without its sign, of the map that the hidden state becomes.
    public var hidden: Float
    /// The largest activations of the decoder's first three maps.
    public var decoder: [Float]

    /// The key in a model file's metadata, as JSON.
    public static let metadataKey = "zanzo.activations"

    /// Nothing seen yet.
    public init() { (encoder, hidden, decoder) = ([0, 0, 0, 0], 0, [0, 0, 0]) }

    /// Why these can't be used, in a few words; nil where they can.
    var problem: String? {
        if encoder.count != 4 || decoder.count != 3 {
            return "there are not four ranges of the encoder and three of the decoder"
        }
        let all = encoder + decoder + [hidden]
        // Beyond these, a step or its reciprocal would not be a float.
        return all.allSatisfy { (1e-30...1e30).contains($0) } ? nil : "a range is not a number in 1e-30…1e30"
    }

    /// As one line of JSON.
    public func jsonString() throws -> String { String(decoding: try JSONEncoder().encode(self), as: UTF8.self) }

    /// The ranges of a model file's metadata; nil where it was never quantised.
    static func of(metadata: [String: String], path: String) throws(ModelError) -> ActivationRanges? {
        guard let text = metadata[metadataKey] else { return nil }
        try MetadataBlock.check(text, metadataKey, path: path, known: ["encoder", "hidden", "decoder"])
        let ranges = try? JSONDecoder().decode(ActivationRanges.self, from: Data(text.utf8))
        guard let ranges, ranges.problem == nil else {
            throw ModelError(
                .unsuitable, path: path,
                "metadata \(metadataKey): \(ranges?.problem ?? "not what zanzo quantize writes"); quantize it again")
        }
        return ranges
    }
}
