internal import CKernels
import Kernels

/// One call of `zanzo_gemm`: sums[r][o] (+)= Σ a[rows[r] + steps[p]] × b[p][o].
struct Products {
    var sums: UnsafeMutablePointer<Float>
    /// Floats between two rows of sums (0: as wide as the block), and between two blocks.
    var sumsRow, sumsBlock: Int
    var a: UnsafePointer<Float>
    var rows: UnsafePointer<UInt32>
    var rowCount: Int
    var steps: UnsafePointer<UInt32>
    var depth: Int
    var b: UnsafePointer<Float>
    var bBlock: Int
    var columns: Int
    var isFirst = false
    /// Where rows may be copied to, so that they are read in order.
    var room: UnsafeMutableBufferPointer<Float>?

    func run(_ kernels: KernelTable) {
        guard rowCount > 0, columns > 0 else { return }
        var products = zanzo_products(
            sums: sums, a: a, b: b, rows: rows, steps: steps, row_count: rowCount, depth: depth, columns: columns,
            sums_row: sumsRow, sums_block: sumsBlock, b_block: bBlock, is_first: isFirst ? 1 : 0,
            room: room?.baseAddress, room_count: room?.count ?? 0)
        kernels.training.gemm(&products)
    }
}

/// Multiples of a distance, for `rows` and `steps`.
func multiples(of distance: Int, count: Int) -> SharedBuffer<UInt32> {
    SharedBuffer((0..<count).map { UInt32($0 * distance) })
}
