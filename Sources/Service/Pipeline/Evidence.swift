import Synchronization
import Video

/// A copy of one moment for the writer: the frame as the model saw it, its reconstruction, and the picture in colour.
final class Moment: Pooled, @unchecked Sendable {
    // Sendable is unchecked: the pool's flag gives a moment to one thread at a time.

    /// Luma at the model's size, 0…255.
    let luma: UnsafeMutableBufferPointer<UInt8>
    /// The reconstruction's luma, 0…255.
    let reconstruction: UnsafeMutableBufferPointer<UInt8>
    /// The picture in colour, as in `FrameSlot.picture`.
    let picture: UnsafeMutableBufferPointer<UInt8>
    /// The size of the picture held now.
    var pictureSize: FrameSize
    let loan = Loan()

    init(modelSize: FrameSize, pictureCapacity: FrameSize) {
        luma = .allocate(capacity: modelSize.area)
        reconstruction = .allocate(capacity: modelSize.area)
        picture = .allocate(capacity: FrameSlot.pictureByteCount(pictureCapacity))
        luma.initialize(repeating: 0)
        reconstruction.initialize(repeating: 0)
        picture.initialize(repeating: 0)
        pictureSize = pictureCapacity
    }

    deinit {
        luma.deallocate()
        reconstruction.deallocate()
        picture.deallocate()
    }

    /// Copies the slot, and the reconstruction (in [-1, 1]) as luma.
    func fill(from slot: FrameSlot, reconstruction output: UnsafeBufferPointer<Float>) {
        Self.copy(slot.luma, to: luma, count: luma.count)
        reconstruction.quantise(output)
        let count = FrameSlot.pictureByteCount(slot.pictureSize)
        Self.copy(slot.picture, to: picture, count: count)
        pictureSize = slot.pictureSize
    }

    /// Plain memory: a slice of a buffer would be copied by way of an allocation.
    private static func copy(
        _ source: UnsafeMutableBufferPointer<UInt8>, to target: UnsafeMutableBufferPointer<UInt8>, count: Int
    ) {
        precondition(count <= source.count && count <= target.count, "a moment of another camera")
        guard let from = source.baseAddress, let to = target.baseAddress else { return }
        to.update(from: from, count: count)
    }
}

/// Something of which a camera has a fixed number, lent to the writer and given back.
protocol Pooled: AnyObject, Sendable {
    /// Whether somebody has it.
    var loan: Loan { get }
}

/// A flag of its own object: reading an atomic through a protocol would allocate for each access.
final class Loan: Sendable {
    private let isTaken = Atomic<Bool>(false)

    /// Takes it; false where somebody has it.
    func take() -> Bool {
        isTaken.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing).exchanged
    }

    /// Ends the loan.
    func end() { isTaken.store(false, ordering: .releasing) }
}

extension Pooled {
    /// Gives it back to its pool.
    func giveBack() { loan.end() }
}

/// A fixed number of preallocated buffers, taken by a camera's worker and given back by the writer.
struct Pool<Element: Pooled>: Sendable {
    private let elements: [Element]

    init(count: Int, make: () -> Element) { elements = (0..<count).map { _ in make() } }

    /// A free one; nil where the writer still has them all.
    func take() -> Element? {
        for element in elements where element.loan.take() { return element }
        return nil
    }
}

extension UnsafeMutableBufferPointer where Element == UInt8 {
    /// Samples in [-1, 1] as bytes 0…255, rounded to the nearest; the inverse of the model's input scaling.
    package func quantise(_ samples: UnsafeBufferPointer<Float>) {
        precondition(samples.count <= count, "more samples than bytes")
        for index in samples.indices {
            self[index] = UInt8(Swift.max(0, Swift.min(255, (samples[index] + 1) * 127.5 + 0.5)))
        }
    }
}
