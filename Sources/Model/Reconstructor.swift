internal import Kernels

/// What a step gives, borrowed from the `Reconstructor`: valid until its next step.
public struct Reconstruction {
    /// The frame as the network saw it, luma / 127.5 - 1: [size][size], row by row, in [-1, 1].
    public let input: UnsafeBufferPointer<Float>
    /// The network's x̂: [size][size], row by row, in [-1, 1].
    public let output: UnsafeBufferPointer<Float>
    /// What the encoder left of the frame, z: [latent].
    public let latent: UnsafeBufferPointer<Float>

    /// Adds (x - x̂)² of every pixel to `sum`, one after the other.
    public func addSquaredError(to sum: inout Double) {
        for (x, y) in zip(input, output) { sum += Double((x - y) * (x - y)) }
    }
}

/// Runs a model on frames: the scratch memory of a step, and its threads. One a worker thread and model.
///
/// A step is over one frame, or over one frame of each of several cameras, whose states stay their own: then weights are
/// read once for all of them.
public final class Reconstructor {
    /// The model that it runs.
    public let model: Model
    /// Frames that a step can take.
    public let capacity: Int
    let maps: Maps
    let bytes: ByteMaps
    private var places: AlignedBuffer<Place>
    private var team: StepTeam?

    /// Where a frame of the step lies, and its camera's hidden state.
    private struct Place: BitwiseCopyable {
        var luma: UnsafePointer<UInt8>?
        var hidden: UnsafeMutablePointer<Float>?
    }

    /// Allocates what steps over up to `capacity` frames need, and starts `threads` - 1 threads (the caller of a step is the
    /// first); steps themselves allocate nothing.
    public init(model: Model, capacity: Int = 1, threads: Int = 1) {
        precondition(capacity > 0, "Reconstructor: a capacity of no frame")
        (self.model, self.capacity) = (model, capacity)
        maps = Maps(model.topology, capacity: capacity, kernels: model.kernels)
        bytes = ByteMaps(model.topology, capacity: capacity, kernels: model.kernels)
        places = AlignedBuffer(count: capacity)
        let work = Borrowed(reconstructor: self)
        team = StepTeam(count: threads) { work.reconstructor.rebuild($0) }
    }

    /// Rebuilds one frame and moves the camera's state on: x → z → h → x̂.
    ///
    /// - Parameter luma: the frame, [size][size] bytes, 0…255, row by row.
    ///
    /// The same model, table, state and frame give the same bits, whatever else runs, however many threads work on it, and
    /// whatever other frames are in the step. Denormals count as zero.
    public func step(_ luma: UnsafeBufferPointer<UInt8>, _ state: inout StreamState) -> Reconstruction {
        place(luma, &state, at: 0)
        run(frames: 1)
        return reconstruction(at: 0)
    }

    /// Says which frame and which camera's state are at `index` in the next `run`. Both must live until it returns.
    public func place(_ luma: UnsafeBufferPointer<UInt8>, _ state: inout StreamState, at index: Int) {
        precondition(
            luma.count == maps.input.count && state.memory.count == model.topology.hidden && index < capacity,
            "Reconstructor: a frame or a state of another model, or one too many")
        places.mutableBase[index] = Place(luma: luma.baseAddress, hidden: state.memory.mutableBase)
    }

    /// One step over the first `frames` of the frames that were placed.
    public func run(frames: Int) {
        precondition((1...capacity).contains(frames), "Reconstructor: more frames than places")
        team?.run(frames: frames)
    }

    /// What the last run made of the frame at `index`.
    public func reconstruction(at index: Int) -> Reconstruction {
        let latent = model.topology.latent
        return Reconstruction(
            input: maps.input.elements(of: index), output: maps.output.elements(of: index),
            latent: UnsafeBufferPointer(rebasing: maps.latent.elements[index * latent..<(index + 1) * latent]))
    }

    /// One thread's part of a step.
    private func rebuild(_ part: Part) {
        Numbers.flushingDenormals {
            for frame in part.range(of: part.frames) {
                guard let luma = places.base[frame].luma else { continue }
                model.kernels.normalise(luma, into: maps.input, frame: frame)
                model.kernels.normalise(luma, into: maps.picture, frame: frame)
            }
            part.meet()
            switch model.network {
            case .floats(let network): rebuild(network, maps, part)
            case .bytes(let network): rebuild(network, maps, bytes, part)
            }
        }
    }

    private func rebuild(_ n: Network, _ m: Maps, _ part: Part) {
        part.then { n.encoder1.run(m.picture, into: m.full, part) }
        part.then { n.encoder2.run(m.full, into: m.half, part) }
        part.then { n.encoder3.run(m.half, into: m.quarter, part) }
        part.then { n.encoder4.run(m.quarter, into: m.eighth, part) }
        part.then { n.encoder5.run(m.eighth, into: m.coded, part) }
        remember(n.toLatent, n.memory, n.fromHidden, part)
        part.then { n.decoder1.run(m.decoded, into: m.eighth, part) }
        part.then { n.decoder2.run(m.eighth, into: m.quarter, part) }
        part.then { n.decoder3.run(m.quarter, into: m.half, part) }
        part.then { n.decoder4.run(m.half, into: m.full, part) }
        n.decoder5.run(m.full, into: m.output, part)
    }

    private func rebuild(_ n: ByteNetwork, _ m: Maps, _ b: ByteMaps, _ part: Part) {
        part.then { n.encoder1.run(m.picture, into: b.full, step: n.fullStep, part) }
        part.then { n.encoder2.run(b.full, into: b.half, part) }
        part.then { n.encoder3.run(b.half, into: b.quarter, part) }
        part.then { n.encoder4.run(b.quarter, into: b.eighth, part) }
        part.then { n.encoder5.run(b.eighth, into: m.coded, part) }
        remember(n.toLatent, n.memory, n.fromHidden, part)
        part.then { model.kernels.quantise(m.decoded, into: b.decoded, n.decodedScale, part) }
        part.then { n.decoder1.run(b.decoded, into: b.eighth, part) }
        part.then { n.decoder2.run(b.eighth, into: b.quarter, part) }
        part.then { n.decoder3.run(b.quarter, into: b.half, part) }
        part.then { n.decoder4.run(b.half, into: m.full, part) }
        n.decoder5.run(m.full, into: m.output, part)
    }

    /// Coded map → latent → each camera's own hidden state → decoded map.
    private func remember(_ toLatent: LinearLayer, _ memory: RecurrentLayer, _ fromHidden: LinearLayer, _ part: Part) {
        let (m, t) = (maps, model.topology)
        part.then {
            toLatent.run(m.coded, into: m.latent.base, part)
            for frame in part.range(of: part.frames) {
                guard let hidden = places.base[frame].hidden else { continue }
                memory.run(
                    m.latent.base + frame * t.latent, hidden, scratch: m.gates.base + frame * 6 * t.hidden)
            }
        }
        part.then {
            let rows = m.decoded.height
            for unit in part.range(of: part.frames * rows) {
                guard let hidden = places.base[unit / rows].hidden else { continue }
                fromHidden.run(hidden, into: m.decoded, frame: unit / rows, row: unit % rows)
            }
        }
    }

    /// The threads' way back to the reconstructor: they work only while it steps.
    private struct Borrowed: @unchecked Sendable {
        unowned let reconstructor: Reconstructor
    }
}
