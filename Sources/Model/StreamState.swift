internal import Kernels

/// What the network remembers of one camera: the GRU's hidden state, zero at the start.
///
/// One a camera and model; moves from frame to frame by `Reconstructor.step`.
public struct StreamState: ~Copyable {
    var memory: AlignedBuffer<Float>

    /// A state of zeros for `model`.
    public init(model: Model) { memory = AlignedBuffer(count: model.topology.hidden) }

    /// A state that remembers what `other` does, and goes its own way from there.
    package init(copying other: borrowing StreamState) { memory = AlignedBuffer(other.hidden) }

    /// Forgets everything: to be done after a gap, a reconnect or a cut, before the next frame.
    public mutating func reset() { memory.clear() }

    /// A copy of the hidden state, [hidden].
    public var hidden: [Float] { Array(memory.elements) }
}
