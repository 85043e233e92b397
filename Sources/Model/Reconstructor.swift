internal import Kernels

/// What a step gives, borrowed from the `Reconstructor`: valid until its next step.
public struct Reconstruction {
    /// The frame as the network saw it, luma / 127.5 - 1: [size][size], row by row, in [-1, 1].
    public let input: UnsafeBufferPointer<Float>
    /// The network's x̂: [size][size], row by row, in [-1, 1].
    public let output: UnsafeBufferPointer<Float>
    /// What the encoder left of the frame, z: [latent].
    public let latent: UnsafeBufferPointer<Float>
}

/// Runs a model on frames, one at a time: the scratch memory of a step. One a worker thread and model.
public final class Reconstructor {
    /// The model that it runs.
    public let model: Model
    let maps: Maps
    let bytes: ByteMaps

    /// Allocates what a step needs; `step` itself allocates nothing.
    public init(model: Model) {
        self.model = model
        maps = Maps(model.topology, kernels: model.kernels)
        bytes = ByteMaps(model.topology, kernels: model.kernels)
    }

    /// Rebuilds one frame and moves the camera's state on: x → z → h → x̂.
    ///
    /// - Parameter luma: the frame, [size][size] bytes, 0…255, row by row.
    ///
    /// The same model, table, state and frame give the same bits, whatever else runs. Denormals count as zero.
    public func step(_ luma: UnsafeBufferPointer<UInt8>, _ state: inout StreamState) -> Reconstruction {
        let m = maps
        guard let frame = luma.baseAddress, luma.count == m.input.count, state.memory.count == model.topology.hidden
        else { preconditionFailure("Reconstructor.step: a frame or a state of another model") }
        Numbers.flushingDenormals {
            model.kernels.normalise(frame, into: m.input)
            model.kernels.normalise(frame, into: m.picture)
            switch model.network {
            case .floats(let network): rebuild(network, m, &state)
            case .bytes(let network): rebuild(network, m, bytes, &state)
            }
        }
        return Reconstruction(
            input: m.input.elements, output: m.output.elements, latent: m.latent.elements)
    }

    private func rebuild(_ n: Network, _ m: Maps, _ state: inout StreamState) {
        n.encoder1.run(m.picture, into: m.full)
        n.encoder2.run(m.full, into: m.half)
        n.encoder3.run(m.half, into: m.quarter)
        n.encoder4.run(m.quarter, into: m.eighth)
        n.encoder5.run(m.eighth, into: m.coded)

        n.toLatent.run(m.coded, into: m.latent.mutableBase)
        n.memory.run(m.latent.base, state.memory.mutableBase, scratch: m.gates.mutableBase)
        n.fromHidden.run(state.memory.base, into: m.decoded)

        n.decoder1.run(m.decoded, into: m.eighth)
        n.decoder2.run(m.eighth, into: m.quarter)
        n.decoder3.run(m.quarter, into: m.half)
        n.decoder4.run(m.half, into: m.full)
        n.decoder5.run(m.full, into: m.output)
    }

    private func rebuild(_ n: ByteNetwork, _ m: Maps, _ b: ByteMaps, _ state: inout StreamState) {
        n.encoder1.run(m.picture, into: b.full, step: n.fullStep)
        n.encoder2.run(b.full, into: b.half)
        n.encoder3.run(b.half, into: b.quarter)
        n.encoder4.run(b.quarter, into: b.eighth)
        n.encoder5.run(b.eighth, into: m.coded)

        n.toLatent.run(m.coded, into: m.latent.mutableBase)
        n.memory.run(m.latent.base, state.memory.mutableBase, scratch: m.gates.mutableBase)
        n.fromHidden.run(state.memory.base, into: m.decoded)
        model.kernels.quantise(m.decoded, into: b.decoded, n.decodedScale)

        n.decoder1.run(b.decoded, into: b.eighth)
        n.decoder2.run(b.eighth, into: b.quarter)
        n.decoder3.run(b.quarter, into: b.half)
        n.decoder4.run(b.half, into: m.full)
        n.decoder5.run(m.full, into: m.output)
    }
}
