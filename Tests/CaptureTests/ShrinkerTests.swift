import Testing
import Video

@testable import Capture

/// A frame in memory of its own, filled by a hash, with rows longer than they need be.
final class TestFrame {
    let view: PixelView
    private let memory: [UnsafeMutablePointer<UInt8>]

    init(_ size: FrameSize, _ format: PixelFormat, range: LumaRange, fill: (_ plane: Int, _ x: Int, _ y: Int) -> UInt8)
    {
        let chroma = format.chromaSize(of: size) ?? FrameSize(width: 0, height: 0)
        let layouts: [(Int, Int)] =
            switch format {
            case .gray8: [(size.width, size.height)]
            case .yuyv422, .uyvy422: [(size.width * 2, size.height)]
            case .rgb24: [(size.width * 3, size.height)]
            case .rgba: [(size.width * 4, size.height)]
            case .nv12: [(size.width, size.height), (chroma.width * 2, chroma.height)]
            case .yuv420p, .yuv422p, .yuv444p:
                [(size.width, size.height), (chroma.width, chroma.height), (chroma.width, chroma.height)]
            }
        var (planes, strides): ([UnsafeMutablePointer<UInt8>], [Int]) = ([], [])
        for (number, (width, height)) in layouts.enumerated() {
            let stride = width + 7
            let plane = UnsafeMutablePointer<UInt8>.allocate(capacity: stride * height)
            for y in 0..<height {
                for x in 0..<stride { plane[y * stride + x] = x < width ? fill(number, x, y) : 255 }
            }
            planes.append(plane)
            strides.append(stride)
        }
        func plane(_ number: Int) -> UnsafePointer<UInt8>? {
            number < planes.count ? UnsafePointer(planes[number]) : nil
        }
        func stride(_ number: Int) -> Int { number < strides.count ? strides[number] : 0 }
        memory = planes
        view = PixelView(
            planes: (plane(0), plane(1), plane(2)), strides: (stride(0), stride(1), stride(2)), size: size,
            format: format, range: range)
    }

    deinit { memory.forEach { $0.deallocate() } }
}

private func noise(_ plane: Int, _ x: Int, _ y: Int) -> UInt8 {
    UInt8(truncatingIfNeeded: mix(UInt64(plane) << 40 | UInt64(x) << 20 | UInt64(y)))
}

private func shrunk(_ frame: TestFrame, model: FrameSize, capacity: FrameSize = FrameSize(width: 640, height: 640))
    -> FrameSlot
{
    let slot = FrameSlot(modelSize: model, pictureCapacity: capacity)
    withExtendedLifetime(frame) {
        FrameShrinker(modelSize: model, pictureCapacity: capacity).shrink(frame.view, into: slot)
    }
    return slot
}

@Suite struct ShrinkerTests {
    private let tiny = FrameSize(width: 16, height: 12)

    @Test(arguments: PixelFormat.allCases.filter { !$0.isRGB })
    func ownSizePassesThroughUntouched(_ format: PixelFormat) {
        let frame = TestFrame(tiny, format, range: .full, fill: noise)
        let slot = shrunk(frame, model: tiny)
        for y in 0..<tiny.height {
            for x in 0..<tiny.width {
                let at = format == .yuyv422 ? 2 * x : format == .uyvy422 ? 2 * x + 1 : x
                #expect(slot.luma[y * tiny.width + x] == noise(0, at, y))
                #expect(slot.picture[y * tiny.width + x] == noise(0, at, y))
            }
        }
        #expect(slot.pictureSize == tiny)
    }

    @Test(arguments: [PixelFormat.rgb24, .rgba])
    func rgbBecomesLumaAsPillowDoesIt(_ format: PixelFormat) {
        let step = format == .rgb24 ? 3 : 4
        let slot = shrunk(TestFrame(tiny, format, range: .full, fill: noise), model: tiny)
        for y in 0..<tiny.height {
            for x in 0..<tiny.width {
                let (r, g, b) = (noise(0, x * step, y), noise(0, x * step + 1, y), noise(0, x * step + 2, y))
                let luma = (19595 * Int(r) + 38470 * Int(g) + 7471 * Int(b) + 32768) >> 16
                #expect(Int(slot.luma[y * tiny.width + x]) == luma)
            }
        }
    }

    @Test func everyAverageIsExact() {
        // 12x9 to 5x4 by definition: overlaps in units of 1/5 and 1/4 source pixels.
        let (from, to) = (FrameSize(width: 12, height: 9), FrameSize(width: 5, height: 4))
        let slot = shrunk(TestFrame(from, .gray8, range: .full, fill: noise), model: to)
        for row in 0..<4 {
            for column in 0..<5 {
                var sum = 0
                for y in 0..<9 {
                    let high = max(0, min((y + 1) * 4, (row + 1) * 9) - max(y * 4, row * 9))
                    for x in 0..<12 {
                        let wide = max(0, min((x + 1) * 5, (column + 1) * 12) - max(x * 5, column * 12))
                        sum += high * wide * Int(noise(0, x, y))
                    }
                }
                #expect(Int(slot.luma[row * 5 + column]) == (2 * sum + 108) / 216)
            }
        }
    }

    @Test func limitedRangeIsExpanded() {
        for (code, expected) in [(UInt8(0), UInt8(0)), (16, 0), (235, 255), (255, 255), (126, 128), (17, 1)] {
            let frame = TestFrame(tiny, .yuv420p, range: .limited) { plane, _, _ in plane == 0 ? code : 240 }
            let slot = shrunk(frame, model: FrameSize(width: 4, height: 4))
            #expect(slot.luma.allSatisfy { $0 == expected })
            #expect(slot.picture[0] == expected && slot.picture[tiny.area] == 255)
        }
    }

    @Test(arguments: PixelFormat.allCases) func colourComesOut(_ format: PixelFormat) {
        // Red, in each of the formats: full-range BT.601 (76, 85, 255).
        let frame = TestFrame(FrameSize(width: 32, height: 20), format, range: .full) { plane, x, _ in
            switch format {
            case .gray8: 76
            case .yuyv422: [76, 85, 76, 255][x % 4]
            case .uyvy422: [85, 76, 255, 76][x % 4]
            case .nv12: plane == 0 ? 76 : x % 2 == 0 ? 85 : 255
            case .yuv420p, .yuv422p, .yuv444p: [76, 85, 255][plane]
            case .rgb24: x % 3 == 0 ? 255 : 0
            case .rgba: x % 4 == 0 || x % 4 == 3 ? 255 : 0
            }
        }
        let slot = shrunk(frame, model: tiny, capacity: FrameSize(width: 9, height: 9))
        #expect(slot.pictureSize == FrameSize(width: 9, height: 6))
        let chroma = 5 * 3
        let (cb, cr) = (slot.picture[54..<54 + chroma], slot.picture[54 + chroma..<54 + 2 * chroma])
        #expect(slot.picture[0..<54].allSatisfy { $0 == 76 } && slot.luma.allSatisfy { $0 == 76 })
        #expect(cb.allSatisfy { $0 == (format == .gray8 ? 128 : 85) })
        #expect(cr.allSatisfy { $0 == (format == .gray8 ? 128 : 255) })
    }

    @Test(
        arguments: PixelFormat.allCases,
        [(1, 1), (2, 1), (1, 2), (3, 3), (8192, 1), (1, 8192), (8192, 128), (17, 8191)])
    func anySizeFits(_ format: PixelFormat, _ size: (Int, Int)) {
        let size = FrameSize(width: size.0, height: size.1)
        guard format != .yuyv422 && format != .uyvy422 || size.width % 2 == 0 || size.width == 1 else { return }
        let frame = TestFrame(size, format, range: .limited) { _, _, _ in 128 }
        let capacity = FrameSize(width: 640, height: 480)
        let slot = shrunk(frame, model: FrameSize(width: 64, height: 64), capacity: capacity)
        #expect(slot.pictureSize.width <= 640 && slot.pictureSize.height <= 480 && slot.pictureSize.area > 0)
        #expect(slot.luma.allSatisfy { $0 == slot.luma[0] })
    }

    @Test func a8KFrameShrinks() {
        let size = FrameSize(width: 8192, height: 8192)
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: size.area)
        memory.initialize(repeating: 255, count: size.area)
        defer { memory.deallocate() }
        let view = PixelView(
            planes: (UnsafePointer(memory), nil, nil), strides: (size.width, 0, 0), size: size, format: .gray8,
            range: .full)
        let slot = FrameSlot(
            modelSize: FrameSize(width: 63, height: 61), pictureCapacity: FrameSize(width: 64, height: 64))
        FrameShrinker(modelSize: slot.modelSize, pictureCapacity: slot.pictureCapacity).shrink(view, into: slot)
        #expect(slot.luma.allSatisfy { $0 == 255 } && slot.picture[0] == 255)
    }

    @Test(arguments: [
        (1920, 1080, 640, 640, 640, 360), (1080, 1920, 640, 480, 270, 480), (640, 480, 640, 480, 640, 480),
        (320, 240, 640, 480, 320, 240), (8192, 1, 640, 480, 640, 1), (1, 8192, 640, 480, 1, 480),
        (1281, 720, 640, 360, 640, 360),
    ])
    func aPictureKeepsItsShape(_ w: Int, _ h: Int, _ cw: Int, _ ch: Int, _ pw: Int, _ ph: Int) {
        let fitting = FrameShrinker.fitting(
            FrameSize(width: w, height: h), into: FrameSize(width: cw, height: ch))
        #expect(fitting == FrameSize(width: pw, height: ph))
    }

    @Test func aNewGeometryIsNoticed() {
        let slot = FrameSlot(
            modelSize: FrameSize(width: 8, height: 8), pictureCapacity: FrameSize(width: 16, height: 16))
        let shrinker = FrameShrinker(modelSize: slot.modelSize, pictureCapacity: slot.pictureCapacity)
        for (size, code) in [(FrameSize(width: 64, height: 32), UInt8(10)), (FrameSize(width: 20, height: 40), 90)] {
            let frame = TestFrame(size, .gray8, range: .full) { _, _, _ in code }
            withExtendedLifetime(frame) { shrinker.shrink(frame.view, into: slot) }
            #expect(slot.luma.allSatisfy { $0 == code })
        }
        #expect(slot.pictureSize == FrameSize(width: 8, height: 16))
    }
}
