internal import Kernels

/// One layer of a reconstructor that can be run alone, on what the last step left in its maps: for benchmarks, and for
/// the check of a new model.
package struct LayerRun {
    /// The layer's name in `Network`.
    package let name: String
    /// What goes in and what comes out: height × width × channels, or a vector's length.
    package let shape: String
    /// What one run takes.
    package let cost: LayerCost
    /// Runs the layer once.
    package let run: () -> Void
    /// What the last run left, padding included; nil where it left bytes.
    package let output: () -> UnsafeBufferPointer<Float>?
}

/// What one run of a layer cannot do without.
package struct LayerCost {
    /// Multiply-adds, and whether they are of bytes.
    package var multiplyAdds: Int
    package var multipliesBytes: Bool
    /// Bytes of weights that it reads, and of activations that it reads and writes.
    package var weightByteCount, activationByteCount: Int
}

extension Reconstructor {
    /// The layers in order. Running them changes this reconstructor's maps and a state of their own, nothing else.
    package func layers() -> [LayerRun] {
        let (m, b, k) = (maps, bytes, model.kernels)
        // A plain layer does its sums for each output pixel, a transposed one for each input pixel: for the fewer of them.
        func run<A, B>(
            _ name: String, _ from: ActivationMap<A>, _ to: ActivationMap<B>, _ layer: (some PixelLayer)?,
            _ body: @escaping () -> Void
        ) -> LayerRun {
            let pixels = min(from.height * from.width, to.height * to.width)
            return LayerRun(
                name: name, shape: "\(Self.size(from)) to \(Self.size(to))",
                cost: LayerCost(
                    multiplyAdds: (layer?.multiplyAddsPerPixel ?? 0) * pixels,
                    multipliesBytes: layer?.multipliesBytes ?? false, weightByteCount: layer?.weightByteCount ?? 0,
                    activationByteCount: from.byteCount + to.byteCount),
                run: body, output: { (to as? FloatMap)?.elements() })
        }
        switch model.network {
        case .floats(let n):
            return [
                run("encoder1", m.picture, m.full, n.encoder1) { n.encoder1.run(m.picture, into: m.full) },
                run("encoder2", m.full, m.half, n.encoder2) { n.encoder2.run(m.full, into: m.half) },
                run("encoder3", m.half, m.quarter, n.encoder3) { n.encoder3.run(m.half, into: m.quarter) },
                run("encoder4", m.quarter, m.eighth, n.encoder4) { n.encoder4.run(m.quarter, into: m.eighth) },
                run("encoder5", m.eighth, m.coded, n.encoder5) { n.encoder5.run(m.eighth, into: m.coded) },
            ] + middle(n.toLatent, n.memory, n.fromHidden) + [
                run("decoder1", m.decoded, m.eighth, n.decoder1) { n.decoder1.run(m.decoded, into: m.eighth) },
                run("decoder2", m.eighth, m.quarter, n.decoder2) { n.decoder2.run(m.eighth, into: m.quarter) },
                run("decoder3", m.quarter, m.half, n.decoder3) { n.decoder3.run(m.quarter, into: m.half) },
                run("decoder4", m.half, m.full, n.decoder4) { n.decoder4.run(m.half, into: m.full) },
                run("decoder5", m.full, m.output, n.decoder5) { n.decoder5.run(m.full, into: m.output) },
            ]
        case .bytes(let n):
            return [
                run("encoder1", m.picture, b.full, n.encoder1) {
                    n.encoder1.run(m.picture, into: b.full, step: n.fullStep)
                },
                run("encoder2", b.full, b.half, n.encoder2) { n.encoder2.run(b.full, into: b.half) },
                run("encoder3", b.half, b.quarter, n.encoder3) { n.encoder3.run(b.half, into: b.quarter) },
                run("encoder4", b.quarter, b.eighth, n.encoder4) { n.encoder4.run(b.quarter, into: b.eighth) },
                run("encoder5", b.eighth, m.coded, n.encoder5) { n.encoder5.run(b.eighth, into: m.coded) },
            ] + middle(n.toLatent, n.memory, n.fromHidden) + [
                run("quantise", m.decoded, b.decoded, PictureLayer?.none) {
                    k.quantise(m.decoded, into: b.decoded, n.decodedScale)
                },
                run("decoder1", b.decoded, b.eighth, n.decoder1) { n.decoder1.run(b.decoded, into: b.eighth) },
                run("decoder2", b.eighth, b.quarter, n.decoder2) { n.decoder2.run(b.eighth, into: b.quarter) },
                run("decoder3", b.quarter, b.half, n.decoder3) { n.decoder3.run(b.quarter, into: b.half) },
                run("decoder4", b.half, m.full, n.decoder4) { n.decoder4.run(b.half, into: m.full) },
                run("decoder5", m.full, m.output, n.decoder5) { n.decoder5.run(m.full, into: m.output) },
            ]
        }
    }

    private static func size<A>(_ map: ActivationMap<A>) -> String { "\(map.height)x\(map.width)x\(map.channels)" }

    /// The three layers between encoder and decoder, on a state of their own.
    private func middle(_ toLatent: LinearLayer, _ memory: RecurrentLayer, _ fromHidden: LinearLayer) -> [LayerRun] {
        let (m, t, box) = (maps, model.topology, StateBox(StreamState(model: model)))
        func cost(_ multiplyAdds: Int, _ weightByteCount: Int, floats: Int) -> LayerCost {
            LayerCost(
                multiplyAdds: multiplyAdds, multipliesBytes: false, weightByteCount: weightByteCount,
                activationByteCount: floats * MemoryLayout<Float>.size)
        }
        return [
            LayerRun(
                name: "toLatent", shape: "\(Self.size(m.coded)) to \(t.latent)",
                cost: cost(toLatent.multiplyAdds, toLatent.weightByteCount, floats: m.coded.count + t.latent),
                run: { toLatent.run(m.coded, into: m.latent.base) }, output: { m.latent.elements }),
            LayerRun(
                name: "memory", shape: "\(t.latent) to \(t.hidden)",
                cost: cost(memory.multiplyAdds, memory.weightByteCount, floats: t.latent + 2 * t.hidden),
                run: { memory.run(m.latent.base, box.state.memory.mutableBase, scratch: m.gates.base) },
                output: { box.state.memory.elements }),
            LayerRun(
                name: "fromHidden", shape: "\(t.hidden) to \(Self.size(m.decoded))",
                cost: cost(fromHidden.multiplyAdds, fromHidden.weightByteCount, floats: t.hidden + m.decoded.count),
                run: {
                    for row in 0..<m.decoded.height {
                        fromHidden.run(box.state.memory.base, into: m.decoded, frame: 0, row: row)
                    }
                }, output: { m.decoded.elements() }),
        ]
    }

    /// The first layer that gives a number that is not finite for an even grey frame (0, between black and white); nil
    /// where there is none.
    func overflowOnGrey() -> String? {
        layers().first { layer in
            layer.run()
            guard let values = layer.output(), let base = values.baseAddress else { return false }
            return Numbers.firstNotFinite(base, count: values.count) != nil
        }?.name
    }

    private final class StateBox {
        var state: StreamState
        init(_ state: consuming StreamState) { self.state = state }
    }
}
