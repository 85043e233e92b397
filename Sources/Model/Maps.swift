internal import Kernels

/// The activations of one step, allocated once. The decoder goes back through the encoder's maps.
final class Maps {
    let input: ActivationMap  //      [S][S][1], without border: what the error is measured against
    let picture: ActivationMap  //    [S][S][1]
    let full: ActivationMap  //       [S][S][w0]
    let half: ActivationMap  //       [S/2][S/2][w1]
    let quarter: ActivationMap  //    [S/4][S/4][w2]
    let eighth: ActivationMap  //     [S/8][S/8][w3]
    let coded: ActivationMap  //      [S/16][S/16][w4], without border: read as a vector
    let decoded: ActivationMap  //    [S/16][S/16][w4]
    let output: ActivationMap  //     [S][S][1], without border
    var latent: AlignedBuffer<Float>  //  [latent]
    var gates: AlignedBuffer<Float>  //   [6 × hidden], the GRU's scratch

    init(_ t: Topology, kernels: KernelTable) {
        func map(_ side: Int, _ channels: Int) -> ActivationMap {
            ActivationMap(height: side, width: side, channels: channels, kernels: kernels)
        }
        func plane(hasBorder: Bool) -> ActivationMap {
            ActivationMap(
                height: t.size, width: t.size, channels: t.channels, hasBorder: hasBorder, isPicture: true,
                kernels: kernels)
        }
        input = plane(hasBorder: false)
        picture = plane(hasBorder: true)
        full = map(t.size, t.widths[0])
        half = map(t.size / 2, t.widths[1])
        quarter = map(t.size / 4, t.widths[2])
        eighth = map(t.size / 8, t.widths[3])
        coded = Self.coded(t, kernels)
        decoded = map(t.size / 16, t.widths[4])
        output = plane(hasBorder: false)
        latent = AlignedBuffer(count: t.latent)
        gates = AlignedBuffer(count: 6 * t.hidden)
    }

    /// The encoder's last map.
    static func coded(_ t: Topology, _ kernels: KernelTable) -> ActivationMap {
        ActivationMap(
            height: t.size / 16, width: t.size / 16, channels: t.widths[4], hasBorder: false, kernels: kernels)
    }
}
