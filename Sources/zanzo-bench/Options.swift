public import ArgumentParser
import Glibc
import Kernels
public import Model

/// Which kernels a benchmark runs.
struct TableOptions: ParsableArguments {
    @Option(help: "Instruction set: \(KernelTable.names.joined(separator: ", ")). Default: the best of this CPU.")
    var cpu: String?

    func validate() throws {
        if let cpu, let problem = KernelTable.problem(with: cpu) { throw ValidationError("--cpu: \(problem)") }
        // Passed over, it would give figures of other kernels than those asked for.
        if cpu == nil, let wanted = getenv("ZANZO_CPU").map({ String(cString: $0) }),
            let problem = KernelTable.problem(with: wanted)
        {
            throw ValidationError("ZANZO_CPU: \(problem)")
        }
    }

    var kernels: KernelTable { cpu.flatMap { KernelTable.named($0) } ?? .best }
}

/// What every benchmark of a model is told.
struct ModelOptions: ParsableArguments {
    @Option(help: "The model file (safetensors).")
    var model: String

    @OptionGroup var table: TableOptions

    @Option(help: "Arithmetic: float32, float16, int8 (a file that zanzo quantize has seen), or auto.")
    var precision = Precision.float32

    func load() throws -> Model { try Model(path: model, precision: precision, kernels: table.kernels) }
}

extension Precision: ExpressibleByArgument {}

/// Frames that a benchmark runs: noise over a gradient that moves, so that no layer sees the same numbers twice in a row.
struct BenchFrames {
    private let frames: [[UInt8]]
    private var index = 0

    init(size: Int, count: Int = 16) {
        var state: UInt64 = 1
        frames = (0..<count).map { frame in
            (0..<size * size).map { pixel in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return UInt8(truncatingIfNeeded: (pixel % size + pixel / size + 3 * frame) + Int(state >> 60))
            }
        }
    }

    var first: [UInt8] { frames[0] }

    mutating func next() -> [UInt8] {
        index = (index + 1) % frames.count
        return frames[index]
    }
}

/// One camera of a batch: its frames and its state.
final class BenchCamera {
    private var frames: [UnsafeMutableBufferPointer<UInt8>]
    private var state: StreamState
    private var index: Int

    init(model: Model, seed: Int) {
        var source = BenchFrames(size: model.topology.size)
        frames = (0..<16).map { _ in
            let frame = source.next()
            let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: frame.count)
            _ = copy.update(from: frame)
            return copy
        }
        state = StreamState(model: model)
        index = seed
    }

    deinit { frames.forEach { $0.deallocate() } }

    func place(in reconstructor: Reconstructor, at place: Int) {
        index = (index + 1) % frames.count
        reconstructor.place(UnsafeBufferPointer(frames[index]), &state, at: place)
    }
}
