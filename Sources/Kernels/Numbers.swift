private import CKernels

/// What the network needs to know of single numbers.
public enum Numbers {
    /// Index of the first of `count` float32 at `values` (any alignment) that is NaN or infinite; nil where all are finite.
    public static func firstNotFinite(_ values: UnsafeRawPointer, count: Int) -> Int? {
        let index = zanzo_first_not_finite(values, count)
        return index < count ? index : nil
    }

    /// Runs `body` with denormal numbers taken as zero on this thread, and sets the thread's mode back afterwards.
    ///
    /// The state of a scene in which nothing happens fades towards zero; without this, a step on such numbers would
    /// take many times as long as on others.
    public static func flushingDenormals<R>(_ body: () -> R) -> R {
        let before = zanzo_flush_denormals_begin()
        defer { zanzo_flush_denormals_end(before) }
        return body()
    }
}

extension KernelTable {
    /// Luma 0…255 → floats in [-1, 1]: luma / 127.5 - 1, into the picture's pixels. [height][width] → [height][width].
    public func normalise(_ luma: UnsafePointer<UInt8>, into picture: FloatMap, frame: Int = 0) {
        precondition(picture.pixelStride == 1 && frame < picture.capacity, "normalise: not a picture")
        normalise(
            picture.mutablePixels + frame * picture.mapStride, luma, picture.height, picture.width, picture.rowStride)
    }

    /// `channels` rounded up to whole vectors.
    package func padded(_ channels: Int) -> Int { (channels + layout.lanes - 1) / layout.lanes * layout.lanes }
}
