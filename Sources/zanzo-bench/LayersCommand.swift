import ArgumentParser
import Kernels
import Model

/// `zanzo-bench layers`: where the time of a step goes.
struct LayersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "layers", abstract: "Time each layer alone, one line a layer, weights warm in the cache.")

    @OptionGroup var options: ModelOptions

    @Option(help: "Runs of each layer to time.")
    var runs = 200

    func validate() throws {
        if runs < 1 { throw ValidationError("--runs must be 1 or more") }
    }

    func run() throws {
        let model = try options.load()
        let reconstructor = Reconstructor(model: model)
        var state = StreamState(model: model)
        var frames = BenchFrames(size: model.topology.size)
        frames.next().withUnsafeBufferPointer { _ = reconstructor.step($0, &state) }

        print(
            "\(model.path), \(model.precision.rawValue), \(model.kernels.name), median and minimum of \(runs) runs in ms"
        )
        print("layer       shape                           p50       min   GFLOP/s")
        var (median, minimum, multiplyAdds) = (0.0, 0.0, 0)
        for layer in reconstructor.layers() {
            let timing = Timing(count: runs) { layer.run() }
            let rate = 2e-6 * Double(layer.multiplyAdds) / timing.median
            print(
                column(layer.name, width: 11), column(layer.shape, width: 26), column(timing.median, 4),
                column(timing.minimum, 4), column(rate, 1))
            median += timing.median
            minimum += timing.minimum
            multiplyAdds += layer.multiplyAdds
        }
        let rate = 2e-6 * Double(multiplyAdds) / median
        print(column("all", width: 38), column(median, 4), column(minimum, 4), column(rate, 1))
    }
}
