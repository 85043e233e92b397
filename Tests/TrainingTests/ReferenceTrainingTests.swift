import FoundationEssentials
import Glibc
import Kernels
import Model
import Testing

@testable import Training

/// PyTorch's answers, where this machine has them.
private enum Reference {
    static let training: String = {
        if let shared = getenv("ZANZO_SHARED") { return String(cString: shared) + "/reference/training.safetensors" }
        return URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path + "/../shared/reference/training.safetensors"
    }()
    static var isHere: Bool { access(training, R_OK) == 0 }
}

@Suite("PyTorch's four training steps")
struct ReferenceTrainingTests {
    private static let topology = Topology(size: 32, widths: [4, 8, 8, 16, 16], latent: 6, hidden: 10)

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
        "Forward, loss, every gradient and Adam",
        .enabled(if: Reference.isHere, "no training.safetensors in ZANZO_SHARED/reference"),
        arguments: KernelTable.names)
    func steps(isa: String) throws {
        guard let table = KernelTable.named(isa) else { return }
        let file = try PlainFile(path: Reference.training)
        let frames = try file.values("input"), losses = try file.values("losses")
        func parameters(_ step: Int) throws -> Parameters {
            var parameters = Parameters(Self.topology, seed: 1)
            for (name, _) in Self.topology.stateTensors {
                parameters.values[name] = try file.values("step\(step).weight.\(name)")
            }
            return parameters
        }
        let trainer = Trainer(parameters: try parameters(0), batch: 3, window: 4, threads: 2, kernels: table)
        trainer.settings.learningRate = 1e-3
        for step in 0..<4 {
            trainer.set(try parameters(step))
            var hidden = [Float](repeating: 0, count: 3 * Self.topology.hidden)
            let outcome = trainer.step(frames, &hidden)
            #expect(abs(outcome.loss / Double(losses[step]) - 1) < 2e-6)
            let output = (0..<3).flatMap { b in
                (0..<4).flatMap { Array(trainer.reconstruction(sequence: b, frame: $0)) }
            }
            #expect(Self.distance(output, try file.values("step\(step).output")) < 2e-5)
            for gradient in trainer.gradients() {
                let expected = try file.values("step\(step).gradient.\(gradient.name)")
                let distance = Self.distance(gradient.floats, expected)
                #expect(distance < 2e-4, "\(isa), step \(step), gradient of \(gradient.name): \(distance)")
            }
            guard step < 3 else { continue }
            let next = try parameters(step + 1), found = trainer.parameters()
            for (name, _) in Self.topology.stateTensors {
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
        "Four steps in a row: the losses",
        .enabled(if: Reference.isHere, "no training.safetensors in ZANZO_SHARED/reference"))
    func inARow() throws {
        let file = try PlainFile(path: Reference.training)
        var parameters = Parameters(Self.topology, seed: 1)
        for (name, _) in Self.topology.stateTensors {
            parameters.values[name] = try file.values("step0.weight.\(name)")
        }
        let trainer = Trainer(parameters: parameters, batch: 3, window: 4, threads: 1)
        trainer.settings.learningRate = 1e-3
        let frames = try file.values("input")
        for loss in try file.values("losses") {
            var hidden = [Float](repeating: 0, count: 3 * Self.topology.hidden)
            #expect(abs(trainer.step(frames, &hidden).loss / Double(loss) - 1) < 1e-4)
        }
        #expect(trainer.parameters().batchesTracked.values.allSatisfy { $0 == 4 })
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
