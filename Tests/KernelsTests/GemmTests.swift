import CKernels
import Kernels
import TestSupport
import Testing

@Suite("Sums of products against float64")
struct GemmTests {
    struct Shape: CustomTestStringConvertible, Sendable {
        var rows, depth, columns: Int
        /// Whether sums lie in one row after another, not block by block.
        var isRowMajor = false
        var testDescription: String { "\(rows) rows, \(depth) deep, \(columns) columns\(isRowMajor ? ", rows" : "")" }
    }

    static let shapes: [Shape] = {
        var random = SplitMix(seed: 5)
        let chosen = [(1, 1, 8), (6, 64, 16), (9, 70, 32), (13, 5, 24), (25, 64, 40), (12, 33, 64), (288, 16, 64)]
        return
            (chosen
            + (0..<12).map { _ in
                (
                    .random(in: 1...40, using: &random), .random(in: 1...90, using: &random),
                    8 * .random(in: 1...12, using: &random)
                )
            }).flatMap {
                [
                    Shape(rows: $0.0, depth: $0.1, columns: $0.2),
                    Shape(rows: $0.0, depth: $0.1, columns: $0.2, isRowMajor: true),
                ]
            }
    }()

    @Test("Every table, from zero and on top of what is there", arguments: shapes)
    func products(shape: Shape) {
        for table in ConvolutionTests.tables {
            let (lanes, block) = (table.layout.lanes, table.layout.block)
            let columns = (shape.columns + lanes - 1) / lanes * lanes
            let blocks = (columns + block - 1) / block
            var random = SplitMix(seed: UInt64(shape.rows * 977 + shape.depth))
            // Rows and steps in any order, some of them twice.
            let a = random.floats(shape.rows + 3 * shape.depth)
            let rows = (0..<shape.rows).map { _ in UInt32.random(in: 0...UInt32(shape.rows - 1), using: &random) }
            let steps = (0..<shape.depth).map { _ in UInt32.random(in: 0...UInt32(3 * shape.depth), using: &random) }
            let b = random.floats(shape.depth * columns), before = random.floats(shape.rows * columns)
            func width(_ column: Int) -> Int { min(block, columns - column / block * block) }
            func place(_ r: Int, _ o: Int) -> Int {
                shape.isRowMajor ? r * columns + o : o / block * block * shape.rows + r * width(o) + o % block
            }
            for (side, isFirst) in zip(Guarded<Float>.Side.allCases, [true, false]) {
                let from = Guarded<Float>(a, at: side), sums = Guarded<Float>(before, at: side)
                let packed = Guarded<Float>(count: shape.depth * columns, at: side)
                for p in 0..<shape.depth {
                    for o in 0..<columns {
                        packed.base[o / block * block * shape.depth + p * width(o) + o % block] = b[p * columns + o]
                    }
                }
                let rowTable = Guarded<UInt32>(rows, at: side == .start ? .start : .end)
                let stepTable = Guarded<UInt32>(steps, at: side == .start ? .start : .end)
                var products = zanzo_products(
                    sums: sums.base, a: from.base, b: packed.base, rows: rowTable.base, steps: stepTable.base,
                    row_count: shape.rows, depth: shape.depth, columns: columns,
                    sums_row: shape.isRowMajor ? columns : 0, sums_block: shape.isRowMajor ? block : block * shape.rows,
                    b_block: block * shape.depth, is_first: isFirst ? 1 : 0, room: nil, room_count: 0)
                table.training.gemm(&products)
                let inPlace = sums.values
                // Room for a tile or two, and rows copied there.
                let room = Guarded<Float>(count: 20 * shape.depth, at: side)
                (products.room, products.room_count) = (room.base, room.count)
                for (index, value) in before.enumerated() { sums.base[index] = value }
                table.training.gemm(&products)
                #expect(sums.values == inPlace, "\(table.name): copied rows have other sums")
                var worst = 0.0
                for r in 0..<shape.rows {
                    for o in 0..<columns {
                        var sum = isFirst ? 0 : Double(before[place(r, o)]), magnitude = abs(sum)
                        for p in 0..<shape.depth {
                            let term = Double(a[Int(rows[r] + steps[p])]) * Double(b[p * columns + o])
                            sum += term
                            magnitude += abs(term)
                        }
                        worst = max(worst, abs(Double(sums.base[place(r, o)]) - sum) / (2e-6 * magnitude + 1e-30))
                    }
                }
                #expect(worst <= 1, "\(table.name): \(worst) times the distance allowed, \(blocks) blocks")
            }
        }
    }

    @Test("A panel is packed block by block", arguments: shapes)
    func panels(shape: Shape) {
        var random = SplitMix(seed: 3)
        let steps = (0..<shape.depth).map { _ in UInt32.random(in: 0...100, using: &random) }
        let from = Guarded<Float>(random.floats(Int(steps.max() ?? 0) + shape.columns))
        for block in [16, 32] {
            let packed = Guarded<Float>(count: shape.depth * shape.columns)
            zanzo_pack_panel(packed.base, block * shape.depth, from.base, steps, shape.depth, shape.columns, block)
            for (p, step) in steps.enumerated() {
                for o in 0..<shape.columns {
                    let width = min(block, shape.columns - o / block * block)
                    let place = o / block * block * shape.depth + p * width + o % block
                    #expect(packed.base[place] == from.base[Int(step) + o])
                }
            }
        }
    }

    @Test("Weights for the way up are those that a file's would be packed to", arguments: ConvolutionShape.chosen)
    func repacking(shape: ConvolutionShape) {
        let (small, big) = (shape.inputs, shape.outputs)
        var random = SplitMix(seed: shape.seed)
        let weights = random.floats(small * big * 9)
        for table in ConvolutionTests.tables {
            var layout = table.layout
            let down = Guarded<Float>(count: 9 * big * table.padded(small))
            zanzo_pack_conv3x3(
                down.base, weights, Array(repeating: 1, count: small), small, big, 1, &layout)
            let expected = Guarded<Float>(count: 9 * small * table.padded(big))
            zanzo_pack_deconv3x3(
                expected.base, weights, Array(repeating: 1, count: big), big, small, 1, &layout)
            let found = Guarded<Float>(count: 9 * small * table.padded(big))
            let cut = (table.padded(big) / 2 + layout.block - 1) / layout.block * layout.block
            for range in [0..<cut, cut..<max(cut, table.padded(big))] {
                zanzo_repack_up(
                    found.base, down.base, small, big, range.lowerBound, range.upperBound, layout.lanes, layout.block)
            }
            #expect(found.values == expected.values, "\(table.name)")
        }
    }

    @Test("Blocks are turned", arguments: [(16, 48, 16), (64, 32, 32)])
    func turning(outputs: Int, inputs: Int, block: Int) {
        var random = SplitMix(seed: 8)
        let from = Guarded<Float>(random.floats(outputs * inputs)), to = Guarded<Float>(count: outputs * inputs)
        zanzo_transpose_blocks(to.base, from.base, outputs, inputs, 0, block, block)
        zanzo_transpose_blocks(to.base, from.base, outputs, inputs, block, inputs, block)
        for o in 0..<outputs {
            for i in 0..<inputs {
                let there = i / block * block * outputs + o * block + i % block
                #expect(to.base[there] == from.base[o / block * block * inputs + i * block + o % block])
            }
        }
    }
}
