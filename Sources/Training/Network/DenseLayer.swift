internal import CKernels
import Kernels

/// A fully connected layer with its backward pass, on rows of padded floats: [rows][inputs] → [rows][outputs].
///
/// Inputs and outputs are whole blocks, their padding zero. Weights lie as [block of outputs][inputs][block].
final class DenseLayer {
    let inputs, outputs: Int
    private let weights, bias, weightGradient, biasGradient: UnsafeMutablePointer<Float>
    private let turned: SharedBuffer<Float>  // [block of inputs][outputs][block]: the way back
    private let one: SharedBuffer<UInt32>  // 0, 1, 2, …
    private let kernels: KernelTable

    /// The layer of the tensors with those names.
    init(weights weightName: String, bias biasName: String, _ store: ParameterStore, kernels: KernelTable) {
        self.kernels = kernels
        let (weight, bias) = (store[weightName], store[biasName])
        (inputs, outputs) = (weight.blocks.inputs, weight.blocks.outputs)
        (weights, weightGradient) = (store.weights.base + weight.offset, store.gradients.base + weight.offset)
        (self.bias, biasGradient) = (store.weights.base + bias.offset, store.gradients.base + bias.offset)
        turned = SharedBuffer(count: inputs * outputs)
        one = multiples(of: 1, count: max(inputs, outputs))
    }

    private var block: Int { kernels.layout.block }

    /// Turns the weights for the way back, after they have changed; a part of it.
    func repack(_ part: Part) {
        let range = part.range(of: inputs, group: block)
        zanzo_transpose_blocks(turned.base, weights, outputs, inputs, range.lowerBound, range.upperBound, block)
    }

    /// to[r] = bias + W from[r], for the rows that `fromRows` names, `toRow` floats apart.
    func forward(
        _ from: UnsafePointer<Float>, _ fromRows: UnsafePointer<UInt32>, count: Int,
        into to: UnsafeMutablePointer<Float>, toRow: Int
    ) {
        for row in 0..<count { (to + row * toRow).update(from: bias, count: outputs) }
        Products(
            sums: to, sumsRow: toRow, sumsBlock: block, a: from, rows: fromRows, rowCount: count, steps: one.base,
            depth: inputs, b: UnsafePointer(weights), bBlock: inputs * block, columns: outputs
        ).run(kernels)
    }

    /// dx[r] (+)= transposed W dy[r], for the rows that `rows` names.
    func backward(
        _ dy: UnsafePointer<Float>, _ rows: UnsafePointer<UInt32>, count: Int,
        into dx: UnsafeMutablePointer<Float>, dxRow: Int, adds: Bool = false
    ) {
        Products(
            sums: dx, sumsRow: dxRow, sumsBlock: block, a: dy, rows: rows, rowCount: count, steps: one.base,
            depth: outputs, b: UnsafePointer(turned.base), bBlock: outputs * block, columns: inputs, isFirst: !adds
        ).run(kernels)
    }

    /// The gradients of weights and bias over `count` rows: a part of the weights' elements, row by row of the gradient.
    /// `scratch` has room for count × outputs floats.
    func gradient(
        x: UnsafePointer<Float>, _ xRows: UnsafePointer<UInt32>, dy: UnsafePointer<Float>,
        _ dyRows: UnsafePointer<UInt32>, count: Int, _ part: Part, scratch: UnsafeMutablePointer<Float>
    ) {
        let rows = part.range(of: inputs)
        zanzo_pack_panel(scratch, count * block, dy, dyRows, count, outputs, block)
        Products(
            sums: weightGradient + rows.lowerBound * block, sumsRow: block, sumsBlock: inputs * block, a: x,
            rows: one.base + rows.lowerBound, rowCount: rows.count, steps: xRows, depth: count,
            b: UnsafePointer(scratch), bBlock: count * block, columns: outputs, isFirst: true
        ).run(kernels)
        if part.index == part.count - 1 {
            biasGradient.update(repeating: 0, count: outputs)
            zanzo_add_rows(biasGradient, dy, dyRows, count, outputs)
        }
    }
}
