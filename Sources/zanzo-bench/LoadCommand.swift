import ArgumentParser
import Kernels
import Model

/// `zanzo-bench load`: the time from a model file to the first reconstruction.
struct LoadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Time a model's way from its file (in the page cache) to the end of its first step.")

    @OptionGroup var options: ModelOptions
    @OptionGroup var footage: FootageOptions

    @Option(help: "Loads to time.")
    var runs = 30

    @Flag(help: "Print the median in milliseconds and nothing else.")
    var quiet = false

    func validate() throws {
        if runs < 1 { throw ValidationError("--runs must be 1 or more") }
    }

    func run() throws {
        var (loads, steps): ([Double], [Double]) = ([], [])
        var title = ""
        var frames: Footage?
        for _ in 0..<runs {
            let start = Timing.now()
            let model = try options.load()
            let loaded = Timing.now()
            let shown = try frames ?? Footage(footage.frames, size: model.topology.size)
            frames = shown
            let made = Timing.now()
            var state = StreamState(model: model)
            _ = Reconstructor(model: model).step(shown[0], &state)
            steps.append(Timing.milliseconds(Timing.now() - made))
            loads.append(Timing.milliseconds(loaded - start))
            title = "\(model.path), \(model.precision.rawValue), \(model.kernels.name)"
        }
        let whole = zip(loads, steps).map { $0 + $1 }
        if quiet {
            print(column(Timing(whole).median, 4, width: 0))
            return
        }
        print("\(title), \(runs) loads, in ms; the first is that of a new process")
        print("a step over the first of \(frames?.title ?? "none")")
        print("                first       p50       min")
        for (name, times) in [("load", loads), ("first step", steps), ("both", whole)] {
            let timing = Timing(times)
            print(
                column(name, width: 11), column(times[0], 3), column(timing.median, 3), column(timing.minimum, 3))
        }
    }
}
