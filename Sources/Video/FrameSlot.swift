/// One preallocated place of a `FrameRing`: the frame as the model sees it and as a person would recognise it.
///
/// Memory is allocated once and reused for the camera's life. Whoever holds the slot (the producer while it fills it,
/// the consumer while it reads it) has it alone: see `FrameRing`.
public final class FrameSlot: @unchecked Sendable {
    // Sendable is unchecked because exclusive access is the ring's promise (its state machine), not the compiler's.

    /// Luma at the model's size, full range 0…255, `modelSize.area` bytes, row by row.
    public let luma: UnsafeMutableBufferPointer<UInt8>
    /// The model's size.
    public let modelSize: FrameSize
    /// The frame in colour, full-range BT.601 YCbCr 4:2:0: Y of `pictureSize`, then Cb, then Cr of half the size, rounded up.
    public let picture: UnsafeMutableBufferPointer<UInt8>
    /// The largest colour picture that fits; the picture in use is `pictureSize`.
    public let pictureCapacity: FrameSize
    /// The size of the colour picture held now (the camera's aspect ratio, at most `pictureCapacity`).
    public var pictureSize: FrameSize
    /// When the frame was taken, on the monotonic clock.
    public var time = MonotonicTime.zero
    /// When the frame was taken, in UTC.
    public var utc = UTCTime(microseconds: 0)
    /// The frame's number since the camera's pipeline started, counting every frame that the source gave.
    public var index: UInt64 = 0
    /// Counts the source's openings: a new one means that the stream was interrupted and state must start anew.
    public var session: UInt64 = 0

    /// A slot for luma of `modelSize` and pictures of up to `pictureCapacity` (both even or odd are fine).
    public init(modelSize: FrameSize, pictureCapacity: FrameSize) {
        precondition(modelSize.area > 0 && pictureCapacity.area > 0, "a slot of no pixels")
        self.modelSize = modelSize
        self.pictureCapacity = pictureCapacity
        pictureSize = pictureCapacity
        luma = .allocate(capacity: modelSize.area)
        luma.initialize(repeating: 0)
        picture = .allocate(capacity: Self.pictureByteCount(pictureCapacity))
        picture.initialize(repeating: 128)
    }

    deinit {
        luma.deallocate()
        picture.deallocate()
    }

    /// Bytes of a 4:2:0 picture of `size`: one of luma a pixel, and two chroma planes of half the size, rounded up.
    public static func pictureByteCount(_ size: FrameSize) -> Int {
        size.area + 2 * ((size.width + 1) / 2) * ((size.height + 1) / 2)
    }
}
