import TestSupport
import FoundationEssentials
import Glibc
import Model

/// A directory for one test, removed with its owner.
final class Scratch {
    let path: String

    init() {
        var template = Array("/tmp/zanzo-model-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { preconditionFailure("mkdtemp: \(String(cString: strerror(errno)))") }
        path = String(cString: made)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    func write(_ bytes: [UInt8], _ name: String = "model.safetensors") throws -> String {
        try Data(bytes).write(to: URL(filePath: file(name)))
        return file(name)
    }

    var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] }
}

/// Small models with random weights, made by the tests themselves.
enum ModelFiles {
    /// Widths that are no multiples of anything.
    static let odd = Topology(size: 32, widths: [3, 5, 9, 17, 12], latent: 6, hidden: 10)
    static let even = Topology(size: 16, widths: [8, 16, 16, 24, 40], latent: 16, hidden: 33)

    static func metadata(_ topology: Topology) -> [String: String] { [Topology.metadataKey: topology.json] }

    /// Every tensor that PyTorch's state_dict of this topology has.
    static func tensors(_ t: Topology, seed: UInt64 = 1) -> [Safetensors.Tensor] {
        var random = SplitMix(seed: seed)
        var list: [Safetensors.Tensor] = []
        func add(_ name: String, _ shape: [Int], in range: ClosedRange<Float>) {
            let values = (0..<shape.reduce(1, *)).map { _ in Float.random(in: range, using: &random) }
            list.append(Safetensors.Tensor(name: name, shape: shape, values: values))
        }
        func weights(_ name: String, _ shape: [Int], fan: Int) {
            let limit = (3 / Float(fan)).squareRoot()
            add(name, shape, in: -limit...limit)
        }
        func norm(_ name: String, _ count: Int) {
            add("\(name).weight", [count], in: 0.5...1.5)
            add("\(name).bias", [count], in: -0.5...0.5)
            add("\(name).running_mean", [count], in: -0.5...0.5)
            add("\(name).running_var", [count], in: 0.1...2)
            list.append(
                Safetensors.Tensor(
                    name: "\(name).num_batches_tracked", dtype: "I64", shape: [], bytes: [7, 0, 0, 0, 0, 0, 0, 0]))
        }
        let inputs = [t.channels] + t.widths.dropLast()
        for layer in 0..<5 {
            weights(
                "encoder.\(3 * layer).weight", [t.widths[layer], inputs[layer], 3, 3], fan: 9 * inputs[layer])
            if layer < 4 { norm("encoder.\(3 * layer + 1)", t.widths[layer]) }
        }
        for layer in 0..<4 {
            let (from, to) = (t.widths[4 - layer], t.widths[3 - layer])
            weights("decoder.\(3 * layer).weight", [from, to, 3, 3], fan: 9 * from / 4)
            norm("decoder.\(3 * layer + 1)", to)
        }
        weights("decoder.12.weight", [t.channels, t.widths[0], 3, 3], fan: 9 * t.widths[0])
        let flat = t.widths[4] * (t.size / 16) * (t.size / 16)
        weights("fc1.0.weight", [t.latent, flat], fan: flat)
        weights("fc1.0.bias", [t.latent], fan: 4)
        weights("fc3.0.weight", [flat, t.hidden], fan: t.hidden / 4)
        weights("fc3.0.bias", [flat], fan: 4)
        weights("gru.weight_ih_l0", [3 * t.hidden, t.latent], fan: t.latent)
        weights("gru.bias_ih_l0", [3 * t.hidden], fan: 4)
        weights("gru.weight_hh_l0", [3 * t.hidden, t.hidden], fan: t.hidden)
        weights("gru.bias_hh_l0", [3 * t.hidden], fan: 4)
        return list
    }

    /// Writes a model and gives its path.
    static func write(_ topology: Topology, in scratch: Scratch, seed: UInt64 = 1) throws -> String {
        let path = scratch.file("model-\(seed).safetensors")
        try Safetensors.write(path: path, tensors: tensors(topology, seed: seed), metadata: metadata(topology))
        return path
    }

    /// Writes into the model's file what `zanzo quantize` would, having seen a few of `frames`.
    static func quantise(_ path: String) throws -> ActivationRanges {
        let model = try Model(path: path, precision: .float32)
        let meter = ActivationMeter(model: model)
        for frame in frames(model.topology, count: 4) { frame.withUnsafeBufferPointer { meter.add($0) } }
        let json = try meter.ranges.jsonString()
        try Safetensors.replaceMetadata(path: path) { $0[ActivationRanges.metadataKey] = json }
        return meter.ranges
    }

    /// Frames of smooth noise.
    static func frames(_ topology: Topology, count: Int, seed: UInt64 = 5) -> [[UInt8]] {
        var random = SplitMix(seed: seed)
        let side = topology.size
        return (0..<count).map { frame in
            (0..<side * side).map { pixel in
                UInt8(
                    truncatingIfNeeded: 4 * (pixel % side) + 3 * (pixel / side) + 9 * frame + Int(random.next() >> 59))
            }
        }
    }
}
