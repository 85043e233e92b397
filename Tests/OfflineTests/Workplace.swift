import FoundationEssentials
import Glibc
import Model
import Pictures
import Synchronization
import Testing
import Training
import Video

@testable import Offline

/// A folder for one test, gone with it.
final class Workplace {
    let path: String

    init() throws {
        var template = Array("/tmp/zanzo-offline.XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }
    func exists(_ name: String) -> Bool { access(file(name), F_OK) == 0 }

    /// A strip of `count` square frames in which a bright bar walks over a gradient.
    func strip(_ name: String, count: Int, size: Int = 16) throws -> String {
        var canvas = Canvas(width: count * size, height: size)
        for frame in 0..<count {
            var luma = (0..<size * size).map { UInt8(40 + ($0 / size) * 128 / size) }
            for row in 0..<size { luma[row * size + frame % size] = 250 }
            luma.withUnsafeBufferPointer {
                canvas.draw(luma: $0, source: (size, size), x: frame * size, y: 0, width: size, height: size)
            }
        }
        let bytes = try PNG.encode(canvas)
        try Data(bytes).write(to: URL(filePath: file(name)))
        return file(name)
    }

    /// A network that trains in no time.
    static let topology = Topology(size: 16, widths: [2, 2, 4, 4, 4], latent: 4, hidden: 6)
}

/// A trainer that a test watches: it is told of each step, and can make it fail to be restored.
final class WatchedStep: TrainingStep {
    private let step: Trainer
    private let isRestorable: Bool
    private let each: () -> Void

    init(_ step: Trainer, isRestorable: Bool = true, each: @escaping () -> Void) {
        (self.step, self.isRestorable, self.each) = (step, isRestorable, each)
    }

    func step(
        frames: UnsafePointer<Float>, hidden: UnsafeMutablePointer<Float>, settings: StepSettings
    ) -> Double {
        each()
        return step.step(frames: frames, hidden: hidden, settings: settings)
    }

    var stepCount: Int { step.stepCount }
    func modelTensors() -> [Safetensors.Tensor] { step.modelTensors() }
    func optimiserTensors() -> [Safetensors.Tensor] { step.optimiserTensors() }

    func restore(from path: String) throws(ModelError) {
        guard isRestorable else { throw ModelError(.unsuitable, path: path, "has no moments") }
        try step.restore(from: path)
    }
}

/// Steps that were made.
final class StepCount: Sendable {
    private let made = Mutex(0)

    var count: Int { made.withLock { $0 } }
    func add() { made.withLock { $0 += 1 } }
}
