import Kernels

/// Memory that layers and threads share for a trainer's life, zero at first.
///
/// Who writes where is said by the step's order: between two meetings of its threads no element has two writers, nor a
/// writer and a reader.
final class Memory<Element: BitwiseCopyable> {
    let count: Int
    let base: UnsafeMutablePointer<Element>
    private let buffer: AlignedBuffer<Element>

    init(count: Int) {
        var buffer = AlignedBuffer<Element>(count: count)
        (self.count, base) = (count, buffer.mutableBase)
        self.buffer = buffer
    }

    convenience init(_ values: [Element]) {
        self.init(count: values.count)
        base.update(from: values, count: values.count)
    }

    var values: UnsafeBufferPointer<Element> { UnsafeBufferPointer(start: base, count: count) }
}

/// `count` rounded up to a multiple of `unit`.
func padded(_ count: Int, to unit: Int) -> Int { (count + unit - 1) / unit * unit }
