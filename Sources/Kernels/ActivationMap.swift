/// What flows between two layers: rows of pixels of channels, as `kernels.h` lays them out.
///
/// Shape [height][width][pixelStride]; with a border, one pixel of `zero` lies around it that no layer writes to.
/// Scratch memory: written by one layer, read by the next; one thread at a time.
public final class ActivationMap<Element: BitwiseCopyable> {
    /// Rows and pixels a row, without the border.
    public let height, width: Int
    /// Channels a pixel, without padding.
    public let channels: Int
    /// Elements from one pixel to the next: `channels`, padded to the table's lanes (not so a picture of one channel).
    public let pixelStride: Int
    /// Elements from one row to the next.
    public let rowStride: Int

    private var memory: AlignedBuffer<Element>
    private let first: Int

    /// A map full of `zero`, the element that stands for 0; `isPicture` leaves channels unpadded.
    public init(
        height: Int, width: Int, channels: Int, hasBorder: Bool = true, isPicture: Bool = false,
        zero: Element, kernels: KernelTable
    ) {
        precondition(height > 0 && width > 0 && channels > 0, "a map of nothing")
        (self.height, self.width, self.channels) = (height, width, channels)
        pixelStride = isPicture ? channels : kernels.padded(channels)
        let border = hasBorder ? 1 : 0
        rowStride = (width + 2 * border) * pixelStride
        first = border * (rowStride + pixelStride)
        memory = AlignedBuffer(repeating: zero, count: (height + 2 * border) * rowStride)
    }

    /// The first pixel inside the border, to read from.
    public var pixels: UnsafePointer<Element> { memory.base + first }
    /// The corner of the border (the first pixel where there is none).
    package var corner: UnsafePointer<Element> { memory.base }
    /// The first pixel inside the border, to write to.
    package var mutablePixels: UnsafeMutablePointer<Element> { memory.mutableBase + first }
    /// Everything, border and padding included.
    package var elements: UnsafeBufferPointer<Element> { memory.elements }
    /// Elements in rows and padding, without the border.
    package var count: Int { height * width * pixelStride }
}

/// Activations as floats.
public typealias FloatMap = ActivationMap<Float>

/// Activations as bytes: q stands for step × (q - zero), as the layers on both sides of the map agree.
public typealias ByteMap = ActivationMap<UInt8>

extension ActivationMap where Element == Float {
    /// A map of zeros; `isPicture` leaves channels unpadded.
    public convenience init(
        height: Int, width: Int, channels: Int, hasBorder: Bool = true, isPicture: Bool = false, kernels: KernelTable
    ) {
        self.init(
            height: height, width: width, channels: channels, hasBorder: hasBorder, isPicture: isPicture, zero: 0,
            kernels: kernels)
    }
}
