import Testing
import Video

@testable import Capture

/// An address in the form that one vendor's cameras have. SECRET and hush stand for a password or what serves as one.
struct VendorAddress: Sendable, CustomTestStringConvertible {
    let vendor: String
    let text: String
    /// What is shown of it.
    let shown: String
    var testDescription: String { "\(vendor): \(text)" }

    init(_ vendor: String, _ text: String, _ shown: String) {
        (self.vendor, self.text, self.shown) = (vendor, text, shown)
    }

    static let all: [VendorAddress] = [
        VendorAddress(
            "Xiongmai, with _", "rtsp://10.0.0.7:554/user=admin_password=SECRET_channel=1_stream=0.sdp?real_stream",
            "rtsp://10.0.0.7:554/user=***_password=***_channel=***_stream=***?***"),
        VendorAddress(
            "Xiongmai, with &", "rtsp://10.0.0.7:554/user=admin&password=SECRET&channel=1&stream=0.sdp?",
            "rtsp://10.0.0.7:554/user=***&password=***&channel=***&stream=***?***"),
        VendorAddress(
            "Xiongmai, a password of all signs",
            "rtsp://10.0.0.7/user=admin_password=SECRET_x=hush/y&z=SECRET_channel=1_stream=0.sdp",
            "rtsp://10.0.0.7/user=***_password=***_channel=***_stream=***"),
        VendorAddress(
            "Xiongmai, encoded", "rtsp://10.0.0.7/user%3Dadmin_password%3DSECRET_channel%3D1", "rtsp://10.0.0.7/***"),
        VendorAddress(
            "Xiongmai, without a password", "rtsp://10.0.0.7/user=admin_password=_channel=1_stream=0.sdp",
            "rtsp://10.0.0.7/user=***_password=***_channel=***_stream=***"),
        VendorAddress(
            "Dahua", "rtsp://admin:SECRET@10.0.0.7:554/cam/realmonitor?channel=1&subtype=0",
            "rtsp://10.0.0.7:554/cam/realmonitor?channel=***&subtype=***"),
        VendorAddress(
            "Dahua, authbasic", "rtsp://10.0.0.7/cam/realmonitor?channel=1&subtype=0&authbasic=U0VDUkVUhush==",
            "rtsp://10.0.0.7/cam/realmonitor?channel=***&subtype=***&authbasic=***"),
        VendorAddress(
            "Hikvision", "rtsp://admin:SECRET@cam.local/Streaming/Channels/101",
            "rtsp://cam.local/Streaming/Channels/101"),
        VendorAddress(
            "Hikvision, old", "rtsp://admin:SECRET@10.0.0.7/h264/ch1/main/av_stream",
            "rtsp://10.0.0.7/h264/ch1/main/av_stream"),
        VendorAddress(
            "Hikvision, encoded",
            "rtsp://admin:SECRET%2F%23%3F%40hush@10.0.0.7/ISAPI/Streaming/channels/102?transportmode=unicast",
            "rtsp://10.0.0.7/ISAPI/Streaming/channels/102?transportmode=***"),
        VendorAddress(
            "Foscam", "http://10.0.0.7:88/cgi-bin/CGIProxy.fcgi?cmd=snapPicture2&usr=admin&pwd=SECRET",
            "http://10.0.0.7:88/cgi-bin/CGIProxy.fcgi?cmd=***&usr=***&pwd=***"),
        VendorAddress(
            "Foscam, old", "http://10.0.0.7/videostream.cgi?user=admin&pwd=SECRET&resolution=32",
            "http://10.0.0.7/videostream.cgi?user=***&pwd=***&resolution=***"),
        VendorAddress(
            "Vstarcam", "http://10.0.0.7:81/videostream.cgi?loginuse=admin&loginpas=SECRET",
            "http://10.0.0.7:81/videostream.cgi?loginuse=***&loginpas=***"),
        VendorAddress("Foscam, RTSP", "rtsp://admin:SECRET@10.0.0.7:88/videoMain", "rtsp://10.0.0.7:88/videoMain"),
        VendorAddress(
            "Reolink", "rtsp://admin:SECRET@10.0.0.7:554/h264Preview_01_main",
            "rtsp://10.0.0.7:554/h264Preview_01_main"),
        VendorAddress(
            "Reolink, FLV",
            "https://10.0.0.7/flv?port=1935&app=bcs&stream=channel0_main.bcs&user=admin&password=SECRET",
            "https://10.0.0.7/flv?port=***&app=***&stream=***&user=***&password=***"),
        VendorAddress(
            "Reolink, snapshot", "http://10.0.0.7/cgi-bin/api.cgi?cmd=Snap&channel=0&rs=x1&user=admin&password=SECRET",
            "http://10.0.0.7/cgi-bin/api.cgi?cmd=***&channel=***&rs=***&user=***&password=***"),
        VendorAddress(
            "Reolink, token", "http://10.0.0.7/api.cgi?cmd=Snap&token=SECREThush",
            "http://10.0.0.7/api.cgi?cmd=***&token=***"),
        VendorAddress(
            "Axis", "rtsp://root:SECRET@10.0.0.7/axis-media/media.amp?videocodec=h264&camera=1",
            "rtsp://10.0.0.7/axis-media/media.amp?videocodec=***&camera=***"),
        VendorAddress(
            "Axis, MJPEG", "http://root:SECRET@10.0.0.7/axis-cgi/mjpg/video.cgi",
            "http://10.0.0.7/axis-cgi/mjpg/video.cgi"),
        VendorAddress(
            "TP-Link", "rtsp://user:SECRET@10.0.0.7:554/stream1", "rtsp://10.0.0.7:554/stream1"),
        VendorAddress(
            "UniFi Protect", "rtsps://10.0.0.1:7441/5SECRET8xK2hush3z?enableSrtp", "rtsps://10.0.0.1:7441/***?***"),
        VendorAddress(
            "Uniview", "rtsp://admin:SECRET@10.0.0.7/unicast/c1/s0/live", "rtsp://10.0.0.7/unicast/c1/s0/live"),
        VendorAddress(
            "TVT, user in the path", "rtsp://10.0.0.7:554/0/admin:SECRET/main", "rtsp://10.0.0.7:554/0/***"),
        VendorAddress(
            "TVT, a slash in the password", "rtsp://10.0.0.7:554/0/admin:SECRET/hush/main", "rtsp://10.0.0.7:554/0/***"),
        VendorAddress(
            "user and @ in the path", "rtsp://10.0.0.7:554/admin:SECRET@stream1", "rtsp://10.0.0.7:554/***"),
        VendorAddress("the same, encoded", "rtsp://10.0.0.7/live/admin%3aSECRET%40x", "rtsp://10.0.0.7/live/***"),
        VendorAddress(
            "Vivotek", "http://root:SECRET@10.0.0.7/cgi-bin/viewer/video.jpg?channel=0&resolution=640x480",
            "http://10.0.0.7/cgi-bin/viewer/video.jpg?channel=***&resolution=***"),
        VendorAddress(
            "Hanwha", "rtsp://admin:SECRET@10.0.0.7/profile2/media.smp", "rtsp://10.0.0.7/profile2/media.smp"),
        VendorAddress(
            "Bosch", "rtsp://service:SECRET@10.0.0.7/rtsp_tunnel?inst=1&line=2",
            "rtsp://10.0.0.7/rtsp_tunnel?inst=***&line=***"),
        VendorAddress(
            "Panasonic", "rtsp://admin:SECRET@10.0.0.7/MediaInput/h264", "rtsp://10.0.0.7/MediaInput/h264"),
        VendorAddress("Sony", "rtsp://admin:SECRET@10.0.0.7:554/media/video1", "rtsp://10.0.0.7:554/media/video1"),
        VendorAddress(
            "D-Link", "http://admin:SECRET@10.0.0.7/video/mjpg.cgi?profileid=2",
            "http://10.0.0.7/video/mjpg.cgi?profileid=***"),
        VendorAddress("Zosi", "rtsp://10.0.0.7/11?auth=SECRET:hush", "rtsp://10.0.0.7/11?auth=***"),
        VendorAddress("Yoosee", "rtsp://admin:SECRET@10.0.0.7:554/onvif1", "rtsp://10.0.0.7:554/onvif1"),
        VendorAddress("ONVIF token", "rtsp://10.0.0.7/onvif1?token=SECRET", "rtsp://10.0.0.7/onvif1?token=***"),
        VendorAddress(
            "a session as a matrix parameter", "http://10.0.0.7/live;jsessionid=SECRET?x",
            "http://10.0.0.7/live;jsessionid=***?***"),
        VendorAddress("a matrix parameter alone", "http://10.0.0.7/live;SECRET", "http://10.0.0.7/***"),
        VendorAddress(
            "Scrypted", "rtsp://10.0.0.7:34135/7c5f7c6d9eSECRET1c", "rtsp://10.0.0.7:34135/***"),
        VendorAddress(
            "a UUID", "rtsp://10.0.0.7/live/8c1ad3e0-77aa-4f0e-9b1c-2f6a0d9e4b11/x", "rtsp://10.0.0.7/live/***/x"),
        VendorAddress(
            "a stream's long name", "rtsp://nas:8554/front-door-camera-12", "rtsp://nas:8554/front-door-camera-12"),
        VendorAddress(
            "a token in the path", "http://10.0.0.7/live/token/SECRET/index.m3u8",
            "http://10.0.0.7/live/token/***/index.m3u8"),
        VendorAddress("base64 as the query", "http://10.0.0.7/x?YWRtaW46U0VDUkVUhush==", "http://10.0.0.7/x?***"),
        VendorAddress(
            "a stream behind a proxy", "http://go2rtc.local/api/stream.mjpeg?src=rtsp://admin:SECRET@10.0.0.7/x",
            "http://go2rtc.local/api/stream.mjpeg?src=***"),
        VendorAddress("an @ in a query", "http://cam.local/x?mail=SECRET@b", "http://cam.local/x?mail=***"),
        VendorAddress("IPv6", "rtsp://admin:SECRET@[fe80::1%25eth0]:554/x", "rtsp://[fe80::1%25eth0]:554/x"),
    ]
}

@Suite struct RedactionTests {
    private func everything(_ source: SourceSpecification) -> String {
        var dumped = ""
        dump(source, to: &dumped)
        dump(source.options, to: &dumped)
        dump(source.kind, to: &dumped)
        return "\(source) \(source.kind) \(source.options) \(dumped) \(source.redacted) \(String(describing: source))"
            + String(reflecting: source) + String(reflecting: source.kind) + String(reflecting: source.options)
    }

    @Test(arguments: VendorAddress.all) func aVendorsAddressIsShownWithoutItsSecret(_ address: VendorAddress) throws {
        let source = try SourceSpecification(parsing: address.text)
        #expect(source.redacted == address.shown)
        let shown = everything(source)
        for word in ["SECRET", "hush", "admin", "root", "U0VDUkVU"] {
            #expect(!shown.contains(word), "\(word): \(shown)")
        }
        // What is shown is shown the same where it comes back: as a recording's name.
        #expect(Redaction.shown(source.redacted) == source.redacted && Redaction.shown(address.text) == address.shown)
    }

    /// Nothing of it is lost to what opens it.
    @Test(arguments: VendorAddress.all) func itIsOpenedAsItWasWritten(_ address: VendorAddress) throws {
        let source = try SourceSpecification(parsing: address.text)
        guard case .stream(let parsed) = source.kind else { throw TestFailure("\(address.text) is no stream") }
        let url = parsed.url(user: source.options.user, password: source.options.password)
        #expect(url == address.text.replacing("#", with: ""))
    }

    static let ambiguous = ["/", "?", "#", "/x?", "?a=", "/12:", "@x/"].flatMap { sign in
        ["cam.local/live", "10.0.0.7:554/live", "127.0.0.1", "[::1]:554/x"].map {
            "rtsp://admin:1234\(sign)SECRET@\($0)"
        }
    }

    /// `admin:1234/SECRET@host` has the form of `host:port/path@x`.
    @Test(
        arguments: ambiguous + ["http://u:pw@ss/SECRET@host/", "rtsp://admin/1:SECRET@host/x", "RTSP://a:1#SECRET@h"])
    func whatCouldBeAPasswordIsRefused(_ text: String) throws {
        let error = #expect(throws: CaptureError.self) { try SourceSpecification(parsing: text) }
        let line = error?.description ?? ""
        #expect(line.contains("percent-encoded (%2F %3F %23 %40)") && line.contains("an @ in a path is written %40"))
        #expect(!line.contains("SECRET") && !line.contains("1234") && !line.contains("admin") && !line.contains("\n"))
        #expect(Redaction.mayHoldSecret(text) && Redaction.shown(text) == "***")
    }

    @Test(arguments: [
        "rtps://admin:SECRET@host/x", "admin:SECRET://host", "RTSP:/admin:SECRET@host", "rtsp:admin:SECRET@host",
        "rtsp//admin:SECRET@host/x", #"rtsp:\\admin:SECRET@host\x"#, "admin:SECRET@host/path", "admin:SEC/RET@host",
        "//admin:SECRET@host/path", "192.168.1.10:554/user=admin_password=SECRET",
        "192.168.1.10/user=a_password=SECRET",
        "cam:8554/SECRET", "file://admin:SECRET@host/share/x.mp4", "file:rtsp://admin:SECRET@host", "http:SECRET",
        "v4l2:rtsp://admin:SECRET@host", "/user=admin_password=SECRET_channel=1", "ftp://admin:SECRET@host/x",
        "rtsp://admin:SECRET", "rtsp://admin:SECRET/x", "rtsp://admin:SECRET 1@host/x", "rtsp://ad;min%3ASECRET/",
        "rtsp://[SECRET:pw;]/x", "rtsp://admin:SECRET10.0.0.7:554/main", "onvif://SECRET@h",
    ])
    func whatLooksLikeAnAddressIsNoFile(_ text: String) throws {
        let error = #expect(throws: CaptureError.self) { try SourceSpecification(parsing: text) }
        let line = error?.description ?? "SECRET"
        #expect(!line.contains("SECRET") && !line.contains("SEC/RET") && !line.contains("\n"), "\(line)")
    }

    @Test(arguments: [
        ("/rec/12:30@porch.mp4", "/rec/12:30@porch.mp4"), ("./12:30@porch.mp4", "./12:30@porch.mp4"),
        ("file:12:30@porch.mp4", "12:30@porch.mp4"), ("12:30/clip.mp4", "12:30/clip.mp4"),
        ("file:password=1.mp4", "password=1.mp4"), ("C:clip.mp4", "C:clip.mp4"), ("porch@home.mp4", "porch@home.mp4"),
        ("rtsp/clip.mp4", "rtsp/clip.mp4"), ("httpd.mkv", "httpd.mkv"),
    ])
    func aFileStaysAFile(_ text: String, _ path: String) throws {
        #expect(try SourceSpecification(parsing: text).kind == .file(path: path))
    }

    /// What a command was called with comes back in messages of all kinds: whole, as an option's value, as a folder, as a name.
    @Test(arguments: [
        "Unexpected argument '%'", "%: cannot be opened", "Unknown option '--x=%'", "in \"%\":\n%\t% %",
    ])
    func aMessageRepeatsNoArgument(_ form: String) {
        for argument in VendorAddress.all.map(\.text) + Self.ambiguous + [
            "admin:SECRET@h/x", "rtsp://u:SEC/RET@h/m.png",
        ] {
            for arguments in [["zanzo", argument], ["zanzo", "--x=" + argument]] {
                let message = form.replacing("%", with: argument)
                let shown = Redaction.message(message, arguments: arguments)
                #expect(!["SECRET", "hush", "SEC/RET", "U0VDUkVU"].contains { shown.contains($0) }, "\(shown)")
                let folder = argument.lastIndex(of: "/").map { String(argument[..<$0]) } ?? argument
                let name = argument.split(separator: "/").last.map(String.init) ?? argument
                let parts = Redaction.message("\(folder): no such folder; \(name)", arguments: arguments)
                if argument.contains("@") { #expect(!parts.contains("SECRET@"), "\(parts)") }
            }
        }
        // What has no secret in it is left as it is, also where another argument has one.
        for line in ["open http://10.0.0.7:81/a/mjpeg: refused", "rtsp://cam.local/x: lost", "read clips/a:b.mp4: cut"]
        {
            let words = line.split(separator: " ").map { $0.hasSuffix(":") ? String($0.dropLast()) : String($0) }
            #expect(Redaction.message(line, arguments: words + VendorAddress.all.map(\.text)) == line)
        }
        #expect(Redaction.message("a: b", arguments: ["zanzo", "a", "rtsp://h/x"]) == "a: b")
    }
}
