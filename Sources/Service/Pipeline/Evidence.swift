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
    let isTaken = Atomic<Bool>(false)

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
        _ = luma.update(fromContentsOf: slot.luma)
        reconstruction.quantise(output)
        let count = FrameSlot.pictureByteCount(slot.pictureSize)
        _ = picture.update(fromContentsOf: slot.picture[..<count])
        pictureSize = slot.pictureSize
    }
}

/// Something of which a camera has a fixed number, lent to the writer and given back.
protocol Pooled: AnyObject, Sendable {
    /// Set while somebody has it.
    var isTaken: Atomic<Bool> { get }
}

extension Pooled {
    /// Gives it back to its pool.
    func giveBack() { isTaken.store(false, ordering: .releasing) }
}

/// A fixed number of preallocated buffers, taken by a camera's worker and given back by the writer.
struct Pool<Element: Pooled>: Sendable {
    private let elements: [Element]

    init(count: Int, make: () -> Element) { elements = (0..<count).map { _ in make() } }

    /// A free one; nil where the writer still has them all.
    func take() -> Element? {
        elements.first {
            $0.isTaken.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing).exchanged
        }
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
