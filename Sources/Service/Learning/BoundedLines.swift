/// Cuts what comes in pieces into lines; one that is too long is passed over to its end, so that a process gone wild takes
/// no memory.
struct BoundedLines {
    private let limit: Int
    private var line: [UInt8] = []
    private var isTooLong = false

    /// Lines of at most `limit` bytes.
    init(limit: Int) { self.limit = limit }

    /// Takes in a piece, and gives each line that it completes, without its end, to `each`.
    mutating func take(_ piece: ArraySlice<UInt8>, each: ([UInt8]) -> Void) {
        var rest = piece
        while let end = rest.firstIndex(of: 10) {
            add(rest[..<end])
            finish(each)
            rest = rest[(end + 1)...]
        }
        add(rest)
    }

    /// Gives what stands without an end after the last line.
    mutating func finish(_ each: ([UInt8]) -> Void) {
        if !line.isEmpty, !isTooLong { each(line) }
        (line, isTooLong) = ([], false)
    }

    private mutating func add(_ piece: ArraySlice<UInt8>) {
        if line.count + piece.count > limit { (line, isTooLong) = ([], true) }
        if !isTooLong { line += piece }
    }
}
