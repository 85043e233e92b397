internal import Kernels

/// The activations of one step over up to `capacity` frames, allocated once. The decoder goes back through the encoder's maps.
final class Maps {
    let input: FloatMap  //      [S][S][1], without border: what the error is measured against
    let picture: FloatMap  //    [S][S][1]
    let full: FloatMap  //       [S][S][w0]
    let half: FloatMap  //       [S/2][S/2][w1]
    let quarter: FloatMap  //    [S/4][S/4][w2]
    let eighth: FloatMap  //     [S/8][S/8][w3]
    let coded: FloatMap  //      [S/16][S/16][w4], without border: read as a vector
    let decoded: FloatMap  //    [S/16][S/16][w4]
    let output: FloatMap  //     [S][S][1], without border
    let latent: SharedBuffer<Float>  //  [capacity][latent]
    let gates: SharedBuffer<Float>  //   [capacity][6 × hidden], the GRU's scratch

    init(_ t: Topology, capacity: Int, kernels: KernelTable) {
        func map(_ side: Int, _ channels: Int) -> FloatMap {
            FloatMap(height: side, width: side, channels: channels, capacity: capacity, kernels: kernels)
        }
        func plane(hasBorder: Bool) -> FloatMap {
            FloatMap(
                height: t.size, width: t.size, channels: t.channels, hasBorder: hasBorder, isPicture: true,
                capacity: capacity, kernels: kernels)
        }
        input = plane(hasBorder: false)
        picture = plane(hasBorder: true)
        full = map(t.size, t.widths[0])
        half = map(t.size / 2, t.widths[1])
        quarter = map(t.size / 4, t.widths[2])
        eighth = map(t.size / 8, t.widths[3])
        coded = Self.coded(t, capacity: capacity, kernels)
        decoded = map(t.size / 16, t.widths[4])
        output = plane(hasBorder: false)
        latent = SharedBuffer(count: capacity * t.latent)
        gates = SharedBuffer(count: capacity * 6 * t.hidden)
    }

    /// The encoder's last map.
    static func coded(_ t: Topology, capacity: Int = 1, _ kernels: KernelTable) -> FloatMap {
        FloatMap(
            height: t.size / 16, width: t.size / 16, channels: t.widths[4], hasBorder: false,
            capacity: capacity, kernels: kernels)
    }
}
