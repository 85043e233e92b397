import ArgumentParser
import Glibc
import Kernels
import Model
import Training

/// `zanzo-bench train-step`: the time of one step of training.
struct TrainStepCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train-step",
        abstract: "Time whole training steps: forward, back through time, and the optimiser.",
        discussion: """
            Share is of the multiply-adds that the cores could do at the peak that zanzo-bench roofline measures, where a \
            step takes three times those of its frames.
            """)

    @OptionGroup var table: TableOptions

    @Option(help: "Sequences in a step.")
    var batch = 16

    @Option(help: "Frames in a sequence.")
    var window = 4

    @Option(help: "Threads that share a step.")
    var threads = 1

    @Option(help: "Steps to time.")
    var steps = 15

    @Option(
        help: "A model or checkpoint to begin with (safetensors). Default: the article's network, weights at random.")
    var model: String?

    @Flag(help: "Print the median in milliseconds and nothing else.")
    var quiet = false

    func validate() throws {
        if !(1...64).contains(threads) { throw ValidationError("--threads \(threads): it must be 1 to 64") }
        if !(1...1024).contains(batch) { throw ValidationError("--batch \(batch): it must be 1 to 1024") }
        if !(1...1024).contains(window) { throw ValidationError("--window \(window): it must be 1 to 1024") }
        if steps < 1 { throw ValidationError("--steps must be 1 or more") }
    }

    func run() throws {
        let parameters = try model.map { try Parameters(path: $0) } ?? Parameters(.article, seed: 1)
        let kernels = table.kernels, topology = parameters.topology
        let trainer = Trainer(
            parameters: parameters, batch: batch, window: window, threads: threads, kernels: kernels)
        var random = SeededGenerator(seed: 1)
        let frames = (0..<batch * window * topology.size * topology.size).map { _ in
            Float.random(in: -1...1, using: &random)
        }
        var hidden = [Float](repeating: 0, count: batch * topology.hidden)
        let timing = frames.withUnsafeBufferPointer { frames in
            hidden.withUnsafeMutableBufferPointer { hidden in
                Timing(count: steps) {
                    guard let from = frames.baseAddress, let states = hidden.baseAddress else { return }
                    _ = trainer.step(frames: from, hidden: states)
                }
            }
        }
        if quiet {
            print(column(timing.median, 3, width: 0))
            return
        }
        // Before the benchmark of the peaks takes memory of its own.
        let memory = Self.residentBytes
        let peaks = Peaks(kernels: kernels, threads: threads, memory: BenchMemory())
        let multiplyAdds = 3 * batch * window * topology.multiplyAdds
        let rate = 2e-6 * Double(multiplyAdds) / timing.median
        print(
            "\(model ?? "the article's network"), \(kernels.name), \(counted(threads, "thread")), batch \(batch), "
                + "window \(window), \(counted(steps, "step")), times in ms")
        print("      p50       min   GFLOP/s     share    memory")
        print(
            column(timing.median, 2), column(timing.minimum, 2), column(rate, 1),
            column(100 * rate / peaks.floatRate, 1, width: 7), "%", column(Double(memory) / 1e6, 0, width: 6), "MB")
    }

    /// The most that this process has had in memory.
    private static var residentBytes: Int {
        var usage = rusage()
        getrusage(numericCast(RUSAGE_SELF.rawValue), &usage)
        return Int(usage.ru_maxrss) << 10
    }
}
