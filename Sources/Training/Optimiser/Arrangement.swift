/// How a tensor's numbers lie in a trainer's memory: as its layer's kernels read them (see `kernels.h` and `training.h`).
enum Arrangement {
    /// As in the file.
    case vector
    /// A map's floats: [channels][pixels] → [pixels][padded channels].
    case map(pixels: Int, stride: Int)
    /// [small][big][3][3] → [block of small][tap][big][block].
    case taps(small: Int, big: Int)
    /// The picture's [1][channels][3][3], with its taps turned around: the weights of its backward pass.
    case turnedTaps(channels: Int)
    /// [outputs][inputs] → [block of outputs][inputs][block], with the order of rows and of columns that `rows` and
    /// `columns` say (as `vector` or `map`); both padded to whole blocks.
    indirect case matrix(columns: Int, rowOrder: Arrangement, columnOrder: Arrangement)

    /// Sizes that places depend on: the blocks of a table, and those of this tensor.
    struct Blocks {
        var lanes, block: Int
        /// Outputs and inputs with padding.
        var outputs = 0
        var inputs = 0
    }

    /// Where the file's element `index` lies.
    func place(of index: Int, _ b: Blocks) -> Int {
        switch self {
        case .vector: return index
        case .map(let pixels, let stride): return index % pixels * stride + index / pixels
        case .taps(let small, let big):
            let (s, rest) = index.quotientAndRemainder(dividingBy: 9 * big)
            let (channel, tap) = rest.quotientAndRemainder(dividingBy: 9)
            return Self.blocked(row: tap * big + channel, of: 9 * big, column: s, of: padded(small, to: b.lanes), b)
        case .turnedTaps(let channels):
            let (channel, tap) = index.quotientAndRemainder(dividingBy: 9)
            return Self.blocked(row: 8 - tap, of: 9, column: channel, of: padded(channels, to: b.lanes), b)
        case .matrix(let columns, let rowOrder, let columnOrder):
            let (output, input) = index.quotientAndRemainder(dividingBy: columns)
            return Self.blocked(
                row: columnOrder.place(of: input, b), of: b.inputs, column: rowOrder.place(of: output, b),
                of: b.outputs, b)
        }
    }

    private static func blocked(row: Int, of rows: Int, column: Int, of columns: Int, _ b: Blocks) -> Int {
        let (block, rest) = column.quotientAndRemainder(dividingBy: b.block)
        let width = min(b.block, columns - block * b.block)
        return block * b.block * rows + row * width + rest
    }
}
