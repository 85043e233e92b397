import FoundationEssentials
import Glibc
import Kernels
import Model
import TestSupport

@testable import Training

/// Small networks to train, with frames and states, the same on every machine.
struct Case: CustomStringConvertible, Sendable {
    var topology: Topology
    var batch, window: Int
    var seed: UInt64 = 1

    var description: String {
        "\(topology.size)x\(topology.size), \(topology.widths), \(batch)x\(window), seed \(seed)"
    }

    /// Widths that are no multiples of anything, a whole block, more than one; a batch of one window, and of one frame.
    static let all = [
        Case(topology: Topology(size: 16, widths: [2, 3, 4, 5, 3], latent: 3, hidden: 5), batch: 2, window: 3),
        Case(
            topology: Topology(size: 32, widths: [3, 5, 9, 17, 6], latent: 4, hidden: 7), batch: 1, window: 2, seed: 2),
        Case(
            topology: Topology(size: 16, widths: [8, 16, 33, 8, 40], latent: 17, hidden: 9), batch: 3, window: 1,
            seed: 3),
        Case(
            topology: Topology(size: 48, widths: [4, 4, 3, 5, 4], latent: 2, hidden: 3), batch: 1, window: 5, seed: 4),
    ]

    static let tables = KernelTable.names.compactMap { KernelTable.named($0) }

    var parameters: Parameters {
        var parameters = Parameters(topology, seed: seed)
        // Batch norms with numbers of their own.
        var random = SplitMix(seed: seed + 100)
        for name in Parameters.norms {
            for (suffix, range) in [
                ("weight", Float(0.5)...1.5), ("bias", -0.4...0.4), ("running_mean", -0.2...0.2),
                ("running_var", 0.2...1),
            ] {
                let count = parameters.values["\(name).\(suffix)"]?.count ?? 0
                parameters.values["\(name).\(suffix)"] = (0..<count).map { _ in .random(in: range, using: &random) }
            }
        }
        return parameters
    }

    var frames: [Float] {
        var random = SplitMix(seed: seed + 200)
        return (0..<batch * window * topology.size * topology.size).map { _ in .random(in: -1...1, using: &random) }
    }

    var hidden: [Float] {
        var random = SplitMix(seed: seed + 300)
        return (0..<batch * topology.hidden).map { _ in .random(in: -1...1, using: &random) }
    }

    func trainer(threads: Int = 1, _ kernels: KernelTable = .best) -> Trainer {
        Trainer(parameters: parameters, batch: batch, window: window, threads: threads, kernels: kernels)
    }

    var naive: NaiveTraining {
        NaiveTraining(
            topology: topology, batch: batch, window: window,
            tensors: parameters.values.mapValues { $0.map(Double.init) }, frames: frames.map(Double.init),
            hidden: hidden.map(Double.init))
    }
}

extension Trainer {
    /// A step over arrays.
    func step(_ frames: [Float], _ hidden: inout [Float]) -> StepOutcome {
        frames.withUnsafeBufferPointer { frames in
            hidden.withUnsafeMutableBufferPointer { hidden in
                guard let from = frames.baseAddress, let states = hidden.baseAddress else {
                    preconditionFailure("no frames")
                }
                return step(frames: from, hidden: states)
            }
        }
    }

    /// Every bit of what it knows.
    var bits: [[UInt8]] { (parameters().tensors() + optimiserTensors()).map(\.bytes) }
}

extension Safetensors.Tensor {
    var floats: [Float] {
        bytes.withUnsafeBytes { raw in
            (0..<raw.count / 4).map { raw.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
        }
    }
}

/// A directory for one test, removed with its owner.
final class Scratch {
    let path: String

    init() {
        var template = Array("/tmp/zanzo-training-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { preconditionFailure("mkdtemp: \(String(cString: strerror(errno)))") }
        path = String(cString: made)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
