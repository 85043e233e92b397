internal import CKernels

/// A fully connected layer with bias: a vector on one side, a vector or a map on the other.
public final class LinearLayer: Sendable {
    /// Multiply-adds of one run.
    public var multiplyAdds: Int { inputs * runs * columns }
    /// Bytes of weights that a run reads.
    package var weightByteCount: Int { weights.byteCount }
    private let inputs, runs, columns: Int
    private let weights: PackedWeights
    private let bias: AlignedBuffer<Float>
    private let kernels: KernelTable

    /// Packs a matrix [rows of the file][width] of float32 (any alignment): output j is the file's row `rowOf[j]`, input
    /// i its column `columnOf[i]`; a negative entry is padding. Outputs come in `runs` runs of equal length.
    private init(
        weights source: UnsafeRawPointer, width: Int, bias: [Float], rowOf: [Int], columnOf: [Int], runs: Int,
        format: WeightFormat, kernels: KernelTable
    ) {
        (inputs, self.runs, columns, self.kernels) = (columnOf.count, runs, rowOf.count / runs, kernels)
        var layout = kernels.layout
        let padded = (columns + layout.linear_block - 1) / layout.linear_block * layout.linear_block
        func indices(_ list: [Int]) -> [UInt32] { list.map { $0 < 0 ? .max : UInt32($0) } }
        let (runs, columns, inputs) = (self.runs, self.columns, self.inputs)
        weights = PackedWeights(count: runs * padded * inputs, as: format) { packed in
            zanzo_pack_linear(
                packed, source, width, indices(rowOf), indices(columnOf), runs, columns, inputs, &layout)
        }
        var ordered = AlignedBuffer<Float>(count: runs * padded)
        let place = ordered.mutableBase
        for (index, row) in rowOf.enumerated() where row >= 0 {
            place[index / columns * padded + index % columns] = bias[row]
        }
        self.bias = ordered
    }

    /// A plain layer: `weights` [outputs][inputs].
    public convenience init(
        weights: UnsafeRawPointer, bias: [Float], inputs: Int, outputs: Int, format: WeightFormat = .float32,
        kernels: KernelTable
    ) {
        precondition(bias.count == outputs)
        self.init(
            weights: weights, width: inputs, bias: bias, rowOf: Array(0..<outputs), columnOf: Array(0..<inputs),
            runs: 1, format: format, kernels: kernels)
    }

    /// Reads a map without border: `weights` [outputs][channels × height × width] (PyTorch's flattening).
    public convenience init(
        weights: UnsafeRawPointer, bias: [Float], map: FloatMap, outputs: Int, format: WeightFormat = .float32,
        kernels: KernelTable
    ) {
        precondition(bias.count == outputs)
        self.init(
            weights: weights, width: map.channels * map.height * map.width, bias: bias, rowOf: Array(0..<outputs),
            columnOf: Self.channelsFirst(map), runs: 1, format: format, kernels: kernels)
    }

    /// Writes a map: `weights` [channels × height × width][inputs].
    public convenience init(
        weights: UnsafeRawPointer, bias: [Float], inputs: Int, map: FloatMap, format: WeightFormat = .float32,
        kernels: KernelTable
    ) {
        precondition(bias.count == map.channels * map.height * map.width)
        self.init(
            weights: weights, width: inputs, bias: bias, rowOf: Self.channelsFirst(map), columnOf: Array(0..<inputs),
            runs: map.height, format: format, kernels: kernels)
    }

    /// For each float of the map's rows, its place in PyTorch's [channels][height][width]; -1 for padding.
    private static func channelsFirst(_ map: FloatMap) -> [Int] {
        let area = map.height * map.width
        return (0..<area).flatMap { pixel in
            (0..<map.pixelStride).map { $0 < map.channels ? $0 * area + pixel : -1 }
        }
    }

    /// Vector [inputs] → vector [outputs].
    public func run(_ input: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>) {
        var shape = shape(outStride: columns)
        multiply(output, input, &shape)
    }

    /// Map without border → vector [outputs], for each frame of the part; vectors lie one behind the other.
    public func run(_ input: FloatMap, into output: UnsafeMutablePointer<Float>, _ part: Part = .whole) {
        precondition(input.count == inputs && input.rowStride == input.width * input.pixelStride)
        for frame in part.range(of: part.frames) {
            run(input.pixels + frame * input.mapStride, into: output + frame * columns)
        }
    }

    /// Vector [inputs] → row `row` of the map of frame `frame`.
    public func run(_ input: UnsafePointer<Float>, into output: FloatMap, frame: Int, row: Int) {
        precondition(output.height == runs && output.width * output.pixelStride == columns && row < runs)
        let block = kernels.layout.linear_block
        let padded = (columns + block - 1) / block * block
        var shape = shape(outStride: output.rowStride)
        shape.runs = 1
        shape.weights += row * padded * inputs * weights.elementSize
        shape.bias += row * padded
        multiply(output.mutablePixels + frame * output.mapStride + row * output.rowStride, input, &shape)
    }

    private var multiply: zanzo_linear { weights.format == .float16 ? kernels.linearHalf : kernels.linear }

    private func shape(outStride: Int) -> zanzo_linear_layer {
        zanzo_linear_layer(
            weights: weights.base, bias: bias.base, inputs: inputs, runs: runs, columns: columns, out_stride: outStride)
    }
}

/// One layer of gated recurrent units, PyTorch's `nn.GRU`, one step at a time.
public final class RecurrentLayer: Sendable {
    /// Multiply-adds of one step.
    public var multiplyAdds: Int { input.multiplyAdds + state.multiplyAdds }
    /// Bytes of weights that a run reads.
    package var weightByteCount: Int { input.weightByteCount + state.weightByteCount }
    /// Units, and floats of the hidden state.
    public let hidden: Int
    private let input, state: LinearLayer
    private let kernels: KernelTable

    /// Packs `weight_ih` [3 × hidden][inputs] and `weight_hh` [3 × hidden][hidden] (float32), gates r, z, n.
    public init(
        inputWeights: UnsafeRawPointer, inputBias: [Float], stateWeights: UnsafeRawPointer, stateBias: [Float],
        inputs: Int, hidden: Int, kernels: KernelTable
    ) {
        (self.hidden, self.kernels) = (hidden, kernels)
        input = LinearLayer(
            weights: inputWeights, bias: inputBias, inputs: inputs, outputs: 3 * hidden, kernels: kernels)
        state = LinearLayer(
            weights: stateWeights, bias: stateBias, inputs: hidden, outputs: 3 * hidden, kernels: kernels)
    }

    /// Moves the state on by one input: [inputs], [hidden] → [hidden]. `scratch` has room for 6 × hidden floats.
    public func run(
        _ vector: UnsafePointer<Float>, _ hiddenState: UnsafeMutablePointer<Float>,
        scratch: UnsafeMutablePointer<Float>
    ) {
        let ofState = scratch + 3 * hidden
        input.run(vector, into: scratch)
        state.run(hiddenState, into: ofState)
        kernels.gru(hiddenState, scratch, ofState, hidden)
    }
}
