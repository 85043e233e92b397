import Kernels
public import Video

/// Makes of a source's frame what a slot holds: luma at the model's size, and a colour picture for people.
///
/// Every value is the exact area average of the source's samples, in integers, halves rounded up (`AreaShrink`).
/// Limited-range video is expanded to full range after averaging, by a table: (v − 16) · 255 / 219 for luma and
/// (v − 128) · 255 / 224 + 128 for chroma, rounded to nearest and clamped, so at most one rounding is added. RGB becomes
/// luma before averaging, pixel by pixel, with the weights and rounding of Pillow's `convert("L")`, so that a picture
/// of the model's own size gives the very bytes that the model was trained on.
///
/// For one thread at a time. Allocates where the frames' size or format changes, and never else.
public final class FrameShrinker {
    /// The longest side of a frame that is accepted; sources refuse larger ones when they are opened.
    public static let largestSide = 8192

    /// The model's size.
    public let modelSize: FrameSize
    /// The largest colour picture.
    public let pictureCapacity: FrameSize
    private var plan: Plan?

    /// For slots of these sizes, each side 1…8192.
    public init(modelSize: FrameSize, pictureCapacity: FrameSize) {
        self.modelSize = modelSize
        self.pictureCapacity = pictureCapacity
    }

    /// Fills `slot.luma`, `slot.picture` and `slot.pictureSize` from `view`, whose sides are 1…8192 pixels long.
    public func shrink(_ view: PixelView, into slot: FrameSlot) {
        precondition(slot.modelSize == modelSize && slot.pictureCapacity == pictureCapacity, "another camera's slot")
        guard let luma = slot.luma.baseAddress, let picture = slot.picture.baseAddress else { return }
        let plan = plan(for: view)
        slot.pictureSize = plan.pictureSize
        plan.run(view, luma: luma, picture: picture)
    }

    private func plan(for view: PixelView) -> Plan {
        if let plan, plan.size == view.size, plan.format == view.format { return plan }
        let made = Plan(
            size: view.size, format: view.format, modelSize: modelSize,
            pictureSize: Self.fitting(view.size, into: pictureCapacity))
        plan = made
        return made
    }

    /// The largest size of `size`'s shape that fits into `capacity`; never larger than `size` itself.
    static func fitting(_ size: FrameSize, into capacity: FrameSize) -> FrameSize {
        guard size.width > capacity.width || size.height > capacity.height else { return size }
        if size.width * capacity.height >= size.height * capacity.width {
            let height = (size.height * capacity.width + size.width / 2) / size.width
            return FrameSize(width: capacity.width, height: max(1, min(capacity.height, height)))
        }
        let width = (size.width * capacity.height + size.height / 2) / size.height
        return FrameSize(width: max(1, min(capacity.width, width)), height: capacity.height)
    }
}

/// The tables and memory for one size and format of frame.
private final class Plan {
    let size: FrameSize
    let format: PixelFormat
    let pictureSize: FrameSize

    private let modelSize: FrameSize
    private let lumaToModel: AreaShrink
    private let lumaToPicture: AreaShrink
    /// From the source's chroma planes (RGB: from whole R, G and B planes) to the picture's; nil for grey.
    private let chromaToPicture: AreaShrink?
    private let chromaSize: FrameSize
    /// RGB only: luma of the whole frame, then three planes of the picture's chroma size.
    private let scratch: UnsafeMutablePointer<UInt8>
    private let lumaTable = RangeTable.luma
    private let chromaTable = RangeTable.chroma

    init(size: FrameSize, format: PixelFormat, modelSize: FrameSize, pictureSize: FrameSize) {
        (self.size, self.format, self.modelSize, self.pictureSize) = (size, format, modelSize, pictureSize)
        chromaSize = FrameSize(width: (pictureSize.width + 1) / 2, height: (pictureSize.height + 1) / 2)
        lumaToModel = AreaShrink(
            sourceWidth: size.width, sourceHeight: size.height, width: modelSize.width, height: modelSize.height)
        lumaToPicture = AreaShrink(
            sourceWidth: size.width, sourceHeight: size.height, width: pictureSize.width, height: pictureSize.height)
        let chroma = format.chromaSize(of: size)
        let target = chromaSize
        chromaToPicture = chroma.map {
            AreaShrink(sourceWidth: $0.width, sourceHeight: $0.height, width: target.width, height: target.height)
        }
        scratch = .allocate(capacity: format.isRGB ? size.area + 3 * chromaSize.area : 0)
    }

    deinit { scratch.deallocate() }

    func run(_ view: PixelView, luma: UnsafeMutablePointer<UInt8>, picture: UnsafeMutablePointer<UInt8>) {
        guard let base = view.planes.0 else { return }
        var (source, stride, step) = (base, view.strides.0, 1)
        switch format {
        case .yuyv422: step = 2
        case .uyvy422: (source, step) = (base + 1, 2)
        case .rgb24, .rgba:
            convertToLuma(base, view.strides.0)
            (source, stride) = (UnsafePointer(scratch), size.width)
        case .gray8, .yuv420p, .yuv422p, .yuv444p, .nv12: break
        }
        lumaToModel.run(source: source, stride: stride, step: step, into: luma, destinationStride: modelSize.width)
        lumaToPicture.run(
            source: source, stride: stride, step: step, into: picture, destinationStride: pictureSize.width)
        let (cb, cr) = (picture + pictureSize.area, picture + pictureSize.area + chromaSize.area)
        runChroma(view, base, cb, cr)
        guard view.range == .limited, !format.isRGB else { return }
        lumaTable.apply(luma, modelSize.area)
        lumaTable.apply(picture, pictureSize.area)
        if chromaToPicture != nil { chromaTable.apply(cb, 2 * chromaSize.area) }
    }

    private func runChroma(
        _ view: PixelView, _ base: UnsafePointer<UInt8>, _ cb: UnsafeMutablePointer<UInt8>,
        _ cr: UnsafeMutablePointer<UInt8>
    ) {
        guard let chromaToPicture else {
            cb.update(repeating: 128, count: 2 * chromaSize.area)
            return
        }
        func shrink(_ source: UnsafePointer<UInt8>, _ stride: Int, _ step: Int, _ to: UnsafeMutablePointer<UInt8>) {
            chromaToPicture.run(
                source: source, stride: stride, step: step, into: to, destinationStride: chromaSize.width)
        }
        switch format {
        case .gray8: break
        case .yuyv422:
            shrink(base + 1, view.strides.0, 4, cb)
            shrink(base + 3, view.strides.0, 4, cr)
        case .uyvy422:
            shrink(base, view.strides.0, 4, cb)
            shrink(base + 2, view.strides.0, 4, cr)
        case .yuv420p, .yuv422p, .yuv444p:
            guard let u = view.planes.1, let v = view.planes.2 else { return }
            shrink(u, view.strides.1, 1, cb)
            shrink(v, view.strides.2, 1, cr)
        case .nv12:
            guard let uv = view.planes.1 else { return }
            shrink(uv, view.strides.1, 2, cb)
            shrink(uv + 1, view.strides.1, 2, cr)
        case .rgb24, .rgba:
            let (planes, step) = (scratch + size.area, format == .rgb24 ? 3 : 4)
            for channel in 0..<3 {
                shrink(base + channel, view.strides.0, step, planes + channel * chromaSize.area)
            }
            convertToChroma(planes, cb, cr)
        }
    }

    /// Luma of every pixel into `scratch`, as Pillow computes it: ITU-R 601 weights in 1/65536, rounded.
    private func convertToLuma(_ base: UnsafePointer<UInt8>, _ stride: Int) {
        let step = format == .rgb24 ? 3 : 4
        for row in 0..<size.height {
            var from = base + row * stride
            let to = scratch + row * size.width
            for column in 0..<size.width {
                let sum = 19595 &* UInt32(from[0]) &+ 38470 &* UInt32(from[1]) &+ 7471 &* UInt32(from[2]) &+ 32768
                to[column] = UInt8(truncatingIfNeeded: sum &>> 16)
                from += step
            }
        }
    }

    /// Cb and Cr (BT.601, full range, in 1/65536) of three planes R, G and B of the picture's chroma size.
    private func convertToChroma(
        _ planes: UnsafePointer<UInt8>, _ cb: UnsafeMutablePointer<UInt8>, _ cr: UnsafeMutablePointer<UInt8>
    ) {
        let count = chromaSize.area
        for at in 0..<count {
            let (r, g, b) = (Int32(planes[at]), Int32(planes[count + at]), Int32(planes[2 * count + at]))
            let blue = (-11059 * r - 21709 * g + 32768 * b + 32768) >> 16 + 128
            let red = (32768 * r - 27439 * g - 5329 * b + 32768) >> 16 + 128
            cb[at] = UInt8(clamping: blue)
            cr[at] = UInt8(clamping: red)
        }
    }
}

/// What limited-range codes become in full range.
final class RangeTable: Sendable {
    /// Luma: 16…235 becomes 0…255.
    static let luma = RangeTable { (($0 - 16) * 255 * 2 + 219) / (2 * 219) }
    /// Chroma: 16…240 becomes 0…255 around 128.
    static let chroma = RangeTable { 128 + Int((Double($0 - 128) * 255 / 224).rounded()) }

    private let table: [UInt8]

    private init(_ map: (Int) -> Int) { table = (0..<256).map { UInt8(clamping: map($0)) } }

    /// The full-range code for `code`.
    subscript(code: UInt8) -> UInt8 { table[Int(code)] }

    /// Replaces `count` codes.
    func apply(_ codes: UnsafeMutablePointer<UInt8>, _ count: Int) {
        table.withUnsafeBufferPointer { table in
            for at in 0..<count { codes[at] = table[Int(codes[at])] }
        }
    }
}

extension PixelFormat {
    /// Whether samples are red, green and blue.
    var isRGB: Bool { self == .rgb24 || self == .rgba }

    /// Samples of a chroma plane of a frame of `size` (RGB: of each colour); nil where there is no colour.
    func chromaSize(of size: FrameSize) -> FrameSize? {
        switch self {
        case .gray8: nil
        // A packed row of one pixel holds half a pair: no whole chroma pair to read.
        case .yuyv422, .uyvy422: size.width < 2 ? nil : FrameSize(width: size.width / 2, height: size.height)
        case .yuv420p, .nv12: FrameSize(width: (size.width + 1) / 2, height: (size.height + 1) / 2)
        case .yuv422p: FrameSize(width: (size.width + 1) / 2, height: size.height)
        case .yuv444p, .rgb24, .rgba: size
        }
    }
}
