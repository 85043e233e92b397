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
    let decoder1: ConvolutionLayer  // [S/16][S/16][w4]  → [S/8][S/8][w3]
    let decoder2: ConvolutionLayer  // [S/8][S/8][w3]    → [S/4][S/4][w2]
    let decoder3: ConvolutionLayer  // [S/4][S/4][w2]    → [S/2][S/2][w1]
    let decoder4: ConvolutionLayer  // [S/2][S/2][w1]    → [S][S][w0]
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

    init(
        _ t: Topology, _ file: borrowing TensorLoader, format: WeightFormat, kernels: KernelTable
    ) throws(ModelError) {
        encoder1 = try file.convolution(0, t, format, kernels)
        encoder2 = try file.convolution(1, t, format, kernels)
        encoder3 = try file.convolution(2, t, format, kernels)
        encoder4 = try file.convolution(3, t, format, kernels)
        encoder5 = try file.convolution(4, t, format, kernels)
        toLatent = try file.toLatent(t, format, kernels)
        memory = try file.memory(t, kernels)
        fromHidden = try file.fromHidden(t, format, kernels)
        decoder1 = try file.transposed(0, t, format, kernels)
        decoder2 = try file.transposed(1, t, format, kernels)
        decoder3 = try file.transposed(2, t, format, kernels)
        decoder4 = try file.transposed(3, t, format, kernels)
        decoder5 = try file.picture(t, kernels)
    }
}
