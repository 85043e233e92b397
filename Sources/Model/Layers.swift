internal import Kernels

/// One layer of a reconstructor that can be run alone, on what the last step left in its maps: for benchmarks, and for
/// the check of a new model.
package struct LayerRun {
    /// The layer's name in `Network`.
    package let name: String
    /// What goes in and what comes out: height × width × channels, or a vector's length.
    package let shape: String
    /// Multiply-adds of one run.
    package let multiplyAdds: Int
    /// Runs the layer once.
    package let run: () -> Void
    /// What the last run left, padding included.
    package let output: () -> UnsafeBufferPointer<Float>
}

extension Reconstructor {
    /// The layers in order. Running them changes this reconstructor's maps and a state of their own, nothing else.
    package func layers() -> [LayerRun] {
        let (n, m, t) = (model.network, maps, model.topology)
        func size(_ map: ActivationMap) -> String { "\(map.height)x\(map.width)x\(map.channels)" }
        func convolution(_ name: String, _ layer: ConvolutionLayer, _ from: ActivationMap, _ to: ActivationMap)
            -> LayerRun
        {
            LayerRun(
                name: name, shape: "\(size(from)) to \(size(to))",
                multiplyAdds: layer.multiplyAddsPerPixel * to.height * to.width,
                run: { layer.run(from, into: to) }, output: { to.elements })
        }
        func transposed(_ name: String, _ layer: TransposedLayer, _ from: ActivationMap, _ to: ActivationMap)
            -> LayerRun
        {
            LayerRun(
                name: name, shape: "\(size(from)) to \(size(to))",
                multiplyAdds: layer.multiplyAddsPerPixel * from.height * from.width,
                run: { layer.run(from, into: to) }, output: { to.elements })
        }
        let box = StateBox(StreamState(model: model))
        return [
            convolution("encoder1", n.encoder1, m.picture, m.full),
            convolution("encoder2", n.encoder2, m.full, m.half),
            convolution("encoder3", n.encoder3, m.half, m.quarter),
            convolution("encoder4", n.encoder4, m.quarter, m.eighth),
            convolution("encoder5", n.encoder5, m.eighth, m.coded),
            LayerRun(
                name: "toLatent", shape: "\(size(m.coded)) to \(t.latent)", multiplyAdds: n.toLatent.multiplyAdds,
                run: { n.toLatent.run(m.coded, into: m.latent.mutableBase) }, output: { m.latent.elements }),
            LayerRun(
                name: "memory", shape: "\(t.latent) to \(t.hidden)", multiplyAdds: n.memory.multiplyAdds,
                run: { n.memory.run(m.latent.base, box.state.memory.mutableBase, scratch: m.gates.mutableBase) },
                output: { box.state.memory.elements }),
            LayerRun(
                name: "fromHidden", shape: "\(t.hidden) to \(size(m.decoded))",
                multiplyAdds: n.fromHidden.multiplyAdds,
                run: { n.fromHidden.run(box.state.memory.base, into: m.decoded) }, output: { m.decoded.elements }),
            transposed("decoder1", n.decoder1, m.decoded, m.eighth),
            transposed("decoder2", n.decoder2, m.eighth, m.quarter),
            transposed("decoder3", n.decoder3, m.quarter, m.half),
            transposed("decoder4", n.decoder4, m.half, m.full),
            LayerRun(
                name: "decoder5", shape: "\(size(m.full)) to \(size(m.output))",
                multiplyAdds: n.decoder5.multiplyAddsPerPixel * m.output.height * m.output.width,
                run: { n.decoder5.run(m.full, into: m.output) }, output: { m.output.elements }),
        ]
    }

    /// The first layer that gives a number that is not finite for an even grey frame (0, between black and white); nil
    /// where there is none.
    func overflowOnGrey() -> String? {
        layers().first { layer in
            layer.run()
            let values = layer.output()
            return values.baseAddress.flatMap { Numbers.firstNotFinite($0, count: values.count) } != nil
        }?.name
    }

    private final class StateBox {
        var state: StreamState
        init(_ state: consuming StreamState) { self.state = state }
    }
}
