import Kernels
import Model

/// The network's layers and maps for steps over `frames` frames.
///
/// Shapes are written as [height][width][channels], S = `size`, w = `widths`. What is summed over the frames, or read by a
/// thread that did not write it, is there once for every frame; the rest, once for every thread.
final class Layers {
    /// A map for every frame, or one for each thread, which makes it anew for each of its frames.
    final class Place {
        let map: FloatMap
        private let isForAll: Bool

        /// `make` is given how many maps there are to be.
        init(forAll isForAll: Bool, frames: Int, threads: Int, _ make: (Int) -> FloatMap) {
            self.isForAll = isForAll
            map = make(isForAll ? frames : threads)
        }

        func index(_ frame: Int, _ part: Part) -> Int { isForAll ? frame : part.index }
    }

    /// One level of the encoder or of the decoder with a batch norm: y, what its convolution leaves; x, that normalised and
    /// rectified; their gradients.
    final class Level {
        let pair: PairLayer
        let norm: NormLayer
        let y: FloatMap  // without border
        let x: Place
        let dx: FloatMap
        let dy: Place

        init(pair: PairLayer, norm: NormLayer, y: FloatMap, x: Place, dx: FloatMap, dy: Place) {
            (self.pair, self.norm, self.y, self.x, self.dx, self.dy) = (pair, norm, y, x, dx, dy)
        }
    }

    let picture: FloatMap  //           [S][S][1]: the frames
    private(set) var encoder: [Level] = []  // [S][S][w0], [S/2][S/2][w1], [S/4][S/4][w2], [S/8][S/8][w3]
    let last: PairLayer  //             [S/8][S/8][w3] → [S/16][S/16][w4]
    let coded: FloatMap  //             [S/16][S/16][w4], without border, rectified
    let codedGradient: FloatMap  //     [S/16][S/16][w4], before it was rectified
    let toLatent: DenseLayer  //        [S/16][S/16][w4] → [latent]
    let memory: RecurrentPass  //       [latent] → [hidden]
    let fromHidden: DenseLayer  //      [hidden] → [S/16][S/16][w4]
    let flat: FloatMap  //              [S/16][S/16][w4], without border: what fromHidden writes, then its gradient
    let decoded: FloatMap  //           [S/16][S/16][w4]
    private(set) var decoder: [Level] = []  // [S/8][S/8][w3], [S/4][S/4][w2], [S/2][S/2][w1], [S][S][w0]
    let picturePair: PairLayer  //      [S][S][w0] → [S][S][1]; its small map is the wide one
    let output: FloatMap  //            [S][S][1], without border
    let outputGradient: FloatMap  //    [S][S][1], one for each thread
    /// Groups of frames, within which sums are made before they are added up: threads take whole groups.
    let groups: Int

    init(
        _ t: Topology, _ store: ParameterStore, batch: Int, window: Int, threads: Int, kernels: KernelTable
    ) {
        let frames = batch * window, groups = min(frames, 16)
        self.groups = groups
        func map(_ level: Int, hasBorder: Bool = true, capacity: Int) -> FloatMap {
            let side = t.size >> level
            return FloatMap(
                height: side, width: side, channels: t.widths[level], hasBorder: hasBorder, capacity: capacity,
                kernels: kernels)
        }
        func plane(hasBorder: Bool, capacity: Int) -> FloatMap {
            FloatMap(
                height: t.size, width: t.size, channels: 1, hasBorder: hasBorder, isPicture: true, capacity: capacity,
                kernels: kernels)
        }
        func pair(_ name: String, small: FloatMap, big: FloatMap, stride: Int = 2) -> PairLayer {
            PairLayer(
                store["\(name).weight"], store, small: small, big: big, stride: stride, groups: groups,
                kernels: kernels)
        }
        /// `isForAll`: whether x is read by a deep layer; dy, whether it is of one.
        func level(
            _ name: String, at size: Int, dx: FloatMap, isForAll: (x: Bool, dy: Bool), _ pair: PairLayer
        ) -> Level {
            let y = map(size, hasBorder: false, capacity: frames)
            return Level(
                pair: pair, norm: NormLayer(name, store, map: y, kernels: kernels), y: y,
                x: Place(forAll: isForAll.x, frames: frames, threads: threads) { map(size, capacity: $0) }, dx: dx,
                dy: Place(forAll: isForAll.dy, frames: frames, threads: threads) {
                    // All frames' own are made in place.
                    isForAll.dy ? dx : map(size, capacity: $0)
                })
        }
        let picture = plane(hasBorder: true, capacity: frames), decoded = map(4, capacity: frames)
        (self.picture, self.decoded) = (picture, decoded)
        outputGradient = plane(hasBorder: true, capacity: threads)
        output = plane(hasBorder: false, capacity: frames)
        let gradients = (0..<4).map { map($0, capacity: frames) }
        codedGradient = map(4, capacity: frames)
        coded = map(4, hasBorder: false, capacity: frames)
        flat = map(4, hasBorder: false, capacity: frames)
        let pairs = (0..<4).map { index in
            pair(
                "encoder.\(3 * index)", small: gradients[index], big: index > 0 ? gradients[index - 1] : picture,
                stride: index == 0 ? 1 : 2)
        }
        let back = (0..<4).map { index in
            pair("decoder.\(3 * index)", small: index > 0 ? gradients[4 - index] : decoded, big: gradients[3 - index])
        }
        last = pair("encoder.12", small: codedGradient, big: gradients[3])
        picturePair = pair("decoder.12", small: gradients[0], big: outputGradient, stride: 1)
        toLatent = DenseLayer(weights: "fc1.0.weight", bias: "fc1.0.bias", store, kernels: kernels)
        memory = RecurrentPass(t, store, batch: batch, window: window, kernels: kernels)
        fromHidden = DenseLayer(weights: "fc3.0.weight", bias: "fc3.0.bias", store, kernels: kernels)
        for index in 0..<4 {
            let reader = index < 3 ? pairs[index + 1] : last
            encoder.append(
                level(
                    "encoder.\(3 * index + 1)", at: index, dx: gradients[index],
                    isForAll: (reader.isDeep, pairs[index].isDeep), pairs[index]))
        }
        for index in 0..<4 {
            let reader = index < 3 ? back[index + 1] : picturePair
            decoder.append(
                level(
                    "decoder.\(3 * index + 1)", at: 3 - index, dx: gradients[3 - index],
                    isForAll: (reader.isDeep, back[index].isDeep), back[index]))
        }
    }

    /// All batch norms, the encoder's first.
    var norms: [NormLayer] { (encoder + decoder).map(\.norm) }
    /// All 3×3 layers.
    var pairs: [PairLayer] { (encoder + decoder).map(\.pair) + [last, picturePair] }
}
