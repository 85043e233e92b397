import Kernels

// From frames to their reconstructions.
extension TrainingPass {
    /// Everything but the last layer, which begins the way back.
    func forward(_ order: Order, _ part: Part) {
        let mine = mine(part), usesBatch = order.settings.usesBatchStatistics
        for frame in mine { place(order.frames + frame * side * side, frame) }
        for index in 0..<4 {
            let level = layers.encoder[index]
            eachRun(of: level.pair, part) { run, _, _ in
                let (from, place) = big(under: index, run, part)
                level.pair.down(from, place, into: level.y, run.lowerBound, count: run.count)
                for frame in run { level.norm.addMoments(level.y, frame: frame) }
            }
            finishMoments(level, usesBatch, part)
        }
        eachRun(of: layers.last, part) { run, _, _ in
            let (from, place) = big(under: 4, run, part)
            layers.last.down(
                from, place, into: layers.coded, run.lowerBound, count: run.count, isRectified: true)
        }
        mark(part)
        remember(order, mine, part)
        mark(part)
        for index in 0..<4 {
            let level = layers.decoder[index]
            eachRun(of: level.pair, part) { run, _, _ in
                let (from, place) = small(under: index, run, part)
                level.pair.up(from, place, into: level.y, run.lowerBound, count: run.count)
                for frame in run { level.norm.addMoments(level.y, frame: frame) }
            }
            finishMoments(level, usesBatch, part)
        }
    }

    private func finishMoments(_ level: Layers.Level, _ usesBatch: Bool, _ part: Part) {
        part.meet()
        part.then { level.norm.finishMoments(usesBatch: usesBatch, part) }
        mark(part)
    }

    /// What the encoder's layer `index` (4: the last) reads of a run of frames, and the first one's place in that map: made
    /// here, or pictures.
    func big(under index: Int, _ run: Range<Int>, _ part: Part) -> (FloatMap, Int) {
        index > 0 ? normalise(layers.encoder[index - 1], run, part) : (layers.picture, run.lowerBound)
    }

    /// What the decoder's layer `index` (4: the last) reads of a run of frames.
    func small(under index: Int, _ run: Range<Int>, _ part: Part) -> (FloatMap, Int) {
        index > 0 ? normalise(layers.decoder[index - 1], run, part) : (layers.decoded, run.lowerBound)
    }

    private func normalise(_ level: Layers.Level, _ run: Range<Int>, _ part: Part) -> (FloatMap, Int) {
        for frame in run {
            level.norm.forward(level.y, frame: frame, into: level.x.map, at: level.x.index(frame, part))
        }
        return (level.x.map, level.x.index(run.lowerBound, part))
    }

    private func place(_ frame: UnsafePointer<Float>, _ index: Int) {
        let picture = layers.picture, to = picture.mutablePixels + index * picture.mapStride
        for row in 0..<side { (to + row * picture.rowStride).update(from: frame + row * side, count: side) }
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
}
