import Kernels

/// A map's pixels in panels: some whole rows of a frame, or some whole frames where these are small. A weight gradient is
/// summed panel by panel, so that a panel's numbers are read while they are in the cache.
struct Panels {
    /// Pixels in a panel, at most.
    let depth: Int
    /// Where each pixel of a panel lies behind its first, in the small map and (its kernel's top left) in the big one.
    let smallSteps, bigSteps: SharedBuffer<UInt32>
    /// Where the kernel's taps and the big map's channels lie behind a kernel's top left: [9][channels].
    let rows: SharedBuffer<UInt32>
    private let height, width, stride: Int
    private let rowsEach, framesEach: Int  // a panel's rows, where it is less than a frame, else its frames

    /// Whether maps are small and deep: then panels are of several frames, and the big map's numbers are read so far apart
    /// that it pays to copy them first.
    let areDeep: Bool

    init(small: FloatMap, big: FloatMap, stride: Int) {
        (height, width, self.stride) = (small.height, small.width, stride)
        let area = height * width
        areDeep = area <= 64
        // Pixels that a panel is to have, or a few more: so many leave room in the first-level cache.
        let wanted = areDeep ? 128 : 64
        framesEach = max(1, wanted / area)
        rowsEach = area <= wanted ? height : max(1, wanted / width)
        depth = framesEach * rowsEach * width
        var (ofSmall, ofBig) = ([UInt32](), [UInt32]())
        for frame in 0..<framesEach {
            for y in 0..<rowsEach {
                for x in 0..<width {
                    ofSmall.append(UInt32(frame * small.mapStride + y * small.rowStride + x * small.pixelStride))
                    ofBig.append(
                        UInt32(frame * big.mapStride + stride * (y * big.rowStride + x * big.pixelStride)))
                }
            }
        }
        (smallSteps, bigSteps) = (SharedBuffer(ofSmall), SharedBuffer(ofBig))
        rows = SharedBuffer(
            (0..<9 * big.channels).map { row in
                let (tap, channel) = row.quotientAndRemainder(dividingBy: big.channels)
                return UInt32(tap / 3 * big.rowStride + tap % 3 * big.pixelStride + channel)
            })
    }

    private var panelsPerFrame: Int { (height + rowsEach - 1) / rowsEach }

    /// Panels of so many frames.
    func count(frames: Int) -> Int {
        areDeep ? (frames + framesEach - 1) / framesEach : frames * panelsPerFrame
    }

    /// The pixels of panel `index`, and where it begins in the two maps: behind the first pixel of the small one, behind the
    /// corner of the big one.
    func panel(_ index: Int, frames: Int, small: FloatMap, big: FloatMap) -> (depth: Int, small: Int, big: Int) {
        let frame = areDeep ? index * framesEach : index / panelsPerFrame
        if areDeep {
            let here = min(framesEach, frames - frame)
            return (here * height * width, frame * small.mapStride, frame * big.mapStride)
        }
        let y = index % panelsPerFrame * rowsEach
        return (
            min(rowsEach, height - y) * width, frame * small.mapStride + y * small.rowStride,
            frame * big.mapStride + stride * y * big.rowStride
        )
    }
}
