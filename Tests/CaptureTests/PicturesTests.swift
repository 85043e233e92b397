import CFFmpeg
import Glibc
import Testing
import Video

@testable import Capture

/// Where the project's optional data lie: `ZANZO_SHARED`, or `shared` beside the repository.
enum SharedData {
    static let path: String = {
        if let set = getenv("ZANZO_SHARED") { return String(cString: set) }
        let parts = #filePath.split(separator: "/").dropLast(4)
        return "/" + parts.joined(separator: "/") + "/shared"
    }()

    static func has(_ name: String) -> Bool { access("\(path)/\(name)", R_OK) == 0 }
}

@Suite struct PicturesTests {
    private let scratch: Scratch
    init() throws { scratch = try Scratch() }

    private func source(_ path: String, _ change: (inout SourceOptions) -> Void = { _ in }) -> PicturesSource {
        var options = SourceOptions()
        change(&options)
        return PicturesSource(path: path, options: options, time: SimulatedTime())
    }

    /// A picture file whose pixel (x, y) is grey `fill(x, y)`, by libavcodec's own encoder.
    @discardableResult
    private func picture(
        _ name: String, _ width: Int, _ height: Int, codec: String = "png", fill: (Int, Int) -> UInt8
    ) throws -> String {
        let isPNG = codec == "png"
        guard let encoder = avcodec_find_encoder_by_name(codec), let context = avcodec_alloc_context3(encoder),
            let frame = av_frame_alloc(), let packet = av_packet_alloc()
        else { throw TestFailure("no encoder \(codec)") }
        defer {
            var (c, f, p): (UnsafeMutablePointer<AVCodecContext>?, UnsafeMutablePointer<AVFrame>?, _) = (
                context, frame, UnsafeMutablePointer<AVPacket>?(packet)
            )
            avcodec_free_context(&c)
            av_frame_free(&f)
            av_packet_free(&p)
        }
        (context.pointee.width, context.pointee.height) = (Int32(width), Int32(height))
        context.pointee.pix_fmt = isPNG ? AV_PIX_FMT_RGBA : AV_PIX_FMT_YUVJ420P
        context.pointee.time_base = AVRational(num: 1, den: 1)
        (frame.pointee.width, frame.pointee.height) = (Int32(width), Int32(height))
        frame.pointee.format = context.pointee.pix_fmt.rawValue
        guard avcodec_open2(context, encoder, nil) == 0, av_frame_get_buffer(frame, 0) == 0,
            let luma = frame.pointee.data.0
        else { throw TestFailure("encoder") }
        let step = isPNG ? 4 : 1
        for y in 0..<height {
            for x in 0..<width * step {
                luma[y * Int(frame.pointee.linesize.0) + x] = isPNG && x % 4 == 3 ? 255 : fill(x / step, y)
            }
        }
        if !isPNG, let cb = frame.pointee.data.1, let cr = frame.pointee.data.2 {
            for at in 0..<(height + 1) / 2 * Int(frame.pointee.linesize.1) { (cb[at], cr[at]) = (128, 128) }
        }
        guard avcodec_send_frame(context, frame) == 0, avcodec_send_frame(context, nil) == 0,
            avcodec_receive_packet(context, packet) == 0
        else { throw TestFailure("encode") }
        return try scratch.write(
            Array(UnsafeBufferPointer(start: packet.pointee.data, count: Int(packet.pointee.size))), name)
    }

    @Test func aStripIsASequenceOfSquares() throws {
        let path = try picture("strip.png", 24, 8) { x, y in UInt8(x / 8 * 50 + x % 8 + 8 * y) }
        let source = source(path) { $0.rate = 5 }
        #expect(try source.open().description == "strip 8x8 5 fps")
        let slot = FrameSlot(
            modelSize: FrameSize(width: 8, height: 8), pictureCapacity: FrameSize(width: 64, height: 64))
        let shrinker = FrameShrinker(modelSize: slot.modelSize, pictureCapacity: slot.pictureCapacity)
        for index in 0..<3 {
            guard case .frame(let frame) = try source.read(timeout: .zero) else {
                Issue.record("no frame \(index)")
                return
            }
            #expect(frame.time == MonotonicTime(nanoseconds: Int64(index) * 200_000_000))
            shrinker.shrink(frame.view, into: slot)
            #expect(Array(slot.luma) == (0..<64).map { UInt8(index * 50 + $0 % 8 + 8 * ($0 / 8)) })
        }
        guard case .end = try source.read(timeout: .zero) else {
            Issue.record("no end")
            return
        }
        #expect(!source.isLive && source.counters.frames == 3)
    }

    @Test func aDirectoryIsReadInNaturalOrderAndLooped() throws {
        for (name, code) in [("f10.png", 100), ("f2.png", 20), ("F1.PNG", 10), ("f3.jpg", 30)] {
            try picture(name, 16, 16, codec: name.hasSuffix("jpg") ? "mjpeg" : "png") { _, _ in UInt8(code) }
        }
        try scratch.write([1, 2, 3], "labels.txt")
        let watched = try Watched(source(scratch.path))
        #expect(watched.luma == [10, 20, 30, 100] && watched.ranges == [.full])
        #expect(try Watched(source(scratch.path + "/") { $0.loop = true }, limit: 6).luma == [10, 20, 30, 100, 10, 20])
    }

    /// As `zanzo record` leaves them: one recording, though it lies in several files.
    @Test func stripsOfOneRecordingAreOneClip() throws {
        #expect(StripFile.name(first: 256) == "strip-00000256.png")
        for (first, count) in [(0, 5), (5, 5), (10, 2)] {
            try picture(StripFile.name(first: first), count * 8, 8) { x, _ in UInt8(first + x / 8) }
        }
        let source = source(scratch.path) { $0.rate = 5 }
        let watched = try Watched(source)
        #expect(watched.luma == (0..<12).map { UInt8($0) } && source.counters.frames == 12)
        #expect(watched.formats.map(\.description) == ["strips 8x8 5 fps"])
        #expect(watched.times == (0..<12).map { .milliseconds(200 * $0) })
        let looped = try Watched(self.source(scratch.path) { $0.loop = true }, limit: 14)
        #expect(looped.luma == (0..<14).map { UInt8($0 % 12) } && looped.formats.count == 1)
    }

    /// A frame is missing between the second and the third; the others have names of their own, and are clips of their own.
    @Test func otherStripsOfAFolderAreClips() throws {
        for (name, count, code) in [
            ("strip-00000000.png", 4, 1), ("strip-00000004.png", 4, 2), ("strip-00000009.png", 2, 3),
            ("walk2.png", 6, 5), ("walk10.png", 2, 6), ("walk1.png", 5, 4),
        ] {
            try picture(name, count * 8, 8) { _, _ in UInt8(code) }
        }
        let watched = try Watched(source(scratch.path))
        #expect(watched.luma == [1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4, 4, 4, 4, 4, 5, 5, 5, 5, 5, 5, 6, 6])
        #expect(watched.formats.map(\.size.width) == [8, 8, 8, 8, 8])
        // From the last to the first again is a cut like the others.
        let looped = try Watched(self.source(scratch.path) { $0.loop = true }, limit: 29)
        #expect(looped.luma.suffix(2) == [6, 1] && looped.formats.count == 6)
    }

    /// A panorama of four squares is a frame, as high as no strip is.
    @Test func aPanoramaIsNoStrip() throws {
        try picture("1.png", 4 * 520, 520) { _, _ in 1 }
        #expect(try Watched(source(scratch.path)).formats.map(\.size) == [FrameSize(width: 2080, height: 520)])
    }

    /// A wide camera's pictures are frames; only their name makes so short ones strips.
    @Test(arguments: [("wide-1.png", 1, 24), ("strip-00000000.png", 3, 8), ("strip-1.png", 1, 24)])
    func pictureOrStripIsDecidedBySizeAndName(_ name: String, _ frames: Int, _ width: Int) throws {
        try picture(name, 24, 8) { _, _ in 1 }
        let watched = try Watched(source(scratch.path))
        #expect(watched.luma.count == frames && watched.formats[0].size == FrameSize(width: width, height: 8))
    }

    @Test(arguments: [(8, 40, "it is a strip among pictures"), (40, 12, "it is no strip, and others here are strips")])
    func picturesAndStripsInOneFolderAreRefused(_ first: Int, _ second: Int, _ words: String) throws {
        try picture("1.png", first, 8) { _, _ in 1 }
        let path = try picture("2.png", second, 8) { _, _ in 2 }
        let error = try #require(failure(source(scratch.path)))
        #expect(error.code == .notACamera && error.description.hasPrefix("read \(path): \(words): keep"), "\(error)")
    }

    @Test func picturesOfOtherSizesAreTold() throws {
        try picture("1.png", 16, 16) { _, _ in 1 }
        try picture("2.png", 20, 10) { _, _ in 2 }
        try picture("3.png", 20, 10) { _, _ in 3 }
        let watched = try Watched(source(scratch.path))
        #expect(watched.luma == [1, 2, 3] && watched.formats.map(\.size.width) == [16, 20])
    }

    @Test func badPicturesAreOneClearLine() throws {
        let good = try picture("good.png", 24, 8) { x, y in UInt8(x * y) }
        let bytes = try scratch.read("good.png")
        var broken = bytes
        broken[40] ^= 0xFF
        let cases: [(String, CaptureError.Code, String)] = [
            (try scratch.write([], "empty.png"), .badData, "0 bytes"),
            (try scratch.write(Array("hello".utf8), "text.png"), .badData, "neither a PNG nor a JPEG"),
            (try scratch.write(Array(bytes.prefix(bytes.count / 2)), "half.png"), .badData, "damaged"),
            (try picture("square.png", 8, 8) { _, _ in 0 }, .notACamera, "8x8 is not a strip"),
            (try picture("uneven.png", 20, 8) { _, _ in 0 }, .notACamera, "multiple"),
            (try picture("tall.png", 8, 24) { _, _ in 0 }, .notACamera, "multiple"),
            (scratch.file("none.png"), .unavailable, "no such file"),
        ]
        for (path, code, words) in cases {
            let error = failure(source(path))
            #expect(
                error?.code == code && error?.description.contains(words) == true,
                "\(path): \(String(describing: error))")
            #expect(error?.description.contains(path) == true)
        }
        #expect(failure(source(good)) == nil)
    }

    /// What reads bring until the end: a frame's first sample, or the file name of a picture that was passed over.
    private func words(_ source: PicturesSource) throws -> [String] {
        var words: [String] = []
        while words.count < 100 {
            switch try source.read(timeout: .zero) {
            case .frame(let frame): words.append("\(frame.view.planes.0?[0] ?? 0)")
            case .corrupt(let error):
                words.append(error?.operation.split(separator: "/").last.map(String.init) ?? "unnamed")
            case .waiting, .formatChanged: words.append("other")
            case .end: return words
            }
        }
        return words
    }

    @Test("A damaged picture in a folder is named once, counted, and the next one follows", arguments: [1, 2, 3, 4])
    func aDamagedPictureIsPassedOver(_ broken: Int) throws {
        for index in 1...4 {
            try picture("\(index).png", 8, 8) { _, _ in UInt8(index) }
            if index == broken { try scratch.write(scratch.read("\(index).png").dropLast(30), "\(index).png") }
        }
        let source = source(scratch.path)
        _ = try source.open()
        #expect(try words(source) == (1...4).map { $0 == broken ? "\($0).png" : "\($0)" })
        #expect(source.counters.corrupt == 1 && source.counters.frames == 3)
    }

    @Test("A folder without a whole picture is refused")
    func aFolderOfNothing() throws {
        #expect(failure(source(scratch.path))?.code == .notACamera)
        try scratch.write(Array("no".utf8), "1.png")
        try scratch.write(Array("no".utf8), "2.jpg")
        #expect(failure(source(scratch.path))?.code == .badData)
    }

    @Test("Names that are not UTF-8 are read as bytes")
    func latinNames() throws {
        try picture("1.png", 8, 8) { _, _ in 7 }
        let latin = Array(scratch.path.utf8) + [0x2F, 0x32, 0xE9, 0x2E, 0x70, 0x6E, 0x67]  // 2é.png in Latin-1
        let code = (latin + [0]).withUnsafeBufferPointer { bytes in
            bytes.withMemoryRebound(to: CChar.self) { rename(scratch.file("1.png"), $0.baseAddress.unsafelyUnwrapped) }
        }
        try #require(code == 0)
        let source = source(scratch.path)
        _ = try source.open()
        #expect(try words(source) == ["7"])
    }

    @Test("A picture stands upright, as its EXIF orientation or its display matrix has it", arguments: 1...8)
    func upright(exif: Int) throws {
        // Left to right and top to bottom as taken: 1 2 3 / 4 5 6.
        let source: [UInt8] = [1, 2, 3, 4, 5, 6]
        let expected: [[UInt8]] = [
            [1, 2, 3, 4, 5, 6], [3, 2, 1, 6, 5, 4], [6, 5, 4, 3, 2, 1], [4, 5, 6, 1, 2, 3], [1, 4, 2, 5, 3, 6],
            [4, 1, 5, 2, 6, 3], [6, 3, 5, 2, 4, 1], [3, 6, 2, 5, 1, 4],
        ]
        // The same as a display matrix, a b c d.
        let matrices: [[Int32]] = [
            [1, 0, 0, 1], [-1, 0, 0, 1], [-1, 0, 0, -1], [1, 0, 0, -1], [0, 1, 1, 0], [0, 1, -1, 0], [0, -1, -1, 0],
            [0, -1, 1, 0],
        ]
        let orientation = Orientation(exif: exif)
        let m = matrices[exif - 1].map { $0 << 16 }
        #expect(Orientation(a: m[0], b: m[1], c: m[2], d: m[3]) == orientation)
        let size = FrameSize(width: 3, height: 2)
        let shown = orientation.size(of: size)
        #expect(shown == (exif < 5 ? size : FrameSize(width: 2, height: 3)))
        var target = [UInt8](repeating: 0, count: 6)
        orientation.turn(source, stride: 3, size: size, step: 1, into: &target, targetStride: shown.width)
        #expect(target == expected[exif - 1])
    }

    @Test("A JPEG's EXIF orientation is applied")
    func exif() throws {
        try picture("1.jpg", 64, 32, codec: "mjpeg") { x, _ in x < 32 ? 40 : 200 }
        let bytes = try scratch.read("1.jpg")
        // An APP1 segment with one entry: tag 274, a short, 6 (turned to the right).
        let segment: [UInt8] =
            [0xFF, 0xE1, 0, 34] + Array("Exif".utf8) + [0, 0] + Array("MM".utf8) + [0, 42, 0, 0, 0, 8, 0, 1]
            + [1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0] + [0, 0, 0, 0]
        try scratch.write(Array(bytes[..<2]) + segment + Array(bytes[2...]), "1.jpg")
        let source = source(scratch.path)
        #expect(try source.open().size == FrameSize(width: 32, height: 64))
        guard case .frame(let frame) = try source.read(timeout: .zero), let luma = frame.view.planes.0 else {
            Issue.record("no frame")
            return
        }
        #expect(abs(Int(luma[0]) - 40) < 4 && abs(Int(luma[63 * frame.view.strides.0]) - 200) < 4)
    }

    enum Harm: String, CaseIterable { case half, most, zeros }

    @Test("Half a JPEG is damaged", arguments: Harm.allCases)
    func halfAJPEG(_ harm: Harm) throws {
        try picture("1.jpg", 64, 48, codec: "mjpeg") { x, y in UInt8(truncatingIfNeeded: x * 37 ^ y * 91) }
        var bytes = try scratch.read("1.jpg")
        switch harm {
        case .half: bytes.removeLast(bytes.count / 2)
        case .most: bytes.removeLast(bytes.count / 5)
        case .zeros: for at in bytes.count / 2..<bytes.count / 2 + 100 { bytes[at] = 0 }
        }
        try scratch.write(bytes, "1.jpg")
        #expect(failure(source(scratch.path))?.code == .badData)
    }

    @Test(
        "Oddities that no reader minds do no harm", arguments: ["no EOI", "bytes behind EOI", "fill bytes", "comment"])
    func harmlessOddities(_ oddity: String) throws {
        try picture("1.jpg", 64, 48, codec: "mjpeg") { x, y in UInt8(truncatingIfNeeded: x * 37 ^ y * 91) }
        let bytes = try scratch.read("1.jpg")
        let odd: [UInt8] =
            switch oddity {
            case "no EOI": bytes.dropLast(2)
            case "bytes behind EOI": bytes + (0..<64).map { UInt8($0 * 3 + 1) }
            case "fill bytes": bytes[..<2] + [0xFF, 0xFF, 0xFF] + bytes[2...]
            default: bytes[..<2] + [0xFF, 0xFE, 0, 6, 1, 2, 3, 4] + bytes[2...]
            }
        try scratch.write(odd, "1.jpg")
        let source = source(scratch.path)
        _ = try source.open()
        #expect(try words(source).count == 1 && source.counters.corrupt == 0)
    }

    @Test(arguments: [
        ("f2", "f10", true), ("f10", "f2", false), ("a", "b", true), ("f02", "f2", true), ("f2", "f02", false),
        ("1.png", "01.png", false), ("x9y", "x9z", true), ("a", "a", false), ("a", "a1", true), ("10", "9a", false),
    ])
    func numbersInNamesCount(_ a: String, _ b: String, _ before: Bool) { #expect(isNaturallyBefore(a, b) == before) }

    @Test(
        .enabled(
            if: SharedData.has("reference/stream.safetensors")
                && SharedData.has("data/human-actions/person1-wave-two-hands-original.png"),
            "the reference clip is not on this machine (set ZANZO_SHARED)"))
    func theReferenceClipGivesTheVeryFramesThatPyTorchSaw() throws {
        let strip = "\(SharedData.path)/data/human-actions/person1-wave-two-hands-original.png"
        let expected = try referenceFrames("\(SharedData.path)/reference/stream.safetensors", count: 32 * 64 * 64)
        let source = source(strip)
        #expect(try source.open().size == FrameSize(width: 64, height: 64))
        let slot = FrameSlot(
            modelSize: FrameSize(width: 64, height: 64), pictureCapacity: FrameSize(width: 64, height: 64))
        let shrinker = FrameShrinker(modelSize: slot.modelSize, pictureCapacity: slot.pictureCapacity)
        for index in 0..<32 {
            guard case .frame(let frame) = try source.read(timeout: .zero) else {
                Issue.record("no frame \(index)")
                return
            }
            shrinker.shrink(frame.view, into: slot)
            let different = (0..<4096).filter { Float(slot.luma[$0]) / 127.5 - 1 != expected[index * 4096 + $0] }
            #expect(different.isEmpty, "frame \(index): \(different.count) pixels differ")
        }
    }

    /// The first `count` values of the tensor `frames`: 32-bit floats at the offset that the header names.
    private func referenceFrames(_ path: String, count: Int) throws -> [Float] {
        guard let file = fopen(path, "rb") else { throw TestFailure("cannot read \(path)") }
        defer { fclose(file) }
        var length: UInt64 = 0
        guard fread(&length, 8, 1, file) == 1, length < 1 << 20 else { throw TestFailure("header") }
        var header = [UInt8](repeating: 0, count: Int(length))
        guard fread(&header, 1, header.count, file) == header.count else { throw TestFailure("header") }
        let text = String(decoding: header, as: UTF8.self)
        guard let entry = text.firstRange(of: "\"frames\":"),
            let offsets = text[entry.upperBound...].firstRange(of: "\"data_offsets\":["),
            let start = Int(text[offsets.upperBound...].prefix { $0.isNumber })
        else { throw TestFailure("no tensor frames") }
        fseek(file, 8 + Int(length) + start, SEEK_SET)
        var values = [Float](repeating: 0, count: count)
        guard fread(&values, 4, count, file) == count else { throw TestFailure("tensor frames is cut short") }
        return values
    }
}
