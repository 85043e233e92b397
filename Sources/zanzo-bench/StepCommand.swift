import ArgumentParser
import Kernels
import Model

/// `zanzo-bench step`: the time of one frame.
struct StepCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "step", abstract: "Time whole steps: a frame in, its reconstruction out.",
        discussion: """
            Roofline is the share of the least time that these cores could take: for each layer, the larger of its \
            arithmetic and its traffic at the peaks that zanzo-bench roofline measures.
            """)

    @OptionGroup var options: ModelOptions
    @OptionGroup var footage: FootageOptions

    @Option(help: "Threads that share a step.")
    var threads = 1

    @Option(help: "Cameras whose frames are in one step; times are of the whole step.")
    var batch = 1

    @Option(help: "Steps to time.")
    var steps = 300

    @Flag(help: "Empty all caches before each step, as a camera does that shows a frame now and then.")
    var cold = false

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
        let frames = try Footage(footage.frames, size: model.topology.size)
        let cameras = (0..<batch).map { BenchCamera(frames, model: model, start: $0) }
        func time(before: () -> Void = {}) -> Timing {
            Timing(count: steps, before: before) {
                for (index, camera) in cameras.enumerated() { camera.place(in: reconstructor, at: index) }
                reconstructor.run(frames: batch)
            }
        }
        if quiet, !cold {
            print(column(time().median, 4, width: 0))
            return
        }
        let memory = BenchMemory()
        func timeCold() -> Timing { time { memory.evict(with: model.kernels) } }
        if quiet {
            print(column(timeCold().median, 4, width: 0))
            return
        }
        let roofline = Roofline(
            peaks: Peaks(kernels: model.kernels, threads: threads, memory: memory), batch: batch)
        let layers = reconstructor.layers()
        let name = "\(model.path), \(model.precision.rawValue), \(model.kernels.name)"
        print("\(name), \(counted(threads, "thread")), batch \(batch), \(counted(steps, "step")), times in ms")
        print("\(frames.title), over and over")
        print("caches       p50       p99       min   GFLOP/s  roofline")
        show("warm", time(), model, floor: roofline.milliseconds(layers))
        if cold { show("cold", timeCold(), model, floor: roofline.coldMilliseconds(layers)) }
    }

    private func show(_ caches: String, _ timing: Timing, _ model: Model, floor: Double) {
        let rate = 2e-6 * Double(batch * model.topology.multiplyAdds) / timing.median
        print(
            column(caches, width: 6), column(timing.median, 3), column(timing.quantile(0.99), 3),
            column(timing.minimum, 3), column(rate, 1), column(100 * floor / timing.median, 1), "%")
    }
}
