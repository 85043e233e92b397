internal import CKernels
import Kernels

// From the reconstructions' errors to every weight's gradient.
extension TrainingPass {
    /// The last layer, the loss, and the way back to the first.
    func backward(_ order: Order, _ part: Part) {
        let usesBatch = order.settings.usesBatchStatistics
        eachRun(of: layers.picturePair, part) { run, group, isFirst in
            for frame in run { measure(frame, group, isFirst: isFirst, part) }
        }
        mark(part)
        for step in 0..<4 { decoderBack(3 - step, usesBatch, part) }
        recall(part)
        mark(part)
        codedBack(part)
        for step in 0..<4 { encoderBack(3 - step, usesBatch, part) }
    }

    /// A frame's reconstruction, its loss, and the gradient of what the last layer read.
    private func measure(_ frame: Int, _ group: Int, isFirst: Bool, _ part: Part) {
        let level = layers.decoder[3], (x, place) = small(under: 4, frame..<frame + 1, part)
        rebuild(x, place, frame: frame)
        let (output, target, gradient) = (layers.output, layers.picture, layers.outputGradient)
        losses.base[frame] = zanzo_loss_gradient(
            gradient.mutablePixels + part.index * gradient.mapStride, gradient.rowStride,
            output.pixels + frame * output.mapStride, target.pixels + frame * target.mapStride, target.rowStride,
            side, side, 2 / Float(frames * side * side))
        layers.picturePair.addGradient(
            big: gradient, part.index, small: x, place, group: group, isFirst: isFirst, scratch: scratch(part))
        layers.picturePair.down(gradient, part.index, into: level.dx, frame)
        level.norm.addGradients(level.dx, level.y, frame: frame)
    }

    /// The gradients of a level's x become those of its y.
    private func finishGradients(_ level: Layers.Level, _ usesBatch: Bool, _ part: Part) {
        part.meet()
        part.then { level.norm.finishGradients(usesBatch: usesBatch, part) }
    }

    /// The gradient of a run's x → that of its y; the place of the first one.
    private func denormalise(_ level: Layers.Level, _ run: Range<Int>, _ part: Part) -> Int {
        for frame in run {
            level.norm.backward(
                level.dx, level.y, frame: frame, into: level.dy.map, at: level.dy.index(frame, part))
        }
        return level.dy.index(run.lowerBound, part)
    }

    private func decoderBack(_ index: Int, _ usesBatch: Bool, _ part: Part) {
        let level = layers.decoder[index], pair = level.pair
        finishGradients(level, usesBatch, part)
        eachRun(of: pair, part) { run, group, isFirst in
            let place = denormalise(level, run, part)
            if !pair.isDeep {
                let (x, xPlace) = small(under: index, run, part)
                pair.addGradient(
                    big: level.dy.map, place, small: x, xPlace, group: group, isFirst: isFirst,
                    scratch: scratch(part))
            }
            if index > 0 {
                let next = layers.decoder[index - 1]
                pair.down(level.dy.map, place, into: next.dx, run.lowerBound, count: run.count)
                for frame in run { next.norm.addGradients(next.dx, next.y, frame: frame) }
            } else {
                pair.down(level.dy.map, place, into: layers.flat, run.lowerBound, count: run.count)
            }
        }
        if pair.isDeep {
            part.meet()
            pair.gradient(
                big: level.dy.map, small: index > 0 ? layers.decoder[index - 1].x.map : layers.decoded,
                frames: frames, part, scratch: scratch(part))
        }
        mark(part)
    }

    /// The gradient of the decoded maps → that of the states, back through time → of the latents → of the coded maps.
    private func recall(_ part: Part) {
        let memory = layers.memory, gradient = layers.flat, mine = mine(part), scratch = scratch(part)
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

    /// Through the encoder's last ReLU and its last layer.
    private func codedBack(_ part: Part) {
        let (pair, to, level) = (layers.last, layers.codedGradient, layers.encoder[3])
        eachRun(of: pair, part) { run, group, isFirst in
            for frame in run { rectify(frame) }
            if !pair.isDeep {
                let (x, place) = big(under: 4, run, part)
                pair.addGradient(
                    big: x, place, small: to, run.lowerBound, group: group, isFirst: isFirst, scratch: scratch(part))
            }
            pair.up(to, run.lowerBound, into: level.dx, run.lowerBound, count: run.count)
            for frame in run { level.norm.addGradients(level.dx, level.y, frame: frame) }
        }
        if pair.isDeep {
            part.meet()
            pair.gradient(big: level.x.map, small: to, frames: frames, part, scratch: scratch(part))
        }
        mark(part)
    }

    private func rectify(_ frame: Int) {
        let (dx, to, coded) = (layers.flat, layers.codedGradient, layers.coded)
        zanzo_relu_gradient(
            to.mutablePixels + frame * to.mapStride, to.rowStride, dx.pixels + frame * dx.mapStride,
            coded.pixels + frame * coded.mapStride, dx.rowStride, dx.height, dx.rowStride)
    }

    private func encoderBack(_ index: Int, _ usesBatch: Bool, _ part: Part) {
        let level = layers.encoder[index], pair = level.pair
        finishGradients(level, usesBatch, part)
        eachRun(of: pair, part) { run, group, isFirst in
            let place = denormalise(level, run, part)
            if !pair.isDeep {
                let (x, xPlace) = big(under: index, run, part)
                pair.addGradient(
                    big: x, xPlace, small: level.dy.map, place, group: group, isFirst: isFirst,
                    scratch: scratch(part))
            }
            guard index > 0 else { return }
            let next = layers.encoder[index - 1]
            pair.up(level.dy.map, place, into: next.dx, run.lowerBound, count: run.count)
            for frame in run { next.norm.addGradients(next.dx, next.y, frame: frame) }
        }
        if pair.isDeep {
            part.meet()
            pair.gradient(
                big: index > 0 ? layers.encoder[index - 1].x.map : layers.picture, small: level.dy.map,
                frames: frames, part, scratch: scratch(part))
        }
        mark(part)
    }
}
