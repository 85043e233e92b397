import NIOCore

/// A client's first line, taken out of what it sends: blank lines before it are skipped, its length is bounded, and
/// after it nothing but blanks may come (`nc` in a terminal sends newlines).
struct FirstLineReader {
    /// What the bytes so far amount to.
    enum Outcome: Hashable {
        /// The first line, without its newline.
        case line([UInt8])
        /// No line ends within the limit.
        case tooLong
        /// Something came after the first line.
        case more
    }

    /// Bytes that the line may have.
    let limit: Int
    private(set) var isComplete = false
    private var input = ByteBuffer()

    init(limit: Int) { self.limit = limit }

    mutating func append(_ bytes: inout ByteBuffer) { input.writeBuffer(&bytes) }

    /// What comes next in the bytes; nil where more of them are needed.
    mutating func next() -> Outcome? {
        while !isComplete, let newline = input.readableBytesView.firstIndex(of: 0x0A) {
            let line = input.readableBytesView[..<newline]
            guard line.count <= limit else { return .tooLong }
            input.moveReaderIndex(to: newline + 1)
            if Self.isBlank(line) { continue }
            isComplete = true
            return .line(Array(line))
        }
        guard isComplete else { return input.readableBytes > limit ? .tooLong : nil }
        guard Self.isBlank(input.readableBytesView) else { return .more }
        input.clear()
        return nil
    }

    /// The client will say no more: what it said last needs no newline. Nil where that is nothing.
    mutating func finish() -> [UInt8]? {
        guard !isComplete, !Self.isBlank(input.readableBytesView) else { return nil }
        isComplete = true
        defer { input.clear() }
        return Array(input.readableBytesView)
    }

    private static func isBlank(_ bytes: ByteBufferView) -> Bool {
        bytes.allSatisfy { $0 == 0x20 || 0x09...0x0D ~= $0 }
    }
}
