import Kernels
import Model

/// The network's layers and maps for steps over `frames` frames.
///
/// Shapes are written as [height][width][channels], S = `size`, w = `widths`; each map is there once for every frame.
final class Layers {
    /// One level of the encoder or of the decoder with a batch norm: what its convolution leaves, and that normalised and
    /// rectified.
    final class Level {
        let pair: PairLayer
        let norm: NormLayer
        let y: FloatMap  // without border
        let x: FloatMap

        init(pair: PairLayer, norm: NormLayer, y: FloatMap, x: FloatMap) {
            (self.pair, self.norm, self.y, self.x) = (pair, norm, y, x)
        }
    }

    let picture: FloatMap  //           [S][S][1]: the frames
    let encoder: [Level]  //            [S][S][w0], [S/2][S/2][w1], [S/4][S/4][w2], [S/8][S/8][w3]
    let last: PairLayer  //             [S/8][S/8][w3] → [S/16][S/16][w4]
    let coded: FloatMap  //             [S/16][S/16][w4], without border, rectified
    let toLatent: DenseLayer  //        [S/16][S/16][w4] → [latent]
    let memory: RecurrentPass  //       [latent] → [hidden]
    let fromHidden: DenseLayer  //      [hidden] → [S/16][S/16][w4]
    let flat: FloatMap  //              [S/16][S/16][w4], without border: what fromHidden writes
    let decoded: FloatMap  //           [S/16][S/16][w4]
    let decoder: [Level]  //            [S/8][S/8][w3], [S/4][S/4][w2], [S/2][S/2][w1], [S][S][w0]
    let picturePair: PairLayer  //      [S][S][w0] → [S][S][1]; its small map is the wide one
    let output: FloatMap  //            [S][S][1], without border
    /// Gradients of the maps of each size, from [S][S][w0] to [S/16][S/16][w4]: the decoder's on the way to the middle, then the
    /// encoder's on the way back.
    let gradients: [FloatMap]
    let flatGradient: FloatMap  //      [S/16][S/16][w4], without border
    let outputGradient: FloatMap  //    [S][S][1]

    init(_ t: Topology, _ store: ParameterStore, batch: Int, window: Int, kernels: KernelTable) {
        let frames = batch * window
        func map(_ level: Int, hasBorder: Bool = true) -> FloatMap {
            let side = t.size >> level
            return FloatMap(
                height: side, width: side, channels: t.widths[level], hasBorder: hasBorder, capacity: frames,
                kernels: kernels)
        }
        func plane(hasBorder: Bool) -> FloatMap {
            FloatMap(
                height: t.size, width: t.size, channels: 1, hasBorder: hasBorder, isPicture: true, capacity: frames,
                kernels: kernels)
        }
        func pair(_ name: String, small: FloatMap, big: FloatMap, stride: Int = 2) -> PairLayer {
            PairLayer(store["\(name).weight"], store, small: small, big: big, stride: stride, kernels: kernels)
        }
        func level(_ name: String, _ index: Int, at size: Int, _ makePair: (FloatMap) -> PairLayer) -> Level {
            let (y, x) = (map(size, hasBorder: false), map(size))
            let norm = NormLayer("\(name).\(3 * index + 1)", store, map: y, kernels: kernels)
            return Level(pair: makePair(x), norm: norm, y: y, x: x)
        }
        let picture = plane(hasBorder: true)
        var encoder: [Level] = []
        for index in 0..<4 {
            let before = encoder.last?.x ?? picture
            encoder.append(
                level("encoder", index, at: index) {
                    pair("encoder.\(3 * index)", small: $0, big: before, stride: index == 0 ? 1 : 2)
                })
        }
        let decoded = map(4)
        var decoder: [Level] = []
        for index in 0..<4 {
            let before = decoder.last?.x ?? decoded
            decoder.append(
                level("decoder", index, at: 3 - index) { pair("decoder.\(3 * index)", small: before, big: $0) })
        }
        (self.picture, self.encoder, self.decoded, self.decoder) = (picture, encoder, decoded, decoder)
        gradients = (0..<5).map { map($0) }
        coded = map(4, hasBorder: false)
        last = pair("encoder.12", small: gradients[4], big: encoder[3].x)
        toLatent = DenseLayer(weights: "fc1.0.weight", bias: "fc1.0.bias", store, kernels: kernels)
        memory = RecurrentPass(t, store, batch: batch, window: window, kernels: kernels)
        fromHidden = DenseLayer(weights: "fc3.0.weight", bias: "fc3.0.bias", store, kernels: kernels)
        flat = map(4, hasBorder: false)
        output = plane(hasBorder: false)
        outputGradient = plane(hasBorder: true)
        picturePair = pair("decoder.12", small: decoder[3].x, big: outputGradient, stride: 1)
        flatGradient = map(4, hasBorder: false)
    }

    /// All batch norms, the encoder's first.
    var norms: [NormLayer] { (encoder + decoder).map(\.norm) }
    /// All 3×3 layers.
    var pairs: [PairLayer] { (encoder + decoder).map(\.pair) + [last, picturePair] }
}
