internal import Kernels

/// The layers of one model, weights packed: immutable, shared by every camera that uses the model.
///
/// Shapes are written as [height][width][channels], S = `size`, w = `widths`.
final class Network: Sendable {
    let encoder1: ConvolutionLayer  // [S][S][1]         → [S][S][w0]
    let encoder2: ConvolutionLayer  // [S][S][w0]        → [S/2][S/2][w1]
    let encoder3: ConvolutionLayer  // [S/2][S/2][w1]    → [S/4][S/4][w2]
    let encoder4: ConvolutionLayer  // [S/4][S/4][w2]    → [S/8][S/8][w3]
    let encoder5: ConvolutionLayer  // [S/8][S/8][w3]    → [S/16][S/16][w4]
    let toLatent: LinearLayer  //      [S/16][S/16][w4]  → [latent]
    let memory: RecurrentLayer  //     [latent]          → [hidden]
    let fromHidden: LinearLayer  //    [hidden]          → [S/16][S/16][w4]
    let decoder1: TransposedLayer  //  [S/16][S/16][w4]  → [S/8][S/8][w3]
    let decoder2: TransposedLayer  //  [S/8][S/8][w3]    → [S/4][S/4][w2]
    let decoder3: TransposedLayer  //  [S/4][S/4][w2]    → [S/2][S/2][w1]
    let decoder4: TransposedLayer  //  [S/2][S/2][w1]    → [S][S][w0]
    let decoder5: PictureLayer  //     [S][S][w0]        → [S][S][1]

    /// The tensors that a file of this topology holds, by PyTorch's names.
    static func tensors(_ t: Topology) -> [(name: String, shape: [Int])] {
        let inputs = [t.channels] + t.widths.dropLast()
        let flat = t.widths[4] * (t.size / 16) * (t.size / 16)
        func norm(_ name: String, _ count: Int) -> [(name: String, shape: [Int])] {
            ["weight", "bias", "running_mean", "running_var"].map { ("\(name).\($0)", [count]) }
        }
        var list: [(name: String, shape: [Int])] = []
        for layer in 0..<5 {
            list.append(("encoder.\(3 * layer).weight", [t.widths[layer], inputs[layer], 3, 3]))
            if layer < 4 { list += norm("encoder.\(3 * layer + 1)", t.widths[layer]) }
        }
        for layer in 0..<4 {
            list.append(("decoder.\(3 * layer).weight", [t.widths[4 - layer], t.widths[3 - layer], 3, 3]))
            list += norm("decoder.\(3 * layer + 1)", t.widths[3 - layer])
        }
        return list + [
            ("decoder.12.weight", [t.channels, t.widths[0], 3, 3]),
            ("fc1.0.weight", [t.latent, flat]), ("fc1.0.bias", [t.latent]),
            ("fc3.0.weight", [flat, t.hidden]), ("fc3.0.bias", [flat]),
            ("gru.weight_ih_l0", [3 * t.hidden, t.latent]), ("gru.bias_ih_l0", [3 * t.hidden]),
            ("gru.weight_hh_l0", [3 * t.hidden, t.hidden]), ("gru.bias_hh_l0", [3 * t.hidden]),
        ]
    }

    init(_ t: Topology, _ file: borrowing TensorLoader, kernels: KernelTable) throws(ModelError) {
        let w = t.widths
        encoder1 = try Self.convolution(file, 0, from: t.channels, to: w[0], stride: 1, kernels)
        encoder2 = try Self.convolution(file, 1, from: w[0], to: w[1], stride: 2, kernels)
        encoder3 = try Self.convolution(file, 2, from: w[1], to: w[2], stride: 2, kernels)
        encoder4 = try Self.convolution(file, 3, from: w[2], to: w[3], stride: 2, kernels)
        encoder5 = try Self.convolution(file, 4, from: w[3], to: w[4], stride: 2, kernels)
        let coded = Maps.coded(t, kernels)
        toLatent = LinearLayer(
            weights: try file.weights("fc1.0.weight"), bias: try file.vector("fc1.0.bias"), map: coded,
            outputs: t.latent, kernels: kernels)
        memory = RecurrentLayer(
            inputWeights: try file.weights("gru.weight_ih_l0"), inputBias: try file.vector("gru.bias_ih_l0"),
            stateWeights: try file.weights("gru.weight_hh_l0"), stateBias: try file.vector("gru.bias_hh_l0"),
            inputs: t.latent, hidden: t.hidden, kernels: kernels)
        fromHidden = LinearLayer(
            weights: try file.weights("fc3.0.weight"), bias: try file.vector("fc3.0.bias"), inputs: t.hidden,
            map: coded, kernels: kernels)
        decoder1 = try Self.transposed(file, 0, from: w[4], to: w[3], kernels)
        decoder2 = try Self.transposed(file, 1, from: w[3], to: w[2], kernels)
        decoder3 = try Self.transposed(file, 2, from: w[2], to: w[1], kernels)
        decoder4 = try Self.transposed(file, 3, from: w[1], to: w[0], kernels)
        decoder5 = PictureLayer(
            weights: try file.weights("decoder.12.weight"), scale: [Float](repeating: 1, count: t.channels),
            bias: [Float](repeating: 0, count: t.channels), inputs: w[0], outputs: t.channels, kernels: kernels)
    }

    /// The encoder's layer `index`; all but the last have a batch norm, which becomes scale and bias.
    private static func convolution(
        _ file: borrowing TensorLoader, _ index: Int, from inputs: Int, to outputs: Int, stride: Int,
        _ kernels: KernelTable
    ) throws(ModelError) -> ConvolutionLayer {
        let norm =
            index < 4
            ? try file.batchNorm("encoder.\(3 * index + 1)")
            : ([Float](repeating: 1, count: outputs), [Float](repeating: 0, count: outputs))
        return ConvolutionLayer(
            weights: try file.weights("encoder.\(3 * index).weight"), scale: norm.0, bias: norm.1, inputs: inputs,
            outputs: outputs, stride: stride, kernels: kernels)
    }

    private static func transposed(
        _ file: borrowing TensorLoader, _ index: Int, from inputs: Int, to outputs: Int, _ kernels: KernelTable
    ) throws(ModelError) -> TransposedLayer {
        let norm = try file.batchNorm("decoder.\(3 * index + 1)")
        return TransposedLayer(
            weights: try file.weights("decoder.\(3 * index).weight"), scale: norm.scale, bias: norm.bias,
            inputs: inputs, outputs: outputs, kernels: kernels)
    }
}
