import TestSupport
import Glibc

/// Memory that ends where an unreadable page begins (`.end`) or starts where one ends (`.start`), so that a kernel that
/// reads or writes one byte too many stops the test at once instead of going unnoticed.
struct Guarded<Element: BitwiseCopyable>: ~Copyable {
    enum Side: CaseIterable { case start, end }

    let base: UnsafeMutablePointer<Element>
    let count: Int
    private let mapping: UnsafeMutableRawPointer
    private let byteCount: Int

    init(count: Int, at side: Side = .end) {
        let page = 4096
        let wanted = count * MemoryLayout<Element>.stride
        let inner = max(1, (wanted + page - 1) / page) * page
        byteCount = inner + 2 * page
        guard let mapping = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            mapping != MAP_FAILED
        else { preconditionFailure("mmap: out of memory") }
        self.mapping = mapping
        mprotect(mapping, page, PROT_NONE)
        mprotect(mapping + page + inner, page, PROT_NONE)
        let start = side == .start ? mapping + page : mapping + page + inner - wanted
        base = start.bindMemory(to: Element.self, capacity: count)
        self.count = count
    }

    init(_ values: [Element], at side: Side = .end) {
        self.init(count: values.count, at: side)
        for (index, value) in values.enumerated() { base[index] = value }
    }

    var values: [Element] { Array(UnsafeBufferPointer(start: base, count: count)) }

    deinit { munmap(mapping, byteCount) }
}

extension SplitMix {
    mutating func floats(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
        (0..<count).map { _ in Float.random(in: range, using: &self) }
    }
}
