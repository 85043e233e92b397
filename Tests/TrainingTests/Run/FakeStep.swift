import Model

@testable import Training

/// Trains nothing, but remembers everything: its one weight mixes the bits of all that every step was given, so that a single
/// frame, state or setting out of place shows in it.
final class FakeStep: TrainingStep {
    let recipe: Recipe
    let topology: Topology
    /// Losses that steps give instead of their own, by iteration.
    var losses: [Int: Double] = [:]
    private(set) var count: Int64 = 0
    var stepCount: Int { Int(count) }
    private(set) var settings: [StepSettings] = []
    private var mixed: [UInt32]

    init(_ recipe: Recipe, _ topology: Topology) {
        (self.recipe, self.topology) = (recipe, topology)
        mixed = [1, 2, 3, 4]
    }

    func step(
        frames: UnsafePointer<Float>, hidden: UnsafeMutablePointer<Float>, settings: StepSettings
    ) -> Double {
        let pixels = recipe.batch * recipe.window * topology.size * topology.size
        var sum = 0.0
        for index in 0..<pixels { sum += Double(frames[index]) * Double(index % 97) }
        for unit in 0..<recipe.batch * topology.hidden {
            sum += Double(hidden[unit])
            hidden[unit] = hidden[unit] * 0.5 + Float(unit % 3) + Float(sum.truncatingRemainder(dividingBy: 1))
        }
        sum += settings.learningRate * 1e6 + settings.beta1
        for place in mixed.indices {
            mixed[place] =
                mixed[place] &* 0x9E37_79B1 ^ UInt32(truncatingIfNeeded: sum.bitPattern >> (8 * UInt64(place)))
        }
        self.settings.append(settings)
        defer { count += 1 }
        return losses[Int(count)] ?? Double(mixed[0] >> 8) / Double(1 << 24)
    }

    func modelTensors() -> [Safetensors.Tensor] {
        [Safetensors.Tensor(name: "weight", dtype: "U32", shape: [4], bytes: mixed.withUnsafeBytes { Array($0) })]
    }

    func optimiserTensors() -> [Safetensors.Tensor] {
        [Safetensors.Tensor(name: "count", dtype: "I64", shape: [1], bytes: withUnsafeBytes(of: count) { Array($0) })]
    }

    func restore(from path: String) throws(ModelError) {
        let file = try SafetensorsFile(path: path)
        for tensor in file.tensors where tensor.name == "weight" {
            let bytes = file.bytes(of: tensor)
            mixed = (0..<4).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self) }
        }
        for tensor in file.tensors where tensor.name == "count" {
            count = file.bytes(of: tensor).loadUnaligned(as: Int64.self)
        }
        file.close()
    }
}
