import Capture
import Testing

@testable import Service

/// What a configuration's complaints repeat of what was written: never a password, in whatever place it stands.
@Suite struct SecretTests {
    static let addresses = [
        "rtsp://admin:1234/SECRET@127.0.0.1:9302/live", "rtps://admin:SECRET@host", "admin:SECRET@host/path",
        "RTSP:/admin:SECRET@host", "rtsp://h/user=admin_password=SECRET_channel=1", "user=admin&password=SECRET",
    ]

    static let places = [
        "host: '%'", "workers: '%'", "log_level: '%'", "cpu: '%'", "state_directory: '%'", "'%': 1", "events: '%'",
        "events: {socket: '%', rotate_size: '%', rotate_age: '%'}", "events: {'%': 1}", "snapshots: {directory: '%'}",
        "cameras: '%'", "cameras: ['%']", "cameras: {'%': {}}", "cameras: {porch: '%'}",
        "cameras: {porch: {model: m, '%': 1, source: /dev/video0}}",
        "cameras: {porch: {model: m, source: ['%']}}", "cameras: {porch: {model: m, source: {'%': 1}}}",
        "cameras: {porch: {source: a.mp4, model: 'm://%'}}", "cameras: {porch: {source: a, model: m, rate: '%'}}",
        "cameras: {porch: {source: a.mp4, model: m, size: '%', score: '%', timeout: '%', transport: '%'}}",
        "cameras: {porch: {source: a.mp4, model: m, regions: '%', hardware: '%', loop: '%', learn: '%'}}",
        "cameras: {porch: {source: a.mp4, model: m, credentials: '%'}}", "'%': 1\n'%': 2", "'%", "a: '%' b",
        "cameras: {porch: {source: a.mp4, model: m, password: SECRET, user: SECRET}}",
        "cameras: {porch: {source: a.mp4, model: m, credentials: 'admin:SECRET'}}",
    ]

    @Test("in every place", arguments: places)
    func everywhere(_ place: String) throws {
        for address in Self.addresses {
            let found = try problems(of: place.replacing("%", with: address))
            #expect(!found.isEmpty, "\(place)")
            #expect(!found.contains { $0.contains("SECRET") || $0.contains("1234") }, "\(found)")
            #expect(found.allSatisfy { !$0.contains("\n") })
        }
    }

    /// An address that can't be read says why; and a folder in front of it makes no path of it.
    @Test("as a source", arguments: addresses.filter { $0 != "rtsp://h/user=admin_password=SECRET_channel=1" })
    func source(_ address: String) throws {
        let found = try problems(of: "cameras: {porch: {source: '\(address)', model: m}}")
        #expect(
            found.count == 1 && found[0].hasPrefix("zanzo.yaml:1: cameras.porch.source: the source can't be read: "))
        #expect(!found[0].contains("SECRET"))
    }

    @Test("user and password where their file's path belongs")
    func credentials() throws {
        for text in ["admin:SECRET", "rtsp://admin:SECRET@h", "admin:SECRET@h"] {
            let error = #expect(throws: CredentialsError.self) { try CredentialsReference(argument: text) }
            #expect(error?.description.contains("SECRET") == false && error?.description.contains("file") == true)
        }
        #expect(try CredentialsReference(argument: "systemd:porch") == .systemd("porch"))
        #expect(try CredentialsReference(argument: "/etc/c:1") == .file("/etc/c:1"))
    }

    /// Where a sign stands in front that says so, a path may have any in it.
    @Test("paths that are none of it", arguments: ["/a:1@b/password=1", "./a:1@b", "../a:1@b", "state", "a@b", "a:b"])
    func paths(_ path: String) throws {
        let folder = try ConfigurationFolder()
        try folder.write("zanzo.yaml", "state_directory: '\(path)'")
        #expect(try folder.load().stateDirectory == (path.hasPrefix("/") ? path : folder.path + "/" + path))
    }
}

/// Texts as Windows' editors save them.
@Suite struct ByteOrderMarkTests {
    private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    private static let camera = "camera_defaults: {model: m}\ncameras:\n  porch: {source: /dev/video0}\n"

    @Test("a mark before the first key is passed over, and lines are counted as without it")
    func yaml() throws {
        let folder = try ConfigurationFolder()
        try folder.write("zanzo.yaml", Self.mark + Array(Self.camera.utf8))
        try folder.write("cameras.d/yard.yaml", Self.mark + Array("source: /dev/video1\n".utf8))
        #expect(try folder.load().cameras.map(\.name) == ["porch", "yard"])
        try folder.write("zanzo.yaml", Self.mark + Array("host: a\nhots: b\n".utf8))
        #expect(folder.problems().first == "zanzo.yaml:2: hots: unknown key; did you mean host?")
        try folder.write("zanzo.yaml", Self.mark)
        try folder.write("cameras.d/yard.yaml", "model: m\nsource: /dev/video1\n")
        #expect(try folder.load().cameras.count == 1)
    }

    @Test(
        "another encoding is named in one line",
        arguments: [
            ([0xFF, 0xFE], 16), ([0xFE, 0xFF], 16), ([0xFF, 0xFE, 0, 0], 32), ([0, 0, 0xFE, 0xFF], 32),
        ] as [([UInt8], Int)])
    func otherEncodings(_ mark: [UInt8], _ bits: Int) throws {
        let folder = try ConfigurationFolder()
        try folder.write("zanzo.yaml", mark + [0x61, 0])
        #expect(folder.problems() == ["zanzo.yaml: is text in UTF-\(bits); save it as UTF-8"])
        let path = try folder.write("c", mark + [0x61, 0])
        #expect(throws: CredentialsError(what: path, message: "is text in UTF-\(bits); save it as UTF-8")) {
            try CredentialsReference.file(path).load()
        }
    }

    @Test("credentials, in both forms", arguments: ["admin:pw", "user=admin\r\npassword=pw\r\n"])
    func credentials(_ text: String) throws {
        let folder = try ConfigurationFolder()
        let found = try CredentialsReference.file(folder.write("c", Self.mark + Array(text.utf8))).load()
        #expect(found.user == "admin" && found.password == "pw")
    }
}

/// What is good, and most likely not what somebody wanted.
@Suite struct ConfigurationWarningTests {
    @Test("files in cameras.d that only look like a camera's are named; what editors leave behind is not")
    func passedOver() throws {
        let folder = try ConfigurationFolder()
        try folder.write("zanzo.yaml", "camera_defaults: {model: m}\n")
        for name in ["yard.yaml", "porch.yml", "door.YAML", "gate.Yml"] {
            try folder.write("cameras.d/" + name, "source: /dev/video0\n")
        }
        for name in [
            "a.yaml~", "a.yml~", ".a.yml", ".a.yaml.swp", "#a.yml#", "a.yaml.dpkg-dist", "a.yml.bak", "README",
        ] {
            try folder.write("cameras.d/" + name, "]]]")
        }
        let configuration = try folder.load()
        #expect(configuration.cameras.map(\.name) == ["yard"])
        #expect(
            configuration.warnings.map { $0.replacing(folder.path + "/", with: "") }
                == ["door.YAML", "gate.Yml", "porch.yml"].map {
                    "cameras.d/\($0): is passed over: only files that end in .yaml are read; rename it"
                })
        #expect(configuration.problems().warnings.starts(with: configuration.warnings))
    }

    @Test("a cameras.d that can't be read as a folder is a mistake: at a reload every camera in it would be stopped")
    func noFolder() throws {
        let folder = try ConfigurationFolder()
        try folder.write("zanzo.yaml", "host: a\n")
        try folder.write("cameras.d", "")
        #expect(folder.problems() == ["cameras.d: can't be opened: Not a directory"])
    }

    @Test("no camera, and none that is enabled")
    func noCamera() throws {
        let folder = try ConfigurationFolder()
        try folder.write("zanzo.yaml", "host: a\n")
        #expect(
            try folder.load().warnings
                == ["no camera is in the configuration: write one as cameras.d/NAME.yaml beside it"])
        try folder.write("zanzo.yaml", "cameras: {porch: {source: /dev/video0, model: m, enabled: false}}\n")
        #expect(try folder.load().warnings == ["no camera is watched: 1 camera, and none enabled"])
    }

    @Test("a source's path where nothing is", arguments: ["clip.mp4", "frames/", "walk.png", "/dev/video-none"])
    func missingSource(_ source: String) throws {
        let folder = try ConfigurationFolder()
        try folder.write("zanzo.yaml", "cameras: {porch: {source: \(source), model: m}}\n")
        let path = source.hasPrefix("/") ? source : folder.path + "/" + source
        let line = "camera porch: source \(path): No such file or directory: plug it in, or mend the path"
        #expect(try folder.load().problems().warnings == [line])
        try folder.write("zanzo.yaml", "cameras: {porch: {source: \(source), model: m, enabled: false}}\n")
        #expect(try !folder.load().problems().warnings.contains(line))
        guard !source.hasPrefix("/dev") else { return }
        try folder.write(source.hasSuffix("/") ? source + "x" : source, "")
        try folder.write("zanzo.yaml", "cameras: {porch: {source: \(source), model: m}}\n")
        #expect(try folder.load().problems().warnings == [])
    }
}
