import CFFmpeg
import Glibc
import Testing
import Video

@testable import Capture

private func stream(_ url: String, _ change: (inout SourceOptions) -> Void = { _ in }) throws -> LibavSource {
    var specification = try SourceSpecification(parsing: url)
    change(&specification.options)
    guard case .stream(let address) = specification.kind else { throw TestFailure("\(url) is no stream") }
    return LibavSource(address: address, options: specification.options, time: SystemTime())
}

/// The error of `body`, and how long it took to come.
private func timed<R>(_ body: () throws(CaptureError) -> R) -> (error: CaptureError?, took: Duration) {
    let start = SystemTime().now()
    do throws(CaptureError) {
        _ = try body()
        return (nil, SystemTime().now() - start)
    } catch {
        return (error, SystemTime().now() - start)
    }
}

@Suite(.serialized) struct HTTPTests {
    private let scratch: Scratch
    init() throws { scratch = try Scratch() }

    private func reply(_ status: String, _ headers: String = "", _ body: [UInt8] = []) -> [UInt8] {
        Array("HTTP/1.1 \(status)\r\n\(headers)Content-Length: \(body.count)\r\nConnection: close\r\n\r\n".utf8) + body
    }

    @Test(arguments: [
        ("401 Unauthorized", CaptureError.Code.authentication), ("403 Forbidden", .authentication),
        ("404 Not Found", .unavailable), ("500 Oh", .unavailable), ("302 Found", .unsupported),
    ])
    func refusalsAreNamedAndPasswordsKept(_ status: String, _ code: CaptureError.Code) throws {
        let redirect = status.hasPrefix("302") ? "Location: file:///etc/passwd\r\n" : ""
        let server = try CannedServer(reply: reply(status, redirect))
        let source = try stream("http://admin:hun%40ter2@127.0.0.1:\(server.port)/video?pwd=hunter2")
        let error = timed { () throws(CaptureError) in try source.open() }.error
        #expect(error != nil && error?.description.contains("ter2") == false)
        if redirect.isEmpty { #expect(error?.code == code, "\(String(describing: error))") }
    }

    /// Where a server sends its client on, with a password in the new address: that is the server's, and is not shown either.
    @Test func aRedirectsPasswordIsKept() throws {
        let place = "http://admin:hunter2@127.0.0.1:1/user=admin_password=hunter2?pwd=hunter2"
        let server = try CannedServer(reply: reply("302 Found", "Location: \(place)\r\n"))
        let source = try stream("http://127.0.0.1:\(server.port)/video")
        let error = timed { () throws(CaptureError) in try source.open() }.error
        #expect(
            error?.code == .unavailable && error?.description.contains("ter2") == false, "\(String(describing: error))")
    }

    @Test func aStreamOfPicturesIsReadUntilItIsCut() throws {
        try ClipWriter.write(
            scratch.file("a.mjpeg"), ClipStyle(codec: "mjpeg", frames: 12, format: AV_PIX_FMT_YUVJ420P))
        let server = try CannedServer(
            reply: reply("200 OK", "Content-Type: video/x-motion-jpeg\r\n", scratch.read("a.mjpeg")))
        let source = try stream("http://127.0.0.1:\(server.port)/a.mjpeg")
        #expect(try source.open().size == FrameSize(width: 64, height: 48))
        #expect(source.isLive)
        var frames = 0
        let error = timed { () throws(CaptureError) in
            while true { if case .frame = try source.read(timeout: .seconds(5)) { frames += 1 } }
        }.error
        #expect(frames == 12 && error?.code == .disconnected)
    }

    /// A camera's MJPEG over HTTP, `pictures` in a row.
    private func multipart(_ pictures: [[UInt8]]) -> [UInt8] {
        Array(
            "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\nConnection: close\r\n\r\n"
                .utf8)
            + pictures.flatMap {
                Array("--frame\r\nContent-Type: image/jpeg\r\nContent-Length: \($0.count)\r\n\r\n".utf8) + $0 + [
                    13, 10,
                ]
            }
    }

    /// One whole JPEG with something in it.
    private func jpeg() throws -> [UInt8] {
        try ClipWriter.write(
            scratch.file("one.mjpeg"), ClipStyle(codec: "mjpeg", frames: 1, format: AV_PIX_FMT_YUVJ420P))
        return try scratch.read("one.mjpeg")
    }

    @Test("Every fifth picture of a stream is half: exactly those are counted as damaged, and none is given")
    func halfPicturesOfAStream() throws {
        let whole = try jpeg()
        let half = Array(whole[..<(whole.count - whole.count / 8)])
        let server = try CannedServer(reply: multipart((0..<25).map { $0 % 5 == 4 ? half : whole }))
        let source = try stream("http://127.0.0.1:\(server.port)/mjpeg")
        _ = try source.open()
        var (frames, damaged) = (0, 0)
        _ = timed { () throws(CaptureError) in
            while true {
                switch try source.read(timeout: .seconds(5)) {
                case .frame: frames += 1
                case .corrupt: damaged += 1
                default: continue
                }
            }
        }
        #expect(frames == 20 && damaged == 5 && source.counters.corrupt == 5)
    }

    @Test("A stream of nothing but halves is not open, and says why")
    func onlyHalfPictures() throws {
        let whole = try jpeg()
        let half = Array(whole[..<(whole.count - whole.count / 8)])
        let server = try CannedServer(reply: multipart(Array(repeating: half, count: 10)))
        let source = try stream("http://127.0.0.1:\(server.port)/mjpeg")
        source.openingTime = .seconds(5)
        #expect(timed { () throws(CaptureError) in try source.open() }.error != nil)
        #expect(source.counters.frames == 0 && source.counters.corrupt > 0)
    }

    @Test("A still image is fetched again and again, as often as it is asked for")
    func aStillImageIsPolled() throws {
        let server = try CannedServer(reply: reply("200 OK", "Content-Type: image/jpeg\r\n", jpeg()))
        let source = try stream("http://127.0.0.1:\(server.port)/snap.jpg") { $0.pollingRate = 20 }
        #expect(try source.open().description.contains("still image"))
        var times: [MonotonicTime] = []
        while times.count < 5 {
            if case .frame(let frame) = try source.read(timeout: .seconds(5)) { times.append(frame.time) }
        }
        #expect(times[4] - times[0] > .milliseconds(150) && source.counters.corrupt == 0)
    }

    @Test("A web page is no video, and the message says so")
    func aWebPage() throws {
        let server = try CannedServer(
            reply: reply("200 OK", "Content-Type: text/html\r\n", Array("<html>login</html>".utf8)))
        let source = try stream("http://127.0.0.1:\(server.port)/")
        let error = timed { () throws(CaptureError) in try source.open() }.error
        #expect(error?.message.contains("no video that FFmpeg can read") == true)
    }

    @Test(arguments: ["http", "rtsp"]) func aRefusedConnectionIsAnAnswer(_ scheme: String) throws {
        let source = try stream("\(scheme)://127.0.0.1:\(Loopback.freePort())/x")
        let (error, took) = timed { () throws(CaptureError) in try source.open() }
        #expect(
            error?.code == .unavailable && error?.message.contains("refused") == true, "\(String(describing: error))")
        #expect(took < .seconds(5))
    }

    @Test(arguments: ["http", "rtsp"]) func aSilentServerTimesOutOrIsCancelled(_ scheme: String) throws {
        let server = try CannedServer(reply: nil)
        let source = try stream("\(scheme)://127.0.0.1:\(server.port)/x")
        source.openingTime = .milliseconds(400)
        let (error, took) = timed { () throws(CaptureError) in try source.open() }
        #expect(error?.code == .timedOut && error?.isTransient == true)
        #expect(took >= .milliseconds(390) && took < .seconds(4))
        source.openingTime = .seconds(60)
        source.cancellation.cancel()
        let cancelled = timed { () throws(CaptureError) in try source.open() }
        #expect(cancelled.error?.code == .ended && cancelled.took < .seconds(4))
    }
}

@Suite(
    .serialized,
    .enabled(if: RTSPServer.missing == nil, "no RTSP server here: \(RTSPServer.missing ?? "")"))
struct RTSPTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
        try ClipWriter.write(
            scratch.file("a.mp4"), ClipStyle(codec: "libx264", frames: 1500, rate: 25, keyEvery: 5))
    }

    private func serve(_ credentials: (String, String)? = nil) throws -> RTSPServer {
        try RTSPServer(mounts: ["/a=\(scratch.file("a.mp4"))"], credentials: credentials)
    }

    /// Reads `count` frames; gives how many came.
    private func read(_ source: LibavSource, _ count: Int) throws -> Int {
        var frames = 0
        for _ in 0..<count { if case .frame = try source.read(timeout: .seconds(5)) { frames += 1 } }
        return frames
    }

    @Test(arguments: SourceOptions.Transport.allCases) func framesCome(_ transport: SourceOptions.Transport) throws {
        let server = try serve()
        let source = try stream("rtsp://127.0.0.1:\(server.port)/a") { $0.transport = transport }
        let format = try source.open()
        #expect(format.size == FrameSize(width: 64, height: 48) && format.description.hasPrefix("h264"))
        #expect(try read(source, 30) == 30)
        #expect(source.counters.corrupt == 0)
        source.close()
        _ = try source.open()
        #expect(try read(source, 5) == 5)
    }

    @Test func aWrongPasswordIsNamedAndNeverShown() throws {
        let server = try serve(("door", "hun@t:er/2"))
        let wrong = try stream("rtsp://door:wrong-one@127.0.0.1:\(server.port)/a")
        let error = timed { () throws(CaptureError) in try wrong.open() }.error
        #expect(error?.code == .authentication && error?.description.contains("wrong-one") == false)
        let none = try stream("rtsp://127.0.0.1:\(server.port)/a")
        #expect(timed { () throws(CaptureError) in try none.open() }.error?.code == .authentication)
        let right = try stream("rtsp://127.0.0.1:\(server.port)/a") { ($0.user, $0.password) = ("door", "hun@t:er/2") }
        _ = try right.open()
        #expect(try read(right, 3) == 3)
    }

    @Test func aWrongPathIsNamed() throws {
        let server = try serve()
        let source = try stream("rtsp://127.0.0.1:\(server.port)/b")
        let error = timed { () throws(CaptureError) in try source.open() }.error
        #expect(error?.code == .unavailable && error?.message.contains("404") == true)
    }

    @Test func aStallTimesOutInTimeAndGoesOn() throws {
        let server = try serve()
        let source = try stream("rtsp://127.0.0.1:\(server.port)/a")
        _ = try source.open()
        #expect(try read(source, 5) == 5)
        server.signal(SIGSTOP)
        // What was on its way comes first.
        var (error, took): (CaptureError?, Duration) = (nil, .zero)
        for _ in 0..<100 where error == nil {
            (error, took) = timed { () throws(CaptureError) in try source.read(timeout: .seconds(1)) }
        }
        #expect(error?.code == .timedOut && took >= .milliseconds(950) && took < .milliseconds(1500))
        server.signal(SIGCONT)
        #expect(try read(source, 5) == 5)
        server.signal(SIGSTOP)
        let closing = timed { () throws(CaptureError) in source.close() }
        #expect(closing.took < .seconds(1))
        server.signal(SIGCONT)
    }

    @Test func aKilledServerIsADisconnectAndComesBack() throws {
        var server = try serve()
        let source = try stream("rtsp://127.0.0.1:\(server.port)/a")
        _ = try source.open()
        server.end()
        var error: CaptureError?
        for _ in 0..<200 where error == nil {
            error = timed { () throws(CaptureError) in try source.read(timeout: .seconds(5)) }.error
        }
        #expect(error?.code == .disconnected && error?.isTransient == true, "\(String(describing: error))")
        source.close()
        #expect(timed { () throws(CaptureError) in try source.open() }.error?.code == .unavailable)
        server = try serve()
        let again = try stream("rtsp://127.0.0.1:\(server.port)/a")
        _ = try again.open()
        #expect(try read(again, 3) == 3)
    }
}
