internal import CKernels
import Kernels
import Model

/// The GRU over a window, and back through time: [batch][window][latent] → [batch][window][hidden].
///
/// The state before the first frame is given; its gradient is not asked for. Sequences do not meet, so each thread takes
/// some of them through the whole window. Frames lie as [batch][window]; states as [window + 1][batch], the first the
/// given one.
final class RecurrentPass {
    /// Floats of a padded latent vector, of a state, and of the three gates.
    let latentRow, stateRow, gateRow: Int
    /// [frames][latentRow]: the encoder's z, and its gradient.
    let latents, latentGradients: SharedBuffer<Float>
    /// [window + 1][batch][stateRow].
    let states: SharedBuffer<Float>
    /// Where the state after each frame lies, and where its gradient does: [frames].
    let stateRows: SharedBuffer<UInt32>
    let frameStateRows: SharedBuffer<UInt32>
    /// [frames][stateRow]: what the decoder says of each frame's state.
    let stateGradients: SharedBuffer<Float>

    private let input, state: DenseLayer
    private let batch, window, hidden: Int
    private let ofInput, ofState, gates, inputGradients, gateGradients: SharedBuffer<Float>  // [frames][gateRow]
    private let carried: SharedBuffer<Float>  // [batch][stateRow]: the gradient on its way back in time
    /// Where each frame's latents lie.
    let latentRows: SharedBuffer<UInt32>
    private let gateRows, beforeRows, batchRows: SharedBuffer<UInt32>

    init(_ t: Topology, _ store: ParameterStore, batch: Int, window: Int, kernels: KernelTable) {
        (self.batch, self.window, hidden) = (batch, window, t.hidden)
        input = DenseLayer(weights: "gru.weight_ih_l0", bias: "gru.bias_ih_l0", store, kernels: kernels)
        state = DenseLayer(weights: "gru.weight_hh_l0", bias: "gru.bias_hh_l0", store, kernels: kernels)
        (latentRow, stateRow, gateRow) = (input.inputs, state.inputs, input.outputs)
        let frames = batch * window
        latents = SharedBuffer(count: frames * latentRow)
        latentGradients = SharedBuffer(count: frames * latentRow)
        states = SharedBuffer(count: (window + 1) * batch * stateRow)
        stateGradients = SharedBuffer(count: frames * stateRow)
        let gateCount = frames * gateRow
        func gateMemory() -> SharedBuffer<Float> { SharedBuffer(count: gateCount) }
        (ofInput, ofState, gates) = (gateMemory(), gateMemory(), gateMemory())
        (inputGradients, gateGradients) = (gateMemory(), gateMemory())
        carried = SharedBuffer(count: batch * stateRow)
        latentRows = multiples(of: latentRow, count: frames)
        frameStateRows = multiples(of: stateRow, count: frames)
        gateRows = multiples(of: gateRow, count: frames)
        let stateRow = stateRow
        func places(later: Int) -> SharedBuffer<UInt32> {
            SharedBuffer((0..<frames).map { UInt32((($0 % window + later) * batch + $0 / window) * stateRow) })
        }
        (beforeRows, stateRows) = (places(later: 0), places(later: 1))
        batchRows = multiples(of: stateRow, count: batch)
    }

    /// See `DenseLayer.repack`.
    func repack(_ part: Part) {
        input.repack(part)
        state.repack(part)
    }

    private func sequences(_ part: Part) -> Range<Int> { part.range(of: batch) }

    /// latents → states, for this part's sequences. `hidden`: [batch][hidden], the first states.
    func forward(hidden first: UnsafePointer<Float>, _ part: Part) {
        for b in sequences(part) {
            (states.base + b * stateRow).update(from: first + b * hidden, count: hidden)
            let frame = b * window
            input.forward(
                latents.base, latentRows.base + frame, count: window, into: ofInput.base + frame * gateRow,
                toRow: gateRow)
        }
        for b in sequences(part) {
            for t in 0..<window {
                let frame = b * window + t
                state.forward(
                    states.base, beforeRows.base + frame, count: 1, into: ofState.base + frame * gateRow,
                    toRow: gateRow)
                zanzo_gru_keep(
                    states.base + Int(stateRows.base[frame]), gates.base + frame * gateRow,
                    states.base + Int(beforeRows.base[frame]), ofInput.base + frame * gateRow,
                    ofState.base + frame * gateRow, hidden)
            }
        }
    }

    /// The last states, [batch][hidden], for this part's sequences.
    func last(into hidden: UnsafeMutablePointer<Float>, _ part: Part) {
        for b in sequences(part) {
            let from = states.base + (window * batch + b) * stateRow
            (hidden + b * self.hidden).update(from: from, count: self.hidden)
        }
    }

    /// stateGradients → latentGradients, for this part's sequences.
    func backward(_ part: Part) {
        for b in sequences(part) {
            let dh = carried.base + b * stateRow
            dh.update(repeating: 0, count: stateRow)
            for back in 0..<window {
                let t = window - 1 - back, frame = b * window + t
                let here = stateGradients.base + frame * stateRow
                for j in 0..<hidden { dh[j] += here[j] }
                let ofGates = gateGradients.base + frame * gateRow
                zanzo_gru_backward(
                    dh, inputGradients.base + frame * gateRow, ofGates, gates.base + frame * gateRow,
                    states.base + Int(beforeRows.base[frame]), ofState.base + frame * gateRow, hidden)
                // The last of these, that of the state before the first frame, nobody asks for.
                if t > 0 { state.backward(ofGates, gateRows.base, count: 1, into: dh, dxRow: stateRow, adds: true) }
            }
            let frame = b * window
            input.backward(
                inputGradients.base, gateRows.base + frame, count: window,
                into: latentGradients.base + frame * latentRow, dxRow: latentRow)
        }
    }

    /// The weights' gradients, after all sequences went back: a part of their elements. `scratch`: frames × gateRow floats.
    func gradient(_ part: Part, scratch: UnsafeMutablePointer<Float>) {
        let frames = batch * window
        input.gradient(
            x: latents.base, latentRows.base, dy: inputGradients.base, gateRows.base, count: frames, part,
            scratch: scratch)
        state.gradient(
            x: states.base, beforeRows.base, dy: gateGradients.base, gateRows.base, count: frames, part,
            scratch: scratch)
    }

    /// Floats that `gradient` needs as scratch.
    var scratchCount: Int { batch * window * gateRow }
}
