/// Lays windows of frames out as a training step takes them: [batch][window][size][size] of luma in [-1, 1].
///
/// Each stream has a light of its own (a gain, an offset, a sensor's noise), which stays the same while its state is carried:
/// the model is to know the scene on a dull day too.
struct BatchFiller: Sendable {
    private let footage: Footage
    private let length: Int
    private let light: Light
    private let seed: UInt64

    /// How far light may differ from the recorded one; all 0: not at all.
    struct Light: Sendable, Hashable, Codable {
        /// The gain lies in 1 ± this.
        var gain = 0.0
        /// The offset lies in ± this, in units of the range [-1, 1].
        var offset = 0.0
        /// The noise's largest deviation, in levels of 255.
        var noise = 0.0
    }

    init(footage: Footage, length: Int, light: Light, seed: UInt64) {
        (self.footage, self.length, self.light, self.seed) = (footage, length, light, seed)
    }

    /// Writes the frames of `windows`, the training windows of `iteration`, to `frames`.
    func fill(_ windows: [WindowSampler.Window], iteration: Int, into frames: UnsafeMutablePointer<Float>) {
        let area = footage.store.size * footage.store.size
        for (stream, window) in windows.enumerated() {
            var table = [Float](repeating: 0, count: 256)
            let deviation = shade(&table, stream: stream, runStart: window.runStart)
            var noise = SeededGenerator(keys: seed, 4, UInt64(iteration), UInt64(stream))
            for frame in 0..<length {
                let luma = footage.luma(footage.training[window.span], window.start + frame)
                let to = UnsafeMutableBufferPointer(
                    start: frames + (stream * length + frame) * area, count: area)
                for pixel in 0..<area { to[pixel] = table[Int(luma[pixel])] }
                if deviation > 0 { Self.add(&noise, deviation, to) }
            }
        }
    }

    /// The value of each byte in a stream's light; returns its noise's deviation.
    private func shade(_ table: inout [Float], stream: Int, runStart: Int) -> Float {
        var random = SeededGenerator(keys: seed, 3, UInt64(runStart), UInt64(stream))
        let gain = Float(1 + light.gain * (2 * random.uniform() - 1))
        let offset = Float(light.offset * (2 * random.uniform() - 1))
        let deviation = Float(light.noise * random.uniform() / 127.5)
        for byte in table.indices {
            let value = Float(byte) / 127.5 - 1
            table[byte] = light.gain == 0 && light.offset == 0 ? value : max(-1, min(1, value * gain + offset))
        }
        return deviation
    }

    /// Adds noise of this standard deviation: two pixels for 64 random bits, each by the difference of two numbers of 16 bits
    /// (a triangular distribution, whose variance is a sixth of the range's square).
    private static func add(
        _ random: inout SeededGenerator, _ deviation: Float, _ pixels: UnsafeMutableBufferPointer<Float>
    ) {
        let scale = deviation * Float(6).squareRoot() / 65_536
        for at in stride(from: 0, to: pixels.count, by: 2) {
            let bits = random.next()
            for (lane, value) in [(0, bits), (1, bits >> 32)] {
                let sum = Int32(value & 0xFFFF) - Int32(value >> 16 & 0xFFFF)
                pixels[at + lane] = max(-1, min(1, pixels[at + lane] + Float(sum) * scale))
            }
        }
    }
}
