internal import Kernels

/// The network's layers out of a checked file, batch norm folded in: `t` says their sizes.
extension TensorLoader {
    /// The numbers of a 3×3 layer.
    struct Convolution {
        var weights: UnsafeRawPointer
        var scale, bias: [Float]
        var inputs, outputs: Int
        var kind: ConvolutionKind
        /// Side of the smaller of its two maps.
        var side: Int
    }

    /// The encoder's layer `index` of 0…4; all but the last have a batch norm.
    borrowing func encoder(_ index: Int, _ t: Topology) throws(ModelError) -> Convolution {
        let outputs = t.widths[index]
        let norm =
            index < 4
            ? try batchNorm("encoder.\(3 * index + 1)")
            : ([Float](repeating: 1, count: outputs), [Float](repeating: 0, count: outputs))
        return Convolution(
            weights: try weights("encoder.\(3 * index).weight"), scale: norm.0, bias: norm.1,
            inputs: index == 0 ? t.channels : t.widths[index - 1], outputs: outputs,
            kind: .plain(stride: index == 0 ? 1 : 2), side: t.size >> index)
    }

    /// The decoder's layer `index` of 0…3.
    borrowing func decoder(_ index: Int, _ t: Topology) throws(ModelError) -> Convolution {
        let norm = try batchNorm("decoder.\(3 * index + 1)")
        return Convolution(
            weights: try weights("decoder.\(3 * index).weight"), scale: norm.scale, bias: norm.bias,
            inputs: t.widths[4 - index], outputs: t.widths[3 - index], kind: .transposed,
            side: t.size >> (4 - index))
    }

    /// The encoder's layer `index` in float arithmetic.
    borrowing func convolution(
        _ index: Int, _ t: Topology, _ format: WeightFormat, _ kernels: KernelTable
    ) throws(ModelError) -> ConvolutionLayer {
        ConvolutionLayer(try encoder(index, t), format, kernels)
    }

    /// The decoder's layer `index` in float arithmetic.
    borrowing func transposed(
        _ index: Int, _ t: Topology, _ format: WeightFormat, _ kernels: KernelTable
    ) throws(ModelError) -> ConvolutionLayer {
        ConvolutionLayer(try decoder(index, t), format, kernels)
    }

    /// [S/16][S/16][w4] → [latent].
    borrowing func toLatent(
        _ t: Topology, _ format: WeightFormat, _ kernels: KernelTable
    ) throws(ModelError) -> LinearLayer {
        LinearLayer(
            weights: try weights("fc1.0.weight"), bias: try vector("fc1.0.bias"), map: Maps.coded(t, kernels),
            outputs: t.latent, format: format, kernels: kernels)
    }

    /// [latent], [hidden] → [hidden]: always in float32, for what it forgets or keeps adds up over hours.
    borrowing func memory(_ t: Topology, _ kernels: KernelTable) throws(ModelError) -> RecurrentLayer {
        RecurrentLayer(
            inputWeights: try weights("gru.weight_ih_l0"), inputBias: try vector("gru.bias_ih_l0"),
            stateWeights: try weights("gru.weight_hh_l0"), stateBias: try vector("gru.bias_hh_l0"),
            inputs: t.latent, hidden: t.hidden, kernels: kernels)
    }

    /// [hidden] → [S/16][S/16][w4].
    borrowing func fromHidden(
        _ t: Topology, _ format: WeightFormat, _ kernels: KernelTable
    ) throws(ModelError) -> LinearLayer {
        LinearLayer(
            weights: try weights("fc3.0.weight"), bias: try vector("fc3.0.bias"), inputs: t.hidden,
            map: Maps.coded(t, kernels), format: format, kernels: kernels)
    }

    /// [S][S][w0] → [S][S][channels].
    borrowing func picture(_ t: Topology, _ kernels: KernelTable) throws(ModelError) -> PictureLayer {
        PictureLayer(
            weights: try weights("decoder.12.weight"), scale: [Float](repeating: 1, count: t.channels),
            bias: [Float](repeating: 0, count: t.channels), inputs: t.widths[0], outputs: t.channels, kernels: kernels)
    }
}

extension ConvolutionLayer {
    /// The layer of those numbers.
    convenience init(_ numbers: TensorLoader.Convolution, _ format: WeightFormat, _ kernels: KernelTable) {
        self.init(
            numbers.kind, weights: numbers.weights, scale: numbers.scale, bias: numbers.bias, inputs: numbers.inputs,
            outputs: numbers.outputs, format: format, side: numbers.side, kernels: kernels)
    }
}

extension ByteConvolutionLayer {
    /// The layer of those numbers, in bytes.
    convenience init(
        _ numbers: TensorLoader.Convolution, from input: ByteScale, outputStep: Float?, _ kernels: KernelTable
    ) {
        self.init(
            numbers.kind, weights: numbers.weights, scale: numbers.scale, bias: numbers.bias, inputs: numbers.inputs,
            outputs: numbers.outputs, from: input, outputStep: outputStep, kernels: kernels)
    }
}
