import Pictures
import Video

/// Collects a bounded number of frames of a clip for its montage: evenly over the clip, however long it is.
struct Album {
    private var columns: [StripColumn] = []
    private var count = 0
    private var stride = 1
    private let size: FrameSize

    /// Frames kept; when they are full, every second one is given up.
    static let capacity = 24

    init(size: Int) { self.size = FrameSize(width: size, height: size) }

    mutating func add(_ frame: ScoredFrame, score: Double?, isEvent: Bool) {
        defer { count += 1 }
        guard count % stride == 0 else { return }
        columns.append(column(frame, score, isEvent))
        if columns.count == Self.capacity {
            columns = columns.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
            stride *= 2
        }
    }

    /// The frames in rows of twelve: input, reconstruction and error.
    func draw(aspect: Double, title: String) -> Canvas {
        let rows = Swift.stride(from: 0, to: columns.count, by: 12).map { start in
            (
                label: "",
                picture: Evidence.strip(columns: Array(columns[start..<min(start + 12, columns.count)]), aspect: aspect)
            )
        }
        return Evidence.montage(rows, columns: 1, title: title)
    }

    private func column(_ frame: ScoredFrame, _ score: Double?, _ isEvent: Bool) -> StripColumn {
        var reconstruction = [UInt8](repeating: 0, count: size.area)
        reconstruction.withUnsafeMutableBufferPointer { $0.quantise(frame.output) }
        return StripColumn(
            luma: Array(frame.luma), reconstruction: reconstruction, size: size, offset: frame.time.seconds,
            isEvent: isEvent, score: score)
    }
}
