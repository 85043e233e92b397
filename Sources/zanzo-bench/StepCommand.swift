import ArgumentParser
import Kernels
import Model

/// `zanzo-bench step`: the time of one frame.
struct StepCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "step", abstract: "Time whole steps: a frame in, its reconstruction out.")

    @OptionGroup var options: ModelOptions

    @Option(help: "Threads for one step: 1.")
    var threads = 1

    @Option(help: "Frames in one call: 1.")
    var batch = 1

    @Option(help: "Steps to time.")
    var steps = 300

    @Flag(help: "Print the median in milliseconds and nothing else.")
    var quiet = false

    func validate() throws {
        if threads != 1 { throw ValidationError("--threads \(threads): this build steps on 1 thread only") }
        if batch != 1 { throw ValidationError("--batch \(batch): this build steps 1 frame a call only") }
        if steps < 1 { throw ValidationError("--steps must be 1 or more") }
    }

    func run() throws {
        let model = try options.load()
        let reconstructor = Reconstructor(model: model)
        var state = StreamState(model: model)
        var frames = BenchFrames(size: model.topology.size)
        let timing = Timing(count: steps) {
            frames.next().withUnsafeBufferPointer { _ = reconstructor.step($0, &state) }
        }
        if quiet {
            print(column(timing.median, 4, width: 0))
            return
        }
        let rate = 2e-6 * Double(model.topology.multiplyAdds) / timing.median
        print("\(model.path), \(model.precision.rawValue), \(model.kernels.name), 1 thread, batch 1, \(steps) steps")
        print("      p50       p99       min   GFLOP/s")
        let row = [
            column(timing.median, 3), column(timing.quantile(0.99), 3), column(timing.minimum, 3), column(rate, 1),
        ]
        print("\(row.joined(separator: " "))   ms")
    }
}
