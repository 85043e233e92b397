internal import CKernels
import Kernels
import Model

/// One step as each thread does it: forward, back, optimiser.
///
/// Maps are dealt out by frames, sequences by sequences, weights' gradients by their elements. What is summed over frames is
/// summed in the frames' order.
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
    private let layers: Layers
    private let adam: Adam
    private let frames, window, side: Int
    private let kernels: KernelTable
    private let losses: Memory<Double>  // [frames]
    private let scratch: [Memory<Float>]  // one a thread
    private let pictureWeights: Memory<Float>  // the last layer's, as its forward kernel reads them
    private let pictureMaster: UnsafeMutablePointer<Float>
    private let noBias = Memory<Float>(count: 16)
    private let flatRows: Memory<UInt32>  // [frames]: maps without border as vectors

    init(
        _ store: ParameterStore, _ layers: Layers, batch: Int, window: Int, threads: Int, kernels: KernelTable
    ) {
        (self.layers, self.window, self.kernels) = (layers, window, kernels)
        frames = batch * window
        side = store.topology.size
        adam = Adam(store, kernels: kernels)
        losses = Memory(count: frames)
        let dense = frames * max(layers.toLatent.outputs, layers.fromHidden.outputs)
        let room = layers.pairs.map(\.scratchCount).reduce(max(dense, layers.memory.scratchCount), max)
        scratch = (0..<threads).map { _ in Memory(count: room) }
        pictureWeights = Memory(count: 9 * kernels.padded(store.topology.widths[0]))
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
            adam.step(order.count, order.settings, part)
            part.meet()
            mark(part)
            repack(part)
            mark(part)
            if part.index == 0 { finish() }
        }
    }

    /// A phase has ended.
    private func mark(_ part: Part) {
        if part.index == 0 { clock.mark() }
    }

    private func finish() {
        let pixels = Double(frames * side * side)
        outcome = Trainer.StepOutcome(
            loss: losses.values.reduce(0, +) / pixels, gradientNorm: Double(adam.gradientNorm))
    }

    /// After the weights have changed: a part of what is made from them.
    func repack(_ part: Part) {
        // By index here and below: unoptimised, an array's own iterator allocates.
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
        let channels = layers.gradients[0].pixelStride, block = kernels.layout.block
        for c in 0..<channels {
            let width = min(block, channels - c / block * block)
            for tap in 0..<9 {
                pictureWeights.base[tap * channels + c] =
                    pictureMaster[c / block * block * 9 + (8 - tap) * width + c % block]
            }
        }
    }

    // MARK: Forward

    private func forward(_ order: Order, _ part: Part) {
        let mine = part.range(of: frames), usesBatch = order.settings.usesBatchStatistics
        var before = layers.picture
        for frame in mine { place(order.frames + frame * side * side, in: before, frame) }
        for index in 0..<4 {
            let level = layers.encoder[index]
            for frame in mine {
                level.pair.down(before, into: level.y, frame..<frame + 1)
                level.norm.addMoments(level.y, frame: frame)
            }
            normalise(level, usesBatch, mine, part)
            before = level.x
            mark(part)
        }
        layers.last.down(before, into: layers.coded, mine, isRectified: true)
        mark(part)
        remember(order, mine, part)
        mark(part)
        before = layers.decoded
        for index in 0..<4 {
            let level = layers.decoder[index]
            for frame in mine {
                level.pair.up(before, into: level.y, frame..<frame + 1)
                level.norm.addMoments(level.y, frame: frame)
            }
            normalise(level, usesBatch, mine, part)
            before = level.x
            mark(part)
        }
        rebuild(before, mine)
        mark(part)
    }

    private func place(_ frame: UnsafePointer<Float>, in picture: FloatMap, _ index: Int) {
        let to = picture.mutablePixels + index * picture.mapStride
        for row in 0..<side { (to + row * picture.rowStride).update(from: frame + row * side, count: side) }
    }

    private func normalise(_ level: Layers.Level, _ usesBatch: Bool, _ mine: Range<Int>, _ part: Part) {
        part.meet()
        part.then { level.norm.finishMoments(usesBatch: usesBatch, part) }
        for frame in mine { level.norm.forward(level.y, into: level.x, frame: frame) }
    }

    /// Coded maps → latents → states → decoded maps.
    private func remember(_ order: Order, _ mine: Range<Int>, _ part: Part) {
        let memory = layers.memory
        layers.toLatent.forward(
            layers.coded.pixels, flatRows.base + mine.lowerBound, count: mine.count,
            into: memory.latents.base + mine.lowerBound * memory.latentRow, toRow: memory.latentRow)
        part.meet()
        memory.forward(hidden: order.hidden, part)
        memory.last(into: order.hidden, part)
        part.meet()
        layers.fromHidden.forward(
            memory.states.base, memory.stateRows.base + mine.lowerBound, count: mine.count,
            into: layers.flat.mutablePixels + mine.lowerBound * layers.flat.mapStride, toRow: layers.flat.mapStride)
        let (from, to) = (layers.flat, layers.decoded)
        for frame in mine {
            for row in 0..<to.height {
                (to.mutablePixels + frame * to.mapStride + row * to.rowStride).update(
                    from: from.pixels + frame * from.mapStride + row * from.rowStride, count: from.rowStride)
            }
        }
    }

    /// The last layer, with tanh.
    private func rebuild(_ x: FloatMap, _ mine: Range<Int>) {
        let output = layers.output, area = side * side
        let share = zanzo_share(
            maps: mine.upperBound, in_map: x.mapStride, out_map: output.mapStride,
            first_pixel: mine.lowerBound * area, end_pixel: mine.upperBound * area, first_output: 0, end_output: 1)
        var shape = zanzo_convolution(
            weights: pictureWeights.base, bias: noBias.base, height: side, width: side, in_channels: x.channels,
            out_channels: 1, stride: 1, in_row: x.rowStride, in_pixel: x.pixelStride, out_row: output.rowStride,
            out_pixel: 1, activation: ZANZO_TANH, share: share, byte_scale: 0)
        kernels.conv3x3Few(output.mutablePixels, x.corner, &shape)
    }

    // MARK: Back

    private func backward(_ order: Order, _ part: Part) {
        let mine = part.range(of: frames), usesBatch = order.settings.usesBatchStatistics
        let scratch = scratch[part.index].base, gradients = layers.gradients
        measure(mine)
        layers.picturePair.down(layers.outputGradient, into: gradients[0], mine)
        part.meet()
        layers.picturePair.gradient(
            big: layers.outputGradient, small: layers.decoder[3].x, frames: frames, part, scratch: scratch)
        mark(part)
        for back in 0..<4 {
            let index = 3 - back
            let level = layers.decoder[index], dx = gradients[3 - index]
            let small = index > 0 ? layers.decoder[index - 1].x : layers.decoded
            denormalise(level, dx, usesBatch, mine, part)
            part.meet()
            level.pair.gradient(big: dx, small: small, frames: frames, part, scratch: scratch)
            level.pair.down(dx, into: index > 0 ? gradients[4 - index] : layers.flatGradient, mine)
            mark(part)
        }
        recall(mine, part, scratch)
        mark(part)
        let top = gradients[4]
        for frame in mine { rectify(layers.flatGradient, into: top, frame) }
        part.meet()
        layers.last.gradient(big: layers.encoder[3].x, small: top, frames: frames, part, scratch: scratch)
        layers.last.up(top, into: gradients[3], mine)
        mark(part)
        for back in 0..<4 {
            let index = 3 - back
            let level = layers.encoder[index], dx = gradients[index]
            let big = index > 0 ? layers.encoder[index - 1].x : layers.picture
            denormalise(level, dx, usesBatch, mine, part)
            part.meet()
            level.pair.gradient(big: big, small: dx, frames: frames, part, scratch: scratch)
            if index > 0 { level.pair.up(dx, into: gradients[index - 1], mine) }
            if index == 0 { part.meet() }
            mark(part)
        }
    }

    /// The loss, and its gradient before the last layer's tanh.
    private func measure(_ mine: Range<Int>) {
        let (output, target, gradient) = (layers.output, layers.picture, layers.outputGradient)
        let factor = 2 / Float(frames * side * side)
        for frame in mine {
            losses.base[frame] = zanzo_loss_gradient(
                gradient.mutablePixels + frame * gradient.mapStride, gradient.rowStride,
                output.pixels + frame * output.mapStride, target.pixels + frame * target.mapStride, target.rowStride,
                side, side, factor)
        }
    }

    /// The gradient of a level's x becomes that of its y.
    private func denormalise(
        _ level: Layers.Level, _ dx: FloatMap, _ usesBatch: Bool, _ mine: Range<Int>, _ part: Part
    ) {
        for frame in mine { level.norm.addGradients(dx, level.y, frame: frame) }
        part.meet()
        part.then { level.norm.finishGradients(usesBatch: usesBatch, part) }
        for frame in mine { level.norm.backward(dx, level.y, frame: frame) }
    }

    /// The gradient of the decoded maps → that of the states, back through time → of the latents → of the coded maps.
    private func recall(_ mine: Range<Int>, _ part: Part, _ scratch: UnsafeMutablePointer<Float>) {
        let memory = layers.memory, gradient = layers.flatGradient
        layers.fromHidden.backward(
            gradient.pixels, flatRows.base + mine.lowerBound, count: mine.count,
            into: memory.stateGradients.base + mine.lowerBound * memory.stateRow, dxRow: memory.stateRow)
        part.meet()
        layers.fromHidden.gradient(
            x: memory.states.base, memory.stateRows.base, dy: gradient.pixels, flatRows.base, count: frames, part,
            scratch: scratch)
        memory.backward(part)
        part.meet()
        memory.gradient(part, scratch: scratch)
        layers.toLatent.gradient(
            x: layers.coded.pixels, flatRows.base, dy: memory.latentGradients.base, memory.latentRows.base,
            count: frames, part, scratch: scratch)
        layers.toLatent.backward(
            memory.latentGradients.base, memory.latentRows.base + mine.lowerBound, count: mine.count,
            into: gradient.mutablePixels + mine.lowerBound * gradient.mapStride, dxRow: gradient.mapStride)
    }

    /// Through the encoder's last ReLU, into a map with a border.
    private func rectify(_ dx: FloatMap, into to: FloatMap, _ frame: Int) {
        zanzo_relu_gradient(
            to.mutablePixels + frame * to.mapStride, to.rowStride, dx.pixels + frame * dx.mapStride,
            layers.coded.pixels + frame * layers.coded.mapStride, dx.rowStride, dx.height, dx.rowStride)
    }
}
