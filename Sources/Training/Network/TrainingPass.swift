internal import CKernels
import Kernels
import Model

/// One step as each thread does it: forward, back, optimiser.
///
/// Threads take whole groups of frames, and a frame goes through as much as can be while it is in the cache; they meet where
/// a batch norm needs all frames. What is summed over frames is summed within a group in the frames' order, and then in the
/// groups' order; large gradients instead element by element, each by one thread. So nothing depends on how many there are.
final class TrainingPass {
    /// What the next step is given.
    struct Order {
        let frames: UnsafePointer<Float>
        let hidden: UnsafeMutablePointer<Float>
        let settings: Trainer.Settings
        let count: Int
    }

    var order: Order?
    private(set) var outcome = Trainer.StepOutcome(loss: 0, gradientNorm: 0)
    let clock = PhaseClock()

    let layers: Layers
    let frames, side: Int
    let kernels: KernelTable
    let losses: SharedBuffer<Double>  // [frames]
    let flatRows: SharedBuffer<UInt32>  // [frames]: maps without border as vectors
    private let adam: Adam
    private let scratch: [SharedBuffer<Float>]  // one a thread
    private let pictureWeights: SharedBuffer<Float>  // the last layer's, as its forward kernel reads them
    private let pictureMaster: UnsafeMutablePointer<Float>
    private let noBias = SharedBuffer<Float>(count: 16)

    init(
        _ store: ParameterStore, _ layers: Layers, batch: Int, window: Int, threads: Int, kernels: KernelTable
    ) {
        (self.layers, self.kernels) = (layers, kernels)
        frames = batch * window
        side = store.topology.size
        adam = Adam(store, kernels: kernels)
        losses = SharedBuffer(count: frames)
        let dense = frames * max(layers.toLatent.outputs, layers.fromHidden.outputs)
        let room = layers.pairs.map(\.scratchCount).reduce(max(dense, layers.memory.scratchCount), max)
        scratch = (0..<threads).map { _ in SharedBuffer(count: room) }
        pictureWeights = SharedBuffer(count: 9 * kernels.padded(store.topology.widths[0]))
        pictureMaster = store.weights.base + store["decoder.12.weight"].offset
        flatRows = multiples(of: layers.flat.mapStride, count: frames)
    }

    /// A thread's part of the step.
    func run(_ part: Part) {
        guard let order else { return }
        Numbers.flushingDenormals {
            if part.index == 0 { clock.start() }
            forward(order, part)
            backward(order, part)
            part.meet()
            sumGroups(part)
            part.meet()
            mark(part)
            adam.step(order.count, order.settings, part)
            part.meet()
            mark(part)
            repack(part)
            mark(part)
            if part.index == 0 { finish() }
        }
    }

    /// A phase has ended.
    func mark(_ part: Part) {
        if part.index == 0 { clock.mark() }
    }

    private func finish() {
        let pixels = Double(frames * side * side)
        outcome = Trainer.StepOutcome(
            loss: losses.elements.reduce(0, +) / pixels, gradientNorm: Double(adam.gradientNorm))
    }

    // MARK: Who does what

    /// This part's groups, and so its frames.
    func groups(_ part: Part) -> Range<Int> { part.range(of: layers.groups) }

    func frames(ofGroup group: Int) -> Range<Int> {
        frames * group / layers.groups..<frames * (group + 1) / layers.groups
    }

    func mine(_ part: Part) -> Range<Int> {
        let groups = groups(part)
        return frames * groups.lowerBound / layers.groups..<frames * groups.upperBound / layers.groups
    }

    /// This part's frames in runs that go through the layer together: one by one while their maps fill the cache; by groups
    /// where weights are what is large, so that these are read less often. `isFirst`: whether the run begins its group.
    func eachRun(
        of pair: PairLayer, _ part: Part, _ body: (_ run: Range<Int>, _ group: Int, _ isFirst: Bool) -> Void
    ) {
        for group in groups(part) {
            let all = frames(ofGroup: group), step = pair.isDeep ? all.count : 1
            var first = all.lowerBound
            while first < all.upperBound {
                body(first..<first + step, group, first == all.lowerBound)
                first += step
            }
        }
    }

    func scratch(_ part: Part) -> UnsafeMutablePointer<Float> { scratch[part.index].base }

    // MARK: Weights

    private func sumGroups(_ part: Part) {
        // By index here and below: unoptimised, an array's own iterator allocates.
        for index in 0..<4 {
            sum(layers.encoder[index].pair, part)
            sum(layers.decoder[index].pair, part)
        }
        sum(layers.last, part)
        sum(layers.picturePair, part)
    }

    private func sum(_ pair: PairLayer, _ part: Part) {
        if !pair.isDeep { pair.sumGroups(part) }
    }

    /// After the weights have changed: a part of what is made from them.
    func repack(_ part: Part) {
        for index in 0..<4 {
            layers.encoder[index].pair.repack(part)
            layers.decoder[index].pair.repack(part)
        }
        layers.last.repack(part)
        layers.toLatent.repack(part)
        layers.memory.repack(part)
        layers.fromHidden.repack(part)
        guard part.index == 0 else { return }
        // [block of channels][tap turned around][block] → [tap][channel].
        let channels = layers.decoder[3].y.pixelStride, block = kernels.layout.block
        for c in 0..<channels {
            let width = min(block, channels - c / block * block)
            for tap in 0..<9 {
                pictureWeights.base[tap * channels + c] =
                    pictureMaster[c / block * block * 9 + (8 - tap) * width + c % block]
            }
        }
    }

    /// The last layer, with tanh: x at `index` → the output of `frame`.
    func rebuild(_ x: FloatMap, _ index: Int, frame: Int) {
        let output = layers.output
        let share = zanzo_share(
            maps: 1, in_map: x.mapStride, out_map: output.mapStride, first_pixel: 0, end_pixel: side * side,
            first_output: 0, end_output: 1)
        var shape = zanzo_convolution(
            weights: pictureWeights.base, bias: noBias.base, height: side, width: side, in_channels: x.channels,
            out_channels: 1, stride: 1, in_row: x.rowStride, in_pixel: x.pixelStride, out_row: output.rowStride,
            out_pixel: 1, activation: ZANZO_TANH, share: share, byte_scale: 0)
        kernels.conv3x3Few(output.mutablePixels + frame * output.mapStride, x.corner + index * x.mapStride, &shape)
    }
}
