import CV4L2
import Testing
import Video

@testable import Capture

@Suite struct V4L2NegotiationTests {
    private let vga = FrameSize(width: 640, height: 480)
    private let hd = FrameSize(width: 1280, height: 720)

    private func choice(
        _ offered: [(String, V4L2Sizes?, [Double])], _ change: (inout SourceOptions) -> Void = { _ in }
    ) throws -> String {
        let device = FakeV4L2(offered.map { (FourCC($0.0), $0.1, $0.2) })
        var options = SourceOptions()
        change(&options)
        let agreement = try V4L2Negotiation.agree(device, options, "open it")
        return "\(agreement.format.fourCC) \(agreement.format.size)"
    }

    @Test func picksTheNearestSizeThenTheRateThenTheCheapest() throws {
        let webcam: [(String, V4L2Sizes?, [Double])] = [
            ("MJPG", .discrete([hd, vga]), [30]), ("YUYV", .discrete([hd, vga]), [10]),
            ("GREY", .discrete([vga]), [30]),
        ]
        #expect(try choice(webcam) { $0.rate = 10 } == "YUYV 640x480")
        #expect(try choice(webcam) == "MJPG 640x480")
        #expect(
            try choice(webcam) { ($0.size, $0.rate) = (FrameSize(width: 1300, height: 700), 25) } == "MJPG 1280x720")
        #expect(try choice(webcam) { $0.pixelFormat = "grey" } == "GREY 640x480")
        #expect(try choice([("NV12", nil, []), ("YUYV", nil, [])]) == "NV12 640x480")
    }

    @Test func anyStepIsMet() throws {
        let sizes = V4L2Sizes.stepwise(
            smallest: FrameSize(width: 32, height: 16), largest: FrameSize(width: 1920, height: 1080),
            step: FrameSize(width: 16, height: 8))
        #expect(sizes.nearest(to: FrameSize(width: 100, height: 100)) == FrameSize(width: 96, height: 104))
        #expect(sizes.nearest(to: FrameSize(width: 1, height: 9000)) == FrameSize(width: 32, height: 1080))
        let none = V4L2Sizes.stepwise(smallest: vga, largest: vga, step: FrameSize(width: 0, height: 0))
        #expect(none.nearest(to: hd) == vga)
    }

    @Test func whatTheDriverMadeOfItIsTakenWhereItCanBeRead() throws {
        let device = FakeV4L2("YUYV", 640, 480)
        device.adjust = {
            V4L2Format(
                fourCC: FourCC("GREY"), size: FrameSize(width: 320, height: 200), bytesPerLine: 384,
                byteCount: $0.byteCount)
        }
        let agreement = try V4L2Negotiation.agree(device, SourceOptions(), "open it")
        guard case .asItIs(let layout) = agreement.reading else {
            Issue.record("\(agreement)")
            return
        }
        #expect(layout.format == .gray8 && layout.strides.0 == 384 && layout.byteCount == 384 * 199 + 320)
    }

    @Test func otherFormatsAreConvertedByLibv4lOrRefused() throws {
        let device = FakeV4L2("BA81", 4, 4, [.buffer(sequence: 0, bytes: [7]), .buffer(sequence: 1, bytes: [0])])
        device.conversion = (
            V4L2Format(fourCC: FourCC("BA81"), size: FrameSize(width: 4, height: 4), bytesPerLine: 4, byteCount: 16),
            V4L2Format(fourCC: FourCC("YU12"), size: FrameSize(width: 4, height: 4), bytesPerLine: 4, byteCount: 24)
        )
        let bus = FakeBus([.success(device), .success(FakeV4L2("H264", 4, 4))])
        let source = V4L2Source(path: "x", options: SourceOptions(), time: SimulatedTime()) {
            (path) throws(V4L2Errno) in
            try bus.open(path)
        }
        #expect(try source.open().description == "BA81 4x4 30 fps")
        #expect(word(source) == "7 missed 0" && word(source) == "corrupt")
        #expect(failure(source)?.message.contains("H264") == true)
        #expect(throws: CaptureError.self) { try choice([("YUYV", nil, [])]) { $0.pixelFormat = "NV12" } }
    }

    @Test(arguments: [
        ("GREY", 1, 1, 0), ("GREY", 8192, 8192, 0), ("GREY", 8193, 1, -1), ("GREY", 0, 5, -1), ("NV12", 641, 481, 0),
        ("YU12", 641, 481, 3), ("YU12", 64, 48, 1 << 30), ("YUYV", 641, 3, 12), ("RGB3", 640, 480, 100),
        ("UYVY", 1, 1, -4),
    ])
    func aLayoutNeverReadsBehindItsBytes(_ name: String, _ width: Int, _ height: Int, _ stride: Int) {
        let layout = V4L2Layout(
            V4L2Format(
                fourCC: FourCC(name), size: FrameSize(width: width, height: height), bytesPerLine: stride, byteCount: 1)
        )
        guard width > 0, width <= 8192, let layout else {
            #expect(layout == nil)
            return
        }
        // A view over just that many bytes; the address sanitizer sees a read behind them.
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: layout.byteCount, alignment: 64)
        defer { memory.deallocate() }
        for at in memory.indices { memory[at] = 77 }
        #expect(layout.view(UnsafeRawBufferPointer(rebasing: memory.dropLast())) == nil)
        guard let view = layout.view(UnsafeRawBufferPointer(memory)) else {
            Issue.record("no view")
            return
        }
        let slot = FrameSlot(
            modelSize: FrameSize(width: 8, height: 8), pictureCapacity: FrameSize(width: 32, height: 32))
        FrameShrinker(modelSize: slot.modelSize, pictureCapacity: slot.pictureCapacity).shrink(view, into: slot)
        #expect(slot.luma.allSatisfy { $0 == (view.range == .full ? 77 : 71) })
    }

    @Test(arguments: [
        ("YUYV", 0, 0, LumaRange.limited), ("GREY", 0, 0, .limited), ("RGB3", 0, 0, .full),
        ("YUYV", 0, V4L2_QUANTIZATION_FULL_RANGE.rawValue, .full),
        ("YU12", V4L2_COLORSPACE_JPEG.rawValue, 0, .full),
        ("YU12", V4L2_COLORSPACE_JPEG.rawValue, V4L2_QUANTIZATION_LIM_RANGE.rawValue, .limited),
    ])
    func rangesFollowTheKernelsRule(_ name: String, _ colorspace: UInt32, _ quantization: UInt32, _ range: LumaRange) {
        let layout = V4L2Layout(
            V4L2Format(
                fourCC: FourCC(name), size: vga, bytesPerLine: 0, byteCount: 0, colorspace: colorspace,
                quantization: quantization))
        #expect(layout?.range == range)
    }

    @Test func aDriverWithSmallBuffersIsRefused() {
        let device = FakeV4L2("YUYV", 640, 480)
        device.bufferLength = 1000
        #expect(failure(camera([.success(device)]))?.code == .unsupported)
        #expect(device.isClosed)
    }

    @Test func namesHaveFourLetters() {
        #expect(FourCC("GREY").code == 0x5945_5247 && FourCC("GREY").description == "GREY")
        #expect(FourCC("Y16").description == "Y16")
        #expect(FourCC(code: 0x0102_0304).description == "")
    }
}
