/// What flows between two layers: rows of pixels of channels, as `kernels.h` lays them out.
///
/// Shape [height][width][pixelStride]; with a border, one pixel of `zero` lies around it that no layer writes to.
/// Scratch memory: written by one layer, read by the next; the threads of one step write each its own part.
public final class ActivationMap<Element: BitwiseCopyable> {
    /// Rows and pixels a row, without the border.
    public let height, width: Int
    /// Channels a pixel, without padding.
    public let channels: Int
    /// Maps in this memory, one behind the other: frames that can be in one step.
    public let capacity: Int
    /// Elements from one map to the next.
    public let mapStride: Int
    /// Elements from one pixel to the next: `channels`, padded to the table's lanes (not so a picture of one channel).
    public let pixelStride: Int
    /// Elements from one row to the next.
    public let rowStride: Int

    private let memory: SharedBuffer<Element>
    private let first: Int
    private let gap: Int  // elements between two maps

    /// A map full of `zero`, the element that stands for 0; `isPicture` leaves channels unpadded.
    public init(
        height: Int, width: Int, channels: Int, hasBorder: Bool = true, isPicture: Bool = false,
        capacity: Int = 1, zero: Element, kernels: KernelTable
    ) {
        precondition(height > 0 && width > 0 && channels > 0 && capacity > 0, "a map of nothing")
        self.capacity = capacity
        (self.height, self.width, self.channels) = (height, width, channels)
        pixelStride = isPicture ? channels : kernels.padded(channels)
        let border = hasBorder ? 1 : 0
        rowStride = (width + 2 * border) * pixelStride
        first = border * (rowStride + pixelStride)
        // Each map begins on a cache line, as the kernels' aligned stores need.
        let count = (height + 2 * border) * rowStride
        mapStride = (count + 63) / 64 * 64
        gap = mapStride - count
        memory = SharedBuffer(repeating: zero, count: capacity * mapStride)
    }

    /// The first pixel inside the border, to read from.
    public var pixels: UnsafePointer<Element> { UnsafePointer(memory.base + first) }
    /// The corner of the border (the first pixel where there is none).
    package var corner: UnsafePointer<Element> { UnsafePointer(memory.base) }
    /// The first pixel inside the border, to write to.
    package var mutablePixels: UnsafeMutablePointer<Element> { memory.base + first }
    /// Everything of one map, border and padding included.
    package func elements(of map: Int = 0) -> UnsafeBufferPointer<Element> {
        precondition(map < capacity, "ActivationMap: no such map")
        return UnsafeBufferPointer(rebasing: memory.elements[map * mapStride..<map * mapStride + (mapStride - gap)])
    }
    /// Elements in rows and padding, without the border.
    package var count: Int { height * width * pixelStride }
    /// Bytes of those.
    package var byteCount: Int { count * MemoryLayout<Element>.size }
}

/// Activations as floats.
public typealias FloatMap = ActivationMap<Float>

/// Activations as bytes: q stands for step × (q - zero), as the layers on both sides of the map agree.
public typealias ByteMap = ActivationMap<UInt8>

extension ActivationMap where Element == Float {
    /// A map of zeros; `isPicture` leaves channels unpadded.
    public convenience init(
        height: Int, width: Int, channels: Int, hasBorder: Bool = true, isPicture: Bool = false, capacity: Int = 1,
        kernels: KernelTable
    ) {
        self.init(
            height: height, width: width, channels: channels, hasBorder: hasBorder, isPicture: isPicture,
            capacity: capacity, zero: 0, kernels: kernels)
    }
}
