import FoundationEssentials
import Glibc
import Kernels
import Model
import Testing

@testable import Training

/// PyTorch's answers to some training steps of a network.
struct TrainingReference: CustomTestStringConvertible {
    let path: String
    let topology: Topology
    let batch, window, steps: Int
    let testDescription: String
    var isHere: Bool { access(path, R_OK) == 0 }

    /// Two steps of a small network, in every clone: Tests/Reference.
    static let small = TrainingReference(
        path: URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path
            + "/Reference/training.safetensors",
        topology: Topology(size: 16, widths: [4, 4, 4, 8, 8], latent: 4, hidden: 6), batch: 2, window: 3, steps: 2,
        testDescription: "small")
    /// Four steps of a larger one, where this machine has them.
    static let shared = TrainingReference(
        path: training, topology: Topology(size: 32, widths: [4, 8, 8, 16, 16], latent: 6, hidden: 10), batch: 3,
        window: 4,
        steps: 4, testDescription: "larger")

    private static let training: String = {
        if let shared = getenv("ZANZO_SHARED") { return String(cString: shared) + "/reference/training.safetensors" }
        return URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path + "/../shared/reference/training.safetensors"
    }()
}

@Suite("PyTorch's training steps")
struct ReferenceTrainingTests {
    /// The largest distance between two tensors, relative to the largest of the one expected.
    private static func distance(_ found: [Float], _ expected: [Float]) -> Double {
        let largest = expected.reduce(0) { max($0, abs(Double($1))) }
        let distance = zip(found, expected).reduce(0) { max($0, abs(Double($1.0) - Double($1.1))) }
        return largest > 0 ? distance / largest : distance
    }

    /// Tolerances, relative to a tensor's largest element: loss 2e-6, output 2e-5, running statistics 1e-5, gradients 2e-4
    /// (sums of some thousand products, in another order than PyTorch's).
    ///
    /// Weights: Adam moves each by about the learning rate, whatever its gradient's size, m / √v; where a gradient is
    /// lost in rounding, its sign is, and the weight goes the other way. So weights are held to 2 % of a step where the
    /// gradient is at least 1e-3 of its tensor's largest, and everywhere to two learning rates a step. Each step starts
    /// from PyTorch's weights and our own moments.
    @Test(
        "Forward, loss, every gradient and Adam, of the small network in every clone", arguments: KernelTable.names)
    func small(isa: String) throws { try hold(.small, isa) }

    @Test(
        "The same of the larger network",
        .enabled(if: TrainingReference.shared.isHere, "no training.safetensors in ZANZO_SHARED/reference"),
        arguments: KernelTable.names)
    func larger(isa: String) throws { try hold(.shared, isa) }

    private func hold(_ reference: TrainingReference, _ isa: String) throws {
        guard let table = KernelTable.named(isa) else { return }
        let (topology, batch, window) = (reference.topology, reference.batch, reference.window)
        let file = try PlainFile(path: reference.path)
        let frames = try file.values("input"), losses = try file.values("losses")
        func parameters(_ step: Int) throws -> Parameters {
            var parameters = Parameters(topology, seed: 1)
            for (name, _) in topology.stateTensors {
                parameters.values[name] = try file.values("step\(step).weight.\(name)")
            }
            return parameters
        }
        let trainer = Trainer(parameters: try parameters(0), batch: batch, window: window, threads: 2, kernels: table)
        trainer.settings.learningRate = 1e-3
        for step in 0..<reference.steps {
            trainer.set(try parameters(step))
            var hidden = [Float](repeating: 0, count: batch * topology.hidden)
            let outcome = trainer.step(frames, &hidden)
            #expect(abs(outcome.loss / Double(losses[step]) - 1) < 2e-6)
            let output = (0..<batch).flatMap { b in
                (0..<window).flatMap { Array(trainer.reconstruction(sequence: b, frame: $0)) }
            }
            #expect(Self.distance(output, try file.values("step\(step).output")) < 2e-5)
            for gradient in trainer.gradients() {
                let expected = try file.values("step\(step).gradient.\(gradient.name)")
                let distance = Self.distance(gradient.floats, expected)
                #expect(distance < 2e-4, "\(isa), step \(step), gradient of \(gradient.name): \(distance)")
            }
            guard step + 1 < reference.steps else { continue }
            let next = try parameters(step + 1), found = trainer.parameters()
            for (name, _) in topology.stateTensors {
                let (a, b) = (try #require(found.values[name]), try #require(next.values[name]))
                if name.contains("running_") {
                    #expect(Self.distance(a, b) < 1e-5, "\(isa), step \(step): \(name)")
                    continue
                }
                let gradient = try file.values("step\(step).gradient.\(name)")
                let largest = gradient.reduce(0) { max($0, abs($1)) }
                let clear = a.indices.filter { abs(gradient[$0]) >= 1e-3 * largest }
                let worst = clear.reduce(0) { max($0, abs(a[$1] - b[$1])) }
                #expect(worst < 2e-5, "\(isa), step \(step): \(name) is \(worst) off")
                #expect(zip(a, b).allSatisfy { abs($0 - $1) <= 2e-3 }, "\(isa), step \(step): \(name)")
            }
        }
    }

    @Test(
        "Steps in a row: the losses",
        arguments: [TrainingReference.small, .shared].filter(\.isHere))
    func inARow(_ reference: TrainingReference) throws {
        let file = try PlainFile(path: reference.path)
        var parameters = Parameters(reference.topology, seed: 1)
        for (name, _) in reference.topology.stateTensors {
            parameters.values[name] = try file.values("step0.weight.\(name)")
        }
        let trainer = Trainer(parameters: parameters, batch: reference.batch, window: reference.window, threads: 1)
        trainer.settings.learningRate = 1e-3
        let frames = try file.values("input")
        for loss in try file.values("losses") {
            var hidden = [Float](repeating: 0, count: reference.batch * reference.topology.hidden)
            #expect(abs(trainer.step(frames, &hidden).loss / Double(loss) - 1) < 1e-4)
        }
        #expect(trainer.parameters().batchesTracked.values.allSatisfy { $0 == Int64(reference.steps) })
    }
}

/// A safetensors file of any tensors.
private struct PlainFile {
    private var tensors: [String: [Float]] = [:]

    struct Missing: Error { let name: String }

    init(path: String) throws {
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
        let length = bytes.withUnsafeBytes { Int($0.loadUnaligned(as: UInt64.self)) }
        struct Entry: Decodable {
            var dtype: String
            var data_offsets: [Int]
        }
        let header = try JSONDecoder().decode([String: Entry].self, from: Data(bytes[8..<8 + length]))
        for (name, entry) in header where entry.dtype == "F32" {
            let count = (entry.data_offsets[1] - entry.data_offsets[0]) / 4
            tensors[name] = bytes.withUnsafeBytes { raw in
                (0..<count).map {
                    raw.loadUnaligned(fromByteOffset: 8 + length + entry.data_offsets[0] + 4 * $0, as: Float.self)
                }
            }
        }
    }

    func values(_ name: String) throws -> [Float] {
        guard let values = tensors[name] else { throw Missing(name: name) }
        return values
    }
}
