/// Memory that the threads of one step share: `count` elements at an address that is a multiple of 64, zero at first.
///
/// Who writes where follows from the step's order: between two meetings of its threads no element has two writers, nor a
/// writer and a reader. The pointer is taken once. Asking the buffer for it each time would be a mutating access, and two
/// of those at a time are a race by Swift's rules, however far apart the elements are.
public final class SharedBuffer<Element: BitwiseCopyable> {
    /// Elements in the buffer.
    public let count: Int
    /// The first element, to read and to write.
    public let base: UnsafeMutablePointer<Element>
    private let owner: AlignedBuffer<Element>

    /// `count` elements (0 is fine), each of them `value`.
    public convenience init(repeating value: Element, count: Int) {
        self.init(AlignedBuffer(repeating: value, count: count))
    }

    /// `count` elements, every byte of them zero.
    public convenience init(count: Int) {
        self.init(AlignedBuffer(count: count))
    }

    /// A copy of `values`.
    public convenience init(_ values: [Element]) {
        self.init(AlignedBuffer(values))
    }

    private init(_ buffer: consuming AlignedBuffer<Element>) {
        (count, base) = (buffer.count, buffer.mutableBase)
        owner = buffer
    }

    /// The elements, to read from; valid as long as the buffer lives.
    public var elements: UnsafeBufferPointer<Element> { UnsafeBufferPointer(start: base, count: count) }
}
