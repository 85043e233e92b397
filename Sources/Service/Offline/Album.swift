import Pictures
import Video

/// Collects a bounded number of frames of a clip for its montage: evenly over the clip, however long it is.
struct Album {
    private var columns = EvenSample<StripColumn>(capacity: 24)
    private let size: FrameSize

    init(size: Int) { self.size = FrameSize(width: size, height: size) }

    mutating func add(_ frame: ScoredFrame, score: Double?, isEvent: Bool) {
        columns.add {
            StripColumn(
                luma: Array(frame.luma), reconstruction: [UInt8](quantising: frame.output), size: size,
                offset: frame.time.seconds, isEvent: isEvent, score: score)
        }
    }

    /// The frames in rows of twelve: input, reconstruction and error.
    func draw(aspect: Double, title: String) -> Canvas {
        let columns = columns.elements
        let rows = stride(from: 0, to: columns.count, by: 12).map { start in
            (
                label: "",
                picture: Evidence.strip(columns: Array(columns[start..<min(start + 12, columns.count)]), aspect: aspect)
            )
        }
        return Evidence.montage(rows, columns: 1, title: title)
    }
}

extension [UInt8] {
    /// Samples in [-1, 1] as a picture's bytes.
    init(quantising samples: UnsafeBufferPointer<Float>) {
        self.init(repeating: 0, count: samples.count)
        withUnsafeMutableBufferPointer { $0.quantise(samples) }
    }
}
