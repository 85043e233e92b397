/// What flows between two layers: rows of pixels of channels, as `kernels.h` lays them out.
///
/// Shape [height][width][pixelStride]; with a border, one pixel of zeros lies around it that no layer writes to.
/// Scratch memory: written by one layer, read by the next; one thread at a time.
public final class ActivationMap {
    /// Rows and pixels a row, without the border.
    public let height, width: Int
    /// Channels a pixel, without padding.
    public let channels: Int
    /// Floats from one pixel to the next: `channels`, padded to the table's lanes (not so a picture of one channel).
    public let pixelStride: Int
    /// Floats from one row to the next.
    public let rowStride: Int

    private var memory: AlignedBuffer<Float>
    private let first: Int

    /// A map of zeros; `isPicture` leaves channels unpadded.
    public init(
        height: Int, width: Int, channels: Int, hasBorder: Bool = true, isPicture: Bool = false, kernels: KernelTable
    ) {
        precondition(height > 0 && width > 0 && channels > 0, "a map of nothing")
        (self.height, self.width, self.channels) = (height, width, channels)
        pixelStride = isPicture ? channels : kernels.padded(channels)
        let border = hasBorder ? 1 : 0
        rowStride = (width + 2 * border) * pixelStride
        first = border * (rowStride + pixelStride)
        memory = AlignedBuffer(count: (height + 2 * border) * rowStride)
    }

    /// The first pixel inside the border, to read from.
    public var pixels: UnsafePointer<Float> { memory.base + first }
    /// The corner of the border (the first pixel where there is none).
    package var corner: UnsafePointer<Float> { memory.base }
    /// The first pixel inside the border, to write to.
    package var mutablePixels: UnsafeMutablePointer<Float> { memory.mutableBase + first }
    /// Everything, border and padding included.
    package var elements: UnsafeBufferPointer<Float> { memory.elements }
    /// Floats in rows and padding, without the border.
    package var count: Int { height * width * pixelStride }
}
