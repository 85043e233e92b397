import FoundationEssentials

/// The shape of a GRU autoencoder: everything that differs between two model files but the weights.
///
/// Per frame: five 3×3 convolutions (the first with stride 1, then four halvings) → `latent` numbers → one GRU layer of
/// `hidden` units → back through four transposed convolutions and a last convolution.
public struct Topology: Hashable, Sendable, Codable {
    /// Width and height of the frames, in pixels: a multiple of 16, 16…512.
    public var size: Int
    /// Channels of the frames: 1 (luma).
    public var channels: Int
    /// Channels after each of the five convolutions, each 1…1024.
    public var widths: [Int]
    /// Numbers that the encoder leaves of a frame, 1…4096.
    public var latent: Int
    /// Units of the GRU, 1…4096.
    public var hidden: Int

    /// A topology; `problem` says whether it can be run.
    public init(size: Int, channels: Int = 1, widths: [Int], latent: Int, hidden: Int) {
        (self.size, self.channels, self.widths, self.latent, self.hidden) = (size, channels, widths, latent, hidden)
    }

    /// The article's network, which a file without a topology is taken for.
    public static let article = Topology(size: 64, widths: [32, 64, 128, 256, 512], latent: 64, hidden: 100)

    /// The key in a model file's metadata under which the topology stands, as JSON.
    public static let metadataKey = "zanzo.topology"

    /// Why this topology cannot be run, in a few words; nil where it can.
    public var problem: String? {
        if size % 16 != 0 || !(16...512).contains(size) { return "size \(size) is not a multiple of 16 in 16…512" }
        if channels != 1 { return "channels is \(channels); only models of luma (1) can be run" }
        if widths.count != 5 { return "widths has \(widths.count) entries instead of 5" }
        if let width = widths.first(where: { !(1...1024).contains($0) }) { return "width \(width) is not in 1…1024" }
        if !(1...4096).contains(latent) { return "latent \(latent) is not in 1…4096" }
        if !(1...4096).contains(hidden) { return "hidden \(hidden) is not in 1…4096" }
        let limit = 1 << 30
        if stepByteCount > limit {
            return
                "a step over \(Self.framesAStep) frames would need \(stepByteCount >> 20) MiB of memory; \(limit >> 20) MiB is "
                + "the limit"
        }
        return nil
    }

    /// Frames that the daemon has in one step at most, each of another camera.
    package static let framesAStep = 4

    /// Bytes of the activations of a step over `framesAStep` frames, in the costliest arithmetic: int8 has its maps beside those
    /// in float32, which the maps at both ends need. Channels are padded to 16, as by the widest kernels.
    package var stepByteCount: Int {
        let maps = widths.enumerated().reduce(0) { sum, layer in
            let side = (size >> layer.offset) + 2
            return sum + side * side * ((layer.element + 15) / 16 * 16)
        }
        let pictures = 3 * (size + 2) * (size + 2) * channels
        let floats = maps + pictures + (widths.last ?? 0) * (size / 16 + 2) * (size / 16 + 2) + latent + 6 * hidden
        return Self.framesAStep * (floats * MemoryLayout<Float>.size + maps)
    }

    /// Multiply-adds of one step.
    public var multiplyAdds: Int {
        let maps = zip(widths, widths.dropFirst()).enumerated()
        let convolutions = maps.reduce(0) { sum, layer in
            let side = size >> (layer.offset + 1)
            return sum + 2 * 9 * layer.element.0 * layer.element.1 * side * side
        }
        let flat = (widths.last ?? 0) * (size / 16) * (size / 16)
        return convolutions + 2 * 9 * channels * (widths.first ?? 0) * size * size + flat * (latent + hidden)
            + 3 * hidden * (latent + hidden)
    }

    /// The topology as one line of JSON, keys in order.
    public var json: String {
        let list = widths.map(String.init).joined(separator: ",")
        return
            #"{"size":\#(size),"channels":\#(channels),"widths":[\#(list)],"latent":\#(latent),"hidden":\#(hidden)}"#
    }

    /// The topology of a model file's metadata; the article's where there is none.
    static func of(metadata: [String: String], path: String) throws(ModelError) -> Topology {
        guard let text = metadata[metadataKey] else { return .article }
        // A key that is passed over would have the model run as something that it is not.
        try MetadataBlock.check(
            text, metadataKey, path: path, known: ["size", "channels", "widths", "latent", "hidden"])
        let topology: Topology
        do {
            topology = try JSONDecoder().decode(Topology.self, from: Data(text.utf8))
        } catch {
            throw ModelError(
                .unsuitable, path: path,
                "metadata \(metadataKey) is not a topology such as \(Topology.article.json); train or convert it again")
        }
        if let problem = topology.problem {
            throw ModelError(.unsuitable, path: path, "metadata \(metadataKey): \(problem)")
        }
        return topology
    }
}
