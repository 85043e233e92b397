import CFFmpeg
import CV4L2
import Glibc
import Testing
import Video

@testable import Capture

func camera(
    _ devices: [Result<FakeV4L2, V4L2Errno>], time: any TimeSource = SimulatedTime(),
    _ change: (inout SourceOptions) -> Void = { _ in }
) -> V4L2Source {
    var options = SourceOptions()
    change(&options)
    let bus = FakeBus(devices)
    return V4L2Source(path: "/dev/video7", options: options, time: time) { (path) throws(V4L2Errno) in
        try bus.open(path)
    }
}

func grey(_ code: UInt8, _ width: Int = 16, _ height: Int = 8) -> [UInt8] {
    [UInt8](repeating: code, count: width * height)
}

/// What a read brings, in words.
func word(_ source: V4L2Source, timeout: Duration = .milliseconds(1)) -> String {
    do throws(CaptureError) {
        switch try source.read(timeout: timeout) {
        case .frame(let frame): return "\(frame.view.planes.0?[0] ?? 0) missed \(frame.missed)"
        case .corrupt: return "corrupt"
        case .waiting: return "waiting"
        case .formatChanged(let format): return format.description
        case .end: return "end"
        }
    } catch {
        return error.code.rawValue
    }
}

@Suite struct V4L2SourceTests {
    @Test func streamsWithHolesErrorsAndShortBuffers() throws {
        let device = FakeV4L2(
            "GREY", 16, 8,
            [
                .buffer(sequence: 5, bytes: grey(1)), .buffer(sequence: 6, bytes: grey(2)),
                .buffer(sequence: 9, bytes: grey(3)), .buffer(sequence: 10, flags: V4L2_BUF_FLAG_ERROR, bytes: grey(4)),
                .buffer(sequence: 12, bytes: Array(grey(5).dropLast())), .buffer(sequence: 13, bytes: grey(6)),
                .buffer(sequence: 14, bytes: []), .empty, .buffer(sequence: 2, bytes: grey(7)),
                .buffer(sequence: UInt32.max, bytes: grey(8)), .buffer(sequence: 0, bytes: grey(9)),
            ])
        let source = camera([.success(device)])
        #expect(try source.open().description == "GREY 16x8 30 fps")
        let words = (0..<11).map { _ in word(source, timeout: .milliseconds(50)) }
        #expect(
            words == [
                "1 missed 0", "2 missed 0", "3 missed 2", "corrupt", "corrupt", "6 missed 1", "corrupt", "7 missed 0",
                "8 missed 0", "9 missed 0", "timedOut",
            ])
        #expect(source.counters.missed == 3 && source.counters.corrupt == 3 && source.counters.frames == 7)
        #expect(device.enqueued.count == 4 && device.isStreaming)
        source.close()
        #expect(device.isClosed)
    }

    @Test func everyBufferGoesBackToTheDriver() throws {
        let steps = (0..<50).map { FakeV4L2.Step.buffer(sequence: $0, bytes: grey(UInt8($0))) }
        let device = FakeV4L2("GREY", 16, 8, steps)
        let source = camera([.success(device)])
        _ = try source.open()
        for index in 0..<50 {
            #expect(word(source) == "\(index) missed 0")
            #expect(device.enqueued.count == 3)
        }
    }

    @Test(arguments: [(ENODEV, CaptureError.Code.disconnected), (EIO, .disconnected), (EINVAL, .disconnected)])
    func anUnplugIsADisconnect(_ code: Int32, _ expected: CaptureError.Code) throws {
        for call in ["poll", "DQBUF"] {
            let source = camera([.success(FakeV4L2("GREY", 16, 8, [.fault(call, code)]))])
            _ = try source.open()
            #expect(word(source) == expected.rawValue)
        }
    }

    @Test func aReplugNegotiatesFromNothing() throws {
        let first = FakeV4L2("GREY", 16, 8, [.buffer(sequence: 3, bytes: grey(1)), .fault("DQBUF", ENODEV)])
        let second = FakeV4L2("YUYV", 4, 2, [.buffer(sequence: 0, bytes: [UInt8](repeating: 9, count: 16))])
        let source = camera([.success(first), .failure(V4L2Errno(call: "open", code: ENOENT)), .success(second)])
        #expect(try source.open().size == FrameSize(width: 16, height: 8))
        #expect(word(source) == "1 missed 0" && word(source) == "disconnected")
        source.close()
        #expect(first.isClosed)
        #expect(throws: CaptureError.self) { try source.open() }
        #expect(try source.open().description == "YUYV 4x2 30 fps")
        #expect(word(source) == "9 missed 0")
        #expect(source.counters.missed == 0)
    }

    @Test func silenceIsATimeoutAndTheDeviceStaysOpen() throws {
        let device = FakeV4L2("GREY", 16, 8, [.silence, .silence, .buffer(sequence: 1, bytes: grey(5))])
        let source = camera([.success(device)])
        _ = try source.open()
        #expect(word(source, timeout: .milliseconds(20)) == "timedOut")
        #expect(word(source, timeout: .milliseconds(300)) == "5 missed 0")
    }

    @Test func aCancellationEndsAWait() throws {
        let device = FakeV4L2("GREY", 16, 8)
        let source = camera([.success(device), .success(FakeV4L2("GREY", 16, 8))])
        _ = try source.open()
        // Cancelled while the device waits for a buffer, not before: the wait itself must end.
        device.whenWaiting = { source.cancellation.cancel() }
        let start = SystemTime().now()
        #expect(word(source, timeout: .seconds(60)) == "ended")
        #expect(device.waits > 0 && SystemTime().now() - start < .seconds(5))
        #expect(throws: CaptureError.self) { try source.open() }
    }

    @Test(arguments: [
        ("open", EACCES, CaptureError.Code.noPermission), ("open", ENOENT, .unavailable),
        ("open", ENODEV, .unavailable),
        ("QUERYCAP", ENOTTY, .notACamera), ("S_FMT", EBUSY, .busy), ("REQBUFS", EBUSY, .busy),
        ("REQBUFS", ENOMEM, .unavailable), ("STREAMON", ENOSPC, .busy), ("STREAMON", EPIPE, .disconnected),
        ("QBUF", EINVAL, .disconnected),
    ])
    func aRefusedOpeningSaysWhyAndClosesTheDevice(_ call: String, _ code: Int32, _ expected: CaptureError.Code) {
        let device = FakeV4L2("GREY", 16, 8)
        device.refusals[call] = code
        let source = camera([call == "open" ? .failure(V4L2Errno(call: call, code: code)) : .success(device)])
        let error = #expect(throws: CaptureError.self) { try source.open() }
        #expect(error?.code == expected && error?.operation == "open /dev/video7")
        #expect(call == "open" || device.isClosed)
    }

    @Test func timesAreTheDriversWhereTheyCanBeBelieved() throws {
        let time = SimulatedTime(start: MonotonicTime(nanoseconds: 60_000_000_000))
        let stamps: [Int64?] = [59_900_000_000, 59_950_000_000, 59_950_000_000, nil, 5, 99_000_000_000]
        let steps = stamps.enumerated().map {
            FakeV4L2.Step.buffer(sequence: UInt32($0), bytes: grey(1), time: $1)
        }
        let source = camera([.success(FakeV4L2("GREY", 16, 8, steps))], time: time)
        _ = try source.open()
        var seen: [Int64] = []
        for _ in stamps {
            guard case .frame(let frame) = try source.read(timeout: .seconds(1)) else { continue }
            seen.append(frame.time.nanoseconds)
            #expect(
                frame.utc.microseconds == time.utc().microseconds - (60_000_000_000 - frame.time.nanoseconds) / 1000)
        }
        #expect(
            seen == [59_900_000_000, 59_950_000_000, 59_950_000_000, 60_000_000_000, 60_000_000_000, 60_000_000_000])
        #expect(source.counters.nonMonotonic == 3)
    }
}

@Suite struct V4L2JPEGTests {
    private let scratch: Scratch
    init() throws { scratch = try Scratch() }

    /// One JPEG picture of a flat grey.
    private func jpeg(_ size: FrameSize) throws -> [UInt8] {
        try ClipWriter.write(
            scratch.file("a.mjpeg"), ClipStyle(codec: "mjpeg", size: size, frames: 1, format: AV_PIX_FMT_YUVJ420P))
        return try scratch.read("a.mjpeg")
    }

    @Test func picturesAreDecodedAndDamagedOnesCounted() throws {
        let (good, other) = (try jpeg(FrameSize(width: 64, height: 48)), try jpeg(FrameSize(width: 32, height: 32)))
        let device = FakeV4L2(
            "MJPG", 64, 48,
            [
                .buffer(sequence: 0, bytes: good), .buffer(sequence: 1, bytes: [1, 2, 3, 4]),
                .buffer(sequence: 2, bytes: []), .buffer(sequence: 3, bytes: good, used: 20),
                .buffer(sequence: 4, bytes: good), .buffer(sequence: 5, bytes: other),
                .buffer(sequence: 6, bytes: good),
            ])
        let source = camera([.success(device)])
        #expect(try source.open().description == "MJPG 64x48 30 fps")
        #expect((0..<4).map { _ in word(source) } == ["40 missed 0", "corrupt", "corrupt", "corrupt"])
        #expect(
            (0..<5).map { _ in word(source) } == [
                "40 missed 0", "MJPG 32x32 30 fps", "40 missed 0", "MJPG 64x48 30 fps", "40 missed 0",
            ])
    }
}

@Suite struct V4L2DoctorTests {
    private func diagnose(_ device: Result<FakeV4L2, V4L2Errno>) -> V4L2Diagnosis {
        let bus = FakeBus([device])
        return V4L2Doctor.diagnose("/dev/video7") { (path) throws(V4L2Errno) in try bus.open(path) }
    }

    @Test func saysWhatADeviceOffers() {
        let device = FakeV4L2([
            (FourCC("YUYV"), .discrete([FrameSize(width: 640, height: 480)]), [15, 30]), (FourCC("H264"), nil, []),
        ])
        let diagnosis = diagnose(.success(device))
        #expect(diagnosis.problem == nil && diagnosis.choice?.description == "YUYV 640x480 30 fps")
        #expect(diagnosis.lines.contains("  offers YUYV 640x480 at 30 fps"))
        #expect(diagnosis.lines.last == "  offers, to be converted or not at all: H264")
        #expect(device.isClosed)
    }

    @Test(arguments: [
        (V4L2_CAP_META_CAPTURE, "metadata node"), (V4L2_CAP_VIDEO_OUTPUT, "output"), (V4L2_CAP_VIDEO_M2M, "codec"),
        (V4L2_CAP_VIDEO_CAPTURE_MPLANE, "multi-planar"), (V4L2_CAP_VIDEO_CAPTURE, "cannot stream"),
        (V4L2_CAP_RADIO, "takes no pictures"),
    ])
    func saysWhyANodeIsNoCamera(_ flag: Int32, _ words: String) {
        let device = FakeV4L2("YUYV", 640, 480)
        device.flags = UInt32(bitPattern: flag)
        #expect(diagnose(.success(device)).problem?.message.contains(words) == true)
    }

    @Test func saysThatADeviceIsBusyOrMayNotBeOpened() {
        let device = FakeV4L2("YUYV", 640, 480)
        device.refusals["REQBUFS"] = EBUSY
        #expect(diagnose(.success(device)).problem?.code == .busy)
        #expect(diagnose(.failure(V4L2Errno(call: "open", code: EACCES))).problem?.code == .noPermission)
    }

    @Test(arguments: [
        ("/dev/video-none", CaptureError.Code.unavailable), ("/dev/null", .notACamera), ("/etc", .notACamera),
    ])
    func realPathsThatAreNoCameras(_ path: String, _ code: CaptureError.Code) {
        let problem = V4L2Doctor.diagnose(path).problem
        #expect(problem?.code == code, "\(String(describing: problem))")
        let source = makeSource(
            SourceSpecification(kind: .v4l2(path: path)), time: SystemTime())
        #expect(failure(source)?.code == code)
    }
}
