import CFFmpeg
import Glibc
import Testing
import Video

@testable import Capture

/// Everything that a source gives until its end: luma of the first pixel of each frame, and what else came.
struct Watched {
    var luma: [UInt8] = []
    var times: [Duration] = []
    var corrupt = 0
    var formats: [SourceFormat] = []
    var ranges: Set<LumaRange> = []

    init(_ source: any FrameSource, limit: Int = 1000) throws {
        formats.append(try source.open())
        var first: MonotonicTime?
        for _ in 0..<limit {
            switch try source.read(timeout: .seconds(5)) {
            case .frame(let frame):
                luma.append(frame.view.planes.0?[0] ?? 0)
                first = first ?? frame.time
                times.append(frame.time - (first ?? .zero))
                ranges.insert(frame.view.range)
            case .corrupt: corrupt += 1
            case .waiting: continue
            case .formatChanged(let format): formats.append(format)
            case .end: return
            }
        }
    }
}

/// The error that opening and reading through `source` throws.
func failure(_ source: any FrameSource) -> CaptureError? {
    do {
        _ = try Watched(source)
        return nil
    } catch {
        return error as? CaptureError
    }
}

@Suite struct LibavFileTests {
    private let scratch: Scratch
    init() throws { scratch = try Scratch() }

    private func source(_ path: String, _ change: (inout SourceOptions) -> Void = { _ in }) -> LibavSource {
        var options = SourceOptions()
        change(&options)
        return LibavSource(path: path, options: options, time: SimulatedTime())
    }

    @Test(arguments: [("mpeg4", "mp4"), ("mpeg4", "avi"), ("mpeg2video", "mkv"), ("libx264", "mp4"), ("mjpeg", "avi")])
    func readsAClipToItsEnd(_ codec: String, _ container: String) throws {
        guard ClipWriter.has(codec) else {
            print("skipped: this FFmpeg has no encoder \(codec)")
            return
        }
        let path = scratch.file("a:b \(codec).\(container)")
        var style = ClipStyle(codec: codec)
        if codec == "mpeg2video" { style.rate = 25 }
        if codec == "mjpeg" { style.format = AV_PIX_FMT_YUVJ420P }
        try ClipWriter.write(path, style)
        let source = source(path)
        let watched = try Watched(source)
        #expect(watched.formats.map(\.size) == [style.size])
        #expect(watched.formats[0].rate == Double(style.rate))
        #expect(watched.luma.count == 10)
        for (index, luma) in watched.luma.enumerated() {
            #expect(abs(Int(luma) - Int(ClipWriter.luma(index))) <= 3)
        }
        let step = 1 / Double(style.rate)
        for (index, time) in watched.times.enumerated() { #expect(abs(time.seconds - Double(index) * step) < 0.002) }
        #expect(watched.ranges == [codec == "mjpeg" ? .full : .limited])
        #expect(source.counters.frames == 10 && source.counters.corrupt == 0 && source.counters.nonMonotonic == 0)
        #expect(!source.isLive)
    }

    @Test(arguments: [AV_PIX_FMT_YUV420P10LE.rawValue, AV_PIX_FMT_YUV444P.rawValue, AV_PIX_FMT_YUV422P.rawValue])
    func otherLayoutsAreRead(_ format: Int32) throws {
        let path = scratch.file("a.mkv")
        try ClipWriter.write(path, ClipStyle(codec: "ffv1", format: AVPixelFormat(format)))
        let watched = try Watched(source(path))
        #expect(watched.luma == (0..<10).map { ClipWriter.luma($0) })
    }

    @Test func aFileCanBeReopenedLoopedPacedAndReclocked() throws {
        let path = scratch.file("a.mp4")
        try ClipWriter.write(path)
        let once = source(path)
        #expect(try Watched(once).luma == Watched(once).luma)

        let looped = try Watched(source(path) { $0.loop = true }, limit: 25)
        #expect(looped.luma.count == 25 && looped.luma[10] == looped.luma[0])
        for (index, time) in looped.times.enumerated() { #expect(abs(time.seconds - Double(index) * 0.1) < 0.002) }

        let faster = try Watched(source(path) { $0.rate = 50 })
        #expect(faster.times[9] == .milliseconds(180))

        let time = SimulatedTime()
        var options = SourceOptions()
        options.realTime = true
        _ = try Watched(LibavSource(path: path, options: options, time: time))
        #expect(time.now() == MonotonicTime(nanoseconds: 900_000_000))
    }

    @Test func aPacedFileWithALongPauseIsWaitedForAndGoesOn() throws {
        let path = scratch.file("a.mkv")
        try ClipWriter.write(path, ClipStyle(codec: "ffv1", frames: 3, rate: 1, stamp: { [0, 1, 3000][$0] }))
        let source = source(path) { $0.realTime = true }
        _ = try source.open()
        var words: [String] = []
        for _ in 0..<5 {
            switch try source.read(timeout: .seconds(2000)) {
            case .frame: words.append("frame")
            case .waiting: words.append("waiting")
            case .end: words.append("end")
            case .corrupt, .formatChanged: words.append("other")
            }
        }
        #expect(words == ["frame", "frame", "waiting", "frame", "end"])
        #expect(source.counters.frames == 3)
    }

    @Test(
        "Raw video, which cannot be sought in, is looped whole", arguments: [("libx264", "h264"), ("libx265", "hevc")])
    func rawVideoIsLooped(_ codec: String, _ name: String) throws {
        guard ClipWriter.has(codec) else {
            print("skipped: this FFmpeg has no encoder \(codec)")
            return
        }
        let path = scratch.file("a.\(name)")
        // One key frame at the start and refreshed bit by bit, as cameras do.
        try ClipWriter.write(path, ClipStyle(codec: codec, keyEvery: 250))
        let once = try Watched(source(path)).luma
        #expect(once.count == 10)
        let looped = try Watched(source(path) { $0.loop = true }, limit: 35)
        #expect(looped.luma.count == 35 && looped.corrupt == 0)
        for (index, luma) in looped.luma.enumerated() { #expect(luma == once[index % 10], "frame \(index)") }
    }

    @Test(
        "Grey that does not say its range is full range",
        arguments: [AV_PIX_FMT_GRAY8.rawValue, AV_PIX_FMT_GRAY10LE.rawValue])
    func greyIsFullRange(_ format: Int32) throws {
        let path = scratch.file("a.mkv")
        try ClipWriter.write(path, ClipStyle(codec: "ffv1", format: AVPixelFormat(format)))
        #expect(try Watched(source(path)).ranges == [.full])
    }

    @Test(arguments: [("mjpeg", "mjpeg"), ("libx264", "h264")])
    func aChangeOfSizeIsToldBeforeItsFirstFrame(_ codec: String, _ name: String) throws {
        guard ClipWriter.has(codec) else {
            print("skipped: this FFmpeg has no encoder \(codec)")
            return
        }
        let format = codec == "mjpeg" ? AV_PIX_FMT_YUVJ420P : AV_PIX_FMT_YUV420P
        // Two elementary streams, one behind the other: what a camera does whose settings are changed while it runs.
        let styles = [FrameSize(width: 64, height: 48), FrameSize(width: 96, height: 80)].map {
            ClipStyle(codec: codec, size: $0, frames: 4, format: format)
        }
        try ClipWriter.write(scratch.file("a.\(name)"), styles[0])
        try ClipWriter.write(scratch.file("b.\(name)"), styles[1])
        try scratch.write(scratch.read("a.\(name)") + scratch.read("b.\(name)"), "both.\(name)")
        let watched = try Watched(source(scratch.file("both.\(name)")))
        #expect(watched.formats.map(\.size) == [FrameSize(width: 64, height: 48), FrameSize(width: 96, height: 80)])
        #expect(watched.luma.count == 8)
    }

    @Test func timeStampsThatDoNotGrowAreToleratedAndCounted() throws {
        // Matroska may repeat a stamp; one that falls back is only met on networks, hence the second half.
        let stamps: [Int64] = [0, 1, 2, 2, 3, 3, 6, 7, 8, 9]
        try ClipWriter.write(scratch.file("a.mkv"), ClipStyle(codec: "ffv1", stamp: { stamps[$0] }))
        let source = source(scratch.file("a.mkv"))
        let watched = try Watched(source)
        #expect(watched.luma.count == 10 && source.counters.nonMonotonic == 2)
        #expect(zip(watched.times, watched.times.dropFirst()).allSatisfy { $0 < $1 })

        var falling = FileStamps()
        falling.begin(rate: nil, time: SimulatedTime())
        let times = [0, 1, 2, 1, 0, 7, -5, 8].map { falling.next($0 / 10, nominalRate: 10) }
        #expect(zip(times, times.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test func damageCountsUntilTheNextKeyFrame() throws {
        // Lost packets of a transport stream: what UDP does to a camera.
        let (path, size) = (scratch.file("a.ts"), FrameSize(width: 320, height: 240))
        try ClipWriter.write(path, ClipStyle(codec: "mpeg2video", size: size, frames: 100, rate: 25, keyEvery: 10))
        let bytes = try scratch.read("a.ts")
        var lossy: [UInt8] = []
        for (index, start) in stride(from: 0, to: bytes.count - 187, by: 188).enumerated() {
            if index < 30 || mix(UInt64(index)) % 40 != 0 { lossy += bytes[start..<start + 188] }
        }
        let source = source(try scratch.write(lossy, "b.ts"))
        let watched = try Watched(source)
        #expect(source.counters.corrupt > 3 && watched.luma.count > 10)
        #expect(UInt64(watched.corrupt) == source.counters.corrupt)
    }

    @Test(arguments: [0, 1, 20, 100, 500, 900])
    func aClipCutShortNeverHangsOrCrashes(_ percentTimesTen: Int) throws {
        let path = scratch.file("a.mkv")
        try ClipWriter.write(path, ClipStyle(frames: 20))
        let bytes = try scratch.read("a.mkv")
        let cut = try scratch.write(Array(bytes.prefix(bytes.count * percentTimesTen / 1000)), "cut.mkv")
        let source = source(cut)
        if let error = failure(source) {
            #expect(error.code == .badData)
            #expect(!error.isTransient && !error.description.contains("\n"))
        }
    }

    @Test func badFilesAreOneClearLine() throws {
        let garbage = (0..<5000).map { UInt8(truncatingIfNeeded: mix(UInt64($0))) }
        try ClipWriter.write(scratch.file("a.mp4"))
        let whole = try scratch.read("a.mp4")
        let cases: [(String, CaptureError.Code, String)] = [
            (try scratch.write([], "empty.mp4"), .badData, "0 bytes"),
            (try scratch.write(garbage, "garbage.mp4"), .badData, "not a video"),
            (try scratch.write(Array(whole.prefix(whole.count / 2)), "half.mp4"), .badData, "cut short"),
            (scratch.file("none.mp4"), .unavailable, "no such file"),
            (scratch.path, .notACamera, "directory"),
            (
                try scratch.write(
                    Array("RIFF$\0\0\0WAVEfmt \u{10}\0\0\0\u{1}\0\u{1}\0@\u{1F}\0\0@\u{1F}\0\0\u{1}\0\u{8}\0data".utf8)
                        + [0, 0, 0, 0], "a.wav"), .notACamera, "no video"
            ),
        ]
        for (path, code, words) in cases {
            let error = failure(source(path))
            #expect(error?.code == code, "\(path): \(String(describing: error))")
            #expect(error?.message.contains(words) == true, "\(path): \(String(describing: error))")
            #expect(error?.operation.contains(path) == true)
        }
    }

    @Test func aFilePlaylistReadsNothingElse() throws {
        // A "video" that is a playlist of an HTTP address: hostile, and refused without a connection.
        let list = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nhttp://127.0.0.1:9/secret.ts\n#EXT-X-ENDLIST\n"
        let path = try scratch.write(Array(list.utf8), "a.m3u8")
        #expect(failure(source(path)) != nil)
    }

    @Test func anUnknownHardwareDecoderIsNamed() throws {
        let path = scratch.file("a.mp4")
        try ClipWriter.write(path)
        let error = failure(source(path) { $0.hardware = "warp" })
        #expect(error?.code == .unsupported && error?.message.contains("warp") == true)
    }

    @Test func closedSourcesSayThatTheyAreClosed() throws {
        let path = scratch.file("a.mp4")
        try ClipWriter.write(path)
        let source = source(path)
        #expect(throws: CaptureError.self) { try source.read(timeout: .seconds(1)) }
        _ = try source.open()
        source.close()
        source.close()
        #expect(throws: CaptureError.self) { try source.read(timeout: .seconds(1)) }
        source.cancellation.cancel()
        #expect(failure(source)?.code == .ended)
    }
}
