internal import Kernels

/// The network in bytes: eight of its convolutions multiply bytes, the GRU and what lies around it stay in floats.
final class ByteNetwork: Sendable {
    let encoder1: ConvolutionLayer  //     [S][S][1]         → [S][S][w0] bytes
    let encoder2: ByteConvolutionLayer  // [S][S][w0]        → [S/2][S/2][w1]
    let encoder3: ByteConvolutionLayer  // [S/2][S/2][w1]    → [S/4][S/4][w2]
    let encoder4: ByteConvolutionLayer  // [S/4][S/4][w2]    → [S/8][S/8][w3]
    let encoder5: ByteConvolutionLayer  // [S/8][S/8][w3]    → [S/16][S/16][w4] floats
    let toLatent: LinearLayer  //          [S/16][S/16][w4]  → [latent]
    let memory: RecurrentLayer  //         [latent]          → [hidden]
    let fromHidden: LinearLayer  //        [hidden]          → [S/16][S/16][w4]
    let decoder1: ByteConvolutionLayer  // [S/16][S/16][w4] bytes → [S/8][S/8][w3]
    let decoder2: ByteConvolutionLayer  // [S/8][S/8][w3]    → [S/4][S/4][w2]
    let decoder3: ByteConvolutionLayer  // [S/4][S/4][w2]    → [S/2][S/2][w1]
    let decoder4: ByteConvolutionLayer  // [S/2][S/2][w1]    → [S][S][w0] floats
    let decoder5: PictureLayer  //         [S][S][w0]        → [S][S][1]
    let fullStep: Float
    let decodedScale: ByteScale

    init(
        _ t: Topology, _ file: borrowing TensorLoader, _ ranges: ActivationRanges, kernels: KernelTable
    ) throws(ModelError) {
        let steps = ranges.encoder.map { $0 / 255 }
        let back = ranges.decoder.map { $0 / 255 }
        fullStep = steps[0]
        decodedScale = ByteScale(step: ranges.hidden / 127, zero: 128)
        encoder1 = try file.convolution(0, t, .float32, kernels)
        encoder2 = ByteConvolutionLayer(
            try file.encoder(1, t), from: ByteScale(step: steps[0]), outputStep: steps[1], kernels)
        encoder3 = ByteConvolutionLayer(
            try file.encoder(2, t), from: ByteScale(step: steps[1]), outputStep: steps[2], kernels)
        encoder4 = ByteConvolutionLayer(
            try file.encoder(3, t), from: ByteScale(step: steps[2]), outputStep: steps[3], kernels)
        encoder5 = ByteConvolutionLayer(
            try file.encoder(4, t), from: ByteScale(step: steps[3]), outputStep: nil, kernels)
        toLatent = try file.toLatent(t, .float16, kernels)
        memory = try file.memory(t, kernels)
        fromHidden = try file.fromHidden(t, .float16, kernels)
        decoder1 = ByteConvolutionLayer(try file.decoder(0, t), from: decodedScale, outputStep: back[0], kernels)
        decoder2 = ByteConvolutionLayer(
            try file.decoder(1, t), from: ByteScale(step: back[0]), outputStep: back[1], kernels)
        decoder3 = ByteConvolutionLayer(
            try file.decoder(2, t), from: ByteScale(step: back[1]), outputStep: back[2], kernels)
        decoder4 = ByteConvolutionLayer(
            try file.decoder(3, t), from: ByteScale(step: back[2]), outputStep: nil, kernels)
        decoder5 = try file.picture(t, kernels)
    }
}

/// The byte network's activations; what it has in floats lies in `Maps`.
final class ByteMaps {
    let full: ByteMap  //    [S][S][w0]
    let half: ByteMap  //    [S/2][S/2][w1]
    let quarter: ByteMap  // [S/4][S/4][w2]
    let eighth: ByteMap  //  [S/8][S/8][w3]
    let decoded: ByteMap  // [S/16][S/16][w4], zero at 128

    init(_ t: Topology, capacity: Int, kernels: KernelTable) {
        func map(_ layer: Int, zero: UInt8 = 0) -> ByteMap {
            ByteMap(
                height: t.size >> layer, width: t.size >> layer, channels: t.widths[layer],
                capacity: capacity, zero: zero, kernels: kernels
            )
        }
        (full, half, quarter, eighth, decoded) = (map(0), map(1), map(2), map(3), map(4, zero: 128))
    }
}
