import ArgumentParser
import Kernels
import Model

/// `zanzo-bench layers`: where the time of a step goes.
struct LayersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "layers", abstract: "Time each layer alone, one line a layer, weights warm in the cache.")

    @OptionGroup var options: ModelOptions
    @OptionGroup var footage: FootageOptions

    @Option(help: "Runs of each layer to time.")
    var runs = 200

    func validate() throws {
        if runs < 1 { throw ValidationError("--runs must be 1 or more") }
    }

    func run() throws {
        let model = try options.load()
        let reconstructor = Reconstructor(model: model)
        var state = StreamState(model: model)
        let frames = try Footage(footage.frames, size: model.topology.size)
        _ = reconstructor.step(frames[0], &state)

        let roofline = Roofline(peaks: Peaks(kernels: model.kernels, threads: 1, memory: BenchMemory()))
        print(
            "\(model.path), \(model.precision.rawValue), \(model.kernels.name), median and minimum of \(runs) runs in ms"
        )
        print("after a step over the first of \(frames.title)")
        print("layer       shape                           p50       min   GFLOP/s  roofline")
        var (median, minimum, floor, multiplyAdds) = (0.0, 0.0, 0.0, 0)
        for layer in reconstructor.layers() {
            let timing = Timing(count: runs) { layer.run() }
            let least = roofline.milliseconds(layer.cost, weights: .cached(layer.cost.weightByteCount))
            print(
                column(layer.name, width: 11), column(layer.shape, width: 26), column(timing.median, 4),
                column(timing.minimum, 4), rates(timing.median, layer.cost.multiplyAdds, least))
            median += timing.median
            minimum += timing.minimum
            floor += least
            multiplyAdds += layer.cost.multiplyAdds
        }
        print(
            column("all", width: 38), column(median, 4), column(minimum, 4), rates(median, multiplyAdds, floor))
    }

    /// GFLOP/s, and the share of the least time that the layer could take.
    private func rates(_ median: Double, _ multiplyAdds: Int, _ least: Double) -> String {
        "\(column(2e-6 * Double(multiplyAdds) / median, 1)) \(column(100 * least / median, 1)) %"
    }
}
