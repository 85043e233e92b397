import CFFmpeg
import Video

/// How a picture is to be turned to stand upright: by a phone video's display matrix, or a JPEG's EXIF orientation.
struct Orientation: Hashable {
    /// Rows become columns.
    var isTransposed = false
    /// Left and right change places, as they are seen afterwards.
    var isMirrored = false
    /// Top and bottom change places, as they are seen afterwards.
    var isFlipped = false

    /// As it is.
    static let upright = Orientation()

    init(isTransposed: Bool = false, isMirrored: Bool = false, isFlipped: Bool = false) {
        (self.isTransposed, self.isMirrored, self.isFlipped) = (isTransposed, isMirrored, isFlipped)
    }

    /// EXIF's tag 274: 1 to 8; anything else is upright.
    init(exif: Int) {
        let turned = [5, 6, 7, 8].contains(exif)
        self.init(
            isTransposed: turned, isMirrored: [2, 3, 6, 7].contains(exif), isFlipped: [3, 4, 7, 8].contains(exif))
    }

    /// A display matrix's first four numbers in libav's order: a point (x, y) is shown at (ax + cy, bx + dy). Turns by less
    /// than a quarter are none.
    init(a: Int32, b: Int32, c: Int32, d: Int32) {
        let isTransposed = abs(Int(b)) + abs(Int(c)) > abs(Int(a)) + abs(Int(d))
        self.init(
            isTransposed: isTransposed, isMirrored: isTransposed ? c < 0 : a < 0,
            isFlipped: isTransposed ? b < 0 : d < 0)
    }

    /// What the frame says of itself, else what its stream does.
    init(_ frame: UnsafeMutablePointer<AVFrame>, of stream: UnsafeMutablePointer<AVStream>?) {
        if let data = av_frame_get_side_data(frame, AV_FRAME_DATA_DISPLAYMATRIX), data.pointee.size >= 36 {
            self.init(matrix: data.pointee.data)
        } else if let stream, let data = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, nil) {
            self.init(matrix: data)
        } else if let entry = av_dict_get(frame.pointee.metadata, "Orientation", nil, 0) {
            let text = String(cString: entry.pointee.value)
            self.init(exif: Int(text.drop { $0 == " " }.prefix { $0.isNumber }) ?? 1)
        } else {
            self = .upright
        }
    }

    private init(matrix: UnsafeMutablePointer<UInt8>) {
        let values = UnsafeRawPointer(matrix)
        func value(_ index: Int) -> Int32 { values.loadUnaligned(fromByteOffset: 4 * index, as: Int32.self) }
        self.init(a: value(0), b: value(1), c: value(3), d: value(4))
    }

    /// The size of a picture of `size` when it stands upright.
    func size(of size: FrameSize) -> FrameSize {
        isTransposed ? FrameSize(width: size.height, height: size.width) : size
    }

    /// Turns a plane of `size` (as it was taken) of pixels of `step` bytes.
    func turn(
        _ source: UnsafePointer<UInt8>, stride: Int, size: FrameSize, step: Int,
        into target: UnsafeMutablePointer<UInt8>,
        targetStride: Int
    ) {
        let shown = self.size(of: size)
        for row in 0..<shown.height {
            let y = isFlipped ? shown.height - 1 - row : row
            for column in 0..<shown.width {
                let x = isMirrored ? shown.width - 1 - column : column
                let from = isTransposed ? source + x * stride + y * step : source + y * stride + x * step
                let to = target + row * targetStride + column * step
                for byte in 0..<step { to[byte] = from[byte] }
            }
        }
    }
}
