internal import CKernels
import Kernels

// From the reconstructions' errors to every weight's gradient.
extension TrainingPass {
    /// The last layer, the loss, and the way back to the first.
    func backward(_ order: Order, _ part: Part) {
        let usesBatch = order.settings.usesBatchStatistics
        for group in groups(part) {
            let frames = frames(ofGroup: group)
            for frame in frames { measure(frame, group, isFirst: frame == frames.lowerBound, part) }
        }
        mark(part)
        for step in 0..<4 { decoderBack(3 - step, usesBatch, part) }
        recall(part)
        mark(part)
        for group in groups(part) {
            let frames = frames(ofGroup: group)
            for frame in frames { codedBack(frame, group, isFirst: frame == frames.lowerBound, part) }
        }
        if layers.last.isDeep {
            part.meet()
            layers.last.gradient(
                big: layers.encoder[3].x.map, small: layers.codedGradient, frames: self.frames, part,
                scratch: scratch(part))
        }
        mark(part)
        for step in 0..<4 { encoderBack(3 - step, usesBatch, part) }
    }

    /// A frame's reconstruction, its loss, and the gradient of what the last layer read.
    private func measure(_ frame: Int, _ group: Int, isFirst: Bool, _ part: Part) {
        let level = layers.decoder[3], (x, place) = small(under: 4, frame, part)
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

    private func decoderBack(_ index: Int, _ usesBatch: Bool, _ part: Part) {
        let level = layers.decoder[index]
        finishGradients(level, usesBatch, part)
        for group in groups(part) {
            let frames = frames(ofGroup: group)
            for frame in frames {
                let place = level.dy.index(frame, part)
                level.norm.backward(level.dx, level.y, frame: frame, into: level.dy.map, at: place)
                if !level.pair.isDeep {
                    let (x, xPlace) = small(under: index, frame, part)
                    level.pair.addGradient(
                        big: level.dy.map, place, small: x, xPlace, group: group,
                        isFirst: frame == frames.lowerBound, scratch: scratch(part))
                }
                if index > 0 {
                    let next = layers.decoder[index - 1]
                    level.pair.down(level.dy.map, place, into: next.dx, frame)
                    next.norm.addGradients(next.dx, next.y, frame: frame)
                } else {
                    level.pair.down(level.dy.map, place, into: layers.flat, frame)
                }
            }
        }
        if level.pair.isDeep {
            part.meet()
            level.pair.gradient(
                big: level.dy.map, small: index > 0 ? layers.decoder[index - 1].x.map : layers.decoded,
                frames: self.frames, part, scratch: scratch(part))
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
    private func codedBack(_ frame: Int, _ group: Int, isFirst: Bool, _ part: Part) {
        let (dx, to, coded, level) = (layers.flat, layers.codedGradient, layers.coded, layers.encoder[3])
        zanzo_relu_gradient(
            to.mutablePixels + frame * to.mapStride, to.rowStride, dx.pixels + frame * dx.mapStride,
            coded.pixels + frame * coded.mapStride, dx.rowStride, dx.height, dx.rowStride)
        if !layers.last.isDeep {
            let (x, place) = big(under: 4, frame, part)
            layers.last.addGradient(
                big: x, place, small: to, frame, group: group, isFirst: isFirst, scratch: scratch(part))
        }
        layers.last.up(to, frame, into: level.dx, frame)
        level.norm.addGradients(level.dx, level.y, frame: frame)
    }

    private func encoderBack(_ index: Int, _ usesBatch: Bool, _ part: Part) {
        let level = layers.encoder[index]
        finishGradients(level, usesBatch, part)
        for group in groups(part) {
            let frames = frames(ofGroup: group)
            for frame in frames {
                let place = level.dy.index(frame, part)
                level.norm.backward(level.dx, level.y, frame: frame, into: level.dy.map, at: place)
                if !level.pair.isDeep {
                    let (x, xPlace) = big(under: index, frame, part)
                    level.pair.addGradient(
                        big: x, xPlace, small: level.dy.map, place, group: group,
                        isFirst: frame == frames.lowerBound, scratch: scratch(part))
                }
                guard index > 0 else { continue }
                let next = layers.encoder[index - 1]
                level.pair.up(level.dy.map, place, into: next.dx, frame)
                next.norm.addGradients(next.dx, next.y, frame: frame)
            }
        }
        if level.pair.isDeep {
            part.meet()
            level.pair.gradient(
                big: index > 0 ? layers.encoder[index - 1].x.map : layers.picture, small: level.dy.map,
                frames: self.frames, part, scratch: scratch(part))
        }
        mark(part)
    }
}
