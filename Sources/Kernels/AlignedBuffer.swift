/// Memory of `count` elements at an address that is a multiple of 64 (a cache line, the widest vector), zero at first.
///
/// One owner, freed with it. `base` reads; writing needs the owner itself to be mutable.
public struct AlignedBuffer<Element: BitwiseCopyable>: ~Copyable, @unchecked Sendable {
    // Sendable is unchecked because of the pointer. The memory has one owner (`~Copyable`) and is written only through
    // `mutating` access to it, so a `let` buffer that several threads share is only ever read.

    /// Elements in the buffer.
    public let count: Int
    private let memory: UnsafeMutablePointer<Element>

    /// `count` elements (0 is fine), every byte of them zero.
    public init(count: Int) {
        self.init(uninitializedCount: count)
        clear()
    }

    /// `count` elements that the caller writes before anyone reads them.
    init(uninitializedCount count: Int) {
        precondition(count >= 0, "AlignedBuffer: negative count")
        self.count = count
        let byteCount = max(1, count) * MemoryLayout<Element>.stride
        memory = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
            .bindMemory(to: Element.self, capacity: count)
    }

    /// `count` elements, each of them `value`.
    public init(repeating value: Element, count: Int) {
        self.init(uninitializedCount: count)
        guard count > 0 else { return }
        // By doubling: element by element, a caller in another module would pay a call for each.
        memory.initialize(to: value)
        var filled = 1
        while filled < count {
            (memory + filled).update(from: memory, count: min(filled, count - filled))
            filled *= 2
        }
    }

    /// A copy of `values`, followed by zeros up to `paddedCount`.
    public init(_ values: [Element], paddedCount: Int = 0) {
        self.init(count: max(values.count, paddedCount))
        memory.update(from: values, count: values.count)
    }

    deinit { memory.deallocate() }

    /// The first element, to read from.
    public var base: UnsafePointer<Element> { UnsafePointer(memory) }

    /// The first element, to write to.
    public var mutableBase: UnsafeMutablePointer<Element> {
        mutating get { memory }
    }

    /// The elements, to read from; valid as long as the buffer lives.
    public var elements: UnsafeBufferPointer<Element> { UnsafeBufferPointer(start: memory, count: count) }

    /// Sets every byte to zero.
    public mutating func clear() {
        UnsafeMutableRawPointer(memory).initializeMemory(
            as: UInt8.self, repeating: 0, count: count * MemoryLayout<Element>.stride)
    }
}
