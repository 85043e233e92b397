import Testing
import Video

@testable import Capture

@Suite struct SpecificationTests {
    @Test(arguments: [
        ("/dev/video0", SourceSpecification.Kind.v4l2(path: "/dev/video0")),
        ("v4l2:/dev/v4l/by-id/usb-A_B-video-index0", .v4l2(path: "/dev/v4l/by-id/usb-A_B-video-index0")),
        ("  clips/a.mp4", .file(path: "clips/a.mp4")),
        ("file:///tmp/a.mkv", .file(path: "/tmp/a.mkv")),
        ("frames/", .pictures(path: "frames/")),
        ("walk.PNG", .pictures(path: "walk.PNG")),
    ])
    func readsWhatPeopleWrite(_ text: String, _ kind: SourceSpecification.Kind) throws {
        #expect(try SourceSpecification(parsing: text).kind == kind)
    }

    @Test(arguments: [
        "rtsp://admin:hun%40ter2@cam.local:554/ch1", "RTSP://admin:hun@ter2@cam.local/ch1?a=1",
        "http://cam/video?usr=admin&pwd=hun@ter2", "https://admin:hun@ter2@[fe80::1]:8443/x",
    ])
    func aPasswordNeverShows(_ text: String) throws {
        let specification = try SourceSpecification(parsing: text)
        var dumped = ""
        dump(specification, to: &dumped)
        dump(specification.options, to: &dumped)
        dump(specification.kind, to: &dumped)
        let shown =
            "\(specification) \(specification.kind) \(specification.options) \(dumped)"
            + String(reflecting: specification) + String(reflecting: specification.options) + specification.redacted
        #expect(!shown.contains("ter2"))
    }

    @Test func credentialsGoToTheOptionsAndBack() throws {
        let specification = try SourceSpecification(parsing: "rtsp://a%3Ab:p%2Fw%20d@h:5540/x?y=1")
        #expect(specification.options.user == "a:b")
        #expect(specification.options.password == "p/w d")
        #expect(specification.redacted == "rtsp://h:5540/x?y=***")
        guard case .stream(let address) = specification.kind else {
            Issue.record("not a stream")
            return
        }
        #expect(address.url(user: "a:b", password: "p/w d") == "rtsp://a%3Ab:p%2Fw%20d@h:5540/x?y=1")
        #expect(address.url(user: nil, password: nil) == "rtsp://h:5540/x?y=1")
    }

    @Test(arguments: [
        "", "   ", "v4l2:", "file:", "ftp://x/y", "rtsp://", "rtsp:///x", "rtsp://h:port/", "rtsp://h:99999/",
        "rtsp://admin:pa/ss@host/x", "rtsp://h/a b", "rtsp://[::1/x", "synthetic:", "synthetic:beach",
        "synthetic:street?seed=x", "synthetic:street?sede=1", "synthetic:street?size=0x4", "synthetic:street?rate=nan",
        "synthetic:street?size=9000x10", "synthetic:street?length=-1", "a\0b",
    ])
    func badSourcesAreRefusedInOneLine(_ text: String) {
        #expect {
            try SourceSpecification(parsing: text)
        } throws: { error in
            guard let error = error as? CaptureError else { return false }
            return !error.isTransient && !error.description.contains("\n") && !error.description.contains("ss@host")
        }
    }

    @Test func aSyntheticSourceIsTakenApart() throws {
        let specification = try SourceSpecification(
            parsing: "synthetic:street?seed=9&rate=7.5&size=160x120&script=demo&length=110&realtime=yes&loop=yes")
        guard case .synthetic(let settings) = specification.kind else {
            Issue.record("not synthetic")
            return
        }
        #expect(settings.seed == 9 && settings.script.anomalies.count == 5 && settings.length == .seconds(110))
        #expect(specification.options.size == FrameSize(width: 160, height: 120))
        #expect(specification.options.rate == 7.5 && specification.options.realTime && specification.options.loop)
        #expect(specification.redacted == "synthetic:street?seed=9&script=demo")
    }
}

@Suite struct BackoffTests {
    @Test func doublesToAMinuteWithJitterAndStartsAnew() {
        var backoff = Backoff(seed: 3)
        var expected = 0.5
        for _ in 0..<12 {
            let pause = backoff.next().seconds
            #expect(pause >= expected * 0.8 - 1e-9 && pause <= expected * 1.2 + 1e-9)
            expected = min(60, expected * 2)
        }
        backoff.reset()
        #expect(backoff.next() < .milliseconds(601))
        // Shorter than the pause before is no proof, as long as it is not five seconds.
        backoff.hold(for: .milliseconds(399))
        #expect(backoff.next() >= .milliseconds(800))
        for _ in 0..<6 { _ = backoff.next() }
        backoff.hold(for: .milliseconds(4999))
        #expect(backoff.next() >= .seconds(48))
        backoff.hold(for: .seconds(5))
        #expect(backoff.next() < .milliseconds(601))
        var other = Backoff(seed: 4)
        #expect(
            other.next()
                != {
                    var b = Backoff(seed: 3); return b.next()
                }())
    }
}
