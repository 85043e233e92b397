import ArgumentParser
import Kernels
import Model

/// `zanzo-bench step`: the time of one frame.
struct StepCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "step", abstract: "Time whole steps: a frame in, its reconstruction out.")

    @OptionGroup var options: ModelOptions

    @Option(help: "Threads that share a step.")
    var threads = 1

    @Option(help: "Cameras whose frames are in one step; times are of the whole step.")
    var batch = 1

    @Option(help: "Steps to time.")
    var steps = 300

    @Flag(help: "Print the median in milliseconds and nothing else.")
    var quiet = false

    func validate() throws {
        if !(1...64).contains(threads) { throw ValidationError("--threads \(threads): it must be 1 to 64") }
        if !(1...64).contains(batch) { throw ValidationError("--batch \(batch): it must be 1 to 64") }
        if steps < 1 { throw ValidationError("--steps must be 1 or more") }
    }

    func run() throws {
        let model = try options.load()
        let reconstructor = Reconstructor(model: model, capacity: batch, threads: threads)
        let cameras = (0..<batch).map { BenchCamera(model: model, seed: $0) }
        let timing = Timing(count: steps) {
            for (index, camera) in cameras.enumerated() { camera.place(in: reconstructor, at: index) }
            reconstructor.run(frames: batch)
        }
        if quiet {
            print(column(timing.median, 4, width: 0))
            return
        }
        let rate = 2e-6 * Double(model.topology.multiplyAdds) / timing.median
        print(
            "\(model.path), \(model.precision.rawValue), \(model.kernels.name), \(threads) threads, batch \(batch), \(steps) steps"
        )
        print("      p50       p99       min   GFLOP/s")
        let row = [
            column(timing.median, 3), column(timing.quantile(0.99), 3), column(timing.minimum, 3), column(rate, 1),
        ]
        print("\(row.joined(separator: " "))   ms")
    }
}
