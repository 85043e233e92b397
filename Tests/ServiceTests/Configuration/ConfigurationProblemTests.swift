import Testing

@testable import Service

/// A configuration with something wrong in it, and the words that say so.
struct Mistake: Sendable, CustomTestStringConvertible {
    let text: String
    let problems: [String]
    var testDescription: String { problems.first ?? text }

    init(_ text: String, _ problems: String...) {
        self.text = text
        self.problems = problems.map { "zanzo.yaml:" + $0 }
    }

    /// One camera "porch" with `line` in it, which is the file's line 4.
    static func camera(_ line: String, _ problem: String) -> Mistake {
        Mistake(
            "cameras:\n  porch:\n    source: /dev/video0\n    \(line)\n    model: m\n", "4: cameras.porch." + problem)
    }
}

@Suite struct ConfigurationProblemTests {
    static let keys: [Mistake] = [
        Mistake("hots: a", "1: hots: unknown key; did you mean host?"),
        Mistake("log-level: info", "1: log-level: unknown key; did you mean log_level?"),
        Mistake("\nevent:\n  socket: /a", "2: event: unknown key; did you mean events?"),
        Mistake("events:\n  sockte: /a", "2: events.sockte: unknown key; did you mean socket?"),
        Mistake("socket: /a", "1: socket: unknown key here; it belongs under events:"),
        Mistake("start_frames: 3", "1: start_frames: unknown key here; it belongs under camera_defaults.detector:"),
        Mistake(
            "snapshots:\n  zzz: 1",
            "2: snapshots.zzz: unknown key; the keys here are directory, every, width, max_size, max_age, min_free"),
        Mistake("host: a\nhost: b", "2: host: stands twice: here and on line 1"),
        Mistake(
            "camera_defaults:\n  source: /dev/video0",
            "2: camera_defaults.source: unknown key here; every camera has its own source"),
        .camera("modle: m", "modle: unknown key; did you mean model?"),
        .camera("tresh_hold: 1", "tresh_hold: unknown key; did you mean threshold?"),
        .camera("detector: {start_frame: 1}", "detector.start_frame: unknown key; did you mean start_frames?"),
        .camera("merge_gap: 1s", "merge_gap: unknown key here; it belongs under detector:"),
        .camera(
            "password: hunter2", "password: unknown key; user and password stand in a file of their own: credentials"),
        Mistake(
            "cameras:\n  a b:\n    source: /dev/video0\n    model: m",
            "2: cameras.a b: a camera's name has 1 to 64 letters, digits, - or _"),
        Mistake(
            "cameras:\n  porch:\n    model: m",
            "2: cameras.porch.source: is missing; write what to watch: /dev/video0, rtsp://…, a file's path"),
        Mistake(
            "cameras:\n  porch:\n    source: /dev/video0",
            "2: cameras.porch.model: is missing; write the model file's path, or learn: {for: 24h} to have it made"),
        Mistake(
            "cameras:\n  porch:",
            "2: cameras.porch.source: is missing; write what to watch: /dev/video0, rtsp://…, a file's path",
            "2: cameras.porch.model: is missing; write the model file's path, or learn: {for: 24h} to have it made"),
        Mistake(
            "cameras:\n  porch: {source: /dev/video0, model: m}\n  porch: {source: /dev/video1, model: m}",
            "3: cameras.porch: stands twice: here and on line 2"),
    ]

    static let values: [Mistake] = [
        Mistake("host: a b", "1: host: \"a b\" is not a host's name, or auto"),
        Mistake("host:", "1: host: has no value; write a host's name, or auto, or leave the key out"),
        Mistake("host: [a]", "1: host: a list is not a host's name, or auto"),
        Mistake("workers: 0", "1: workers: \"0\" is out of range; it may be 1 to 256"),
        Mistake("workers: many", "1: workers: \"many\" is not a whole number, or auto"),
        Mistake(
            "log_level: warn",
            "1: log_level: \"warn\" is not one of trace, debug, info, notice, warning, error or critical; "
                + "did you mean warning?"),
        Mistake("state_directory: \"\"", "1: state_directory: \"\" is not a path"),
        Mistake(
            "events: /run/a", "1: events: \"/run/a\" stands where keys and values should be; write KEY: VALUE lines"),
        Mistake(
            "events:\n  socket_mode: 0668", "2: events.socket_mode: \"0668\" is not an octal file mode such as 0660"),
        Mistake("events:\n  socket_mode: rw", "2: events.socket_mode: \"rw\" is not an octal file mode such as 0660"),
        Mistake(
            "events:\n  rotate_size: 64MB",
            "2: events.rotate_size: \"64MB\" is not a size such as 512KiB, 64MiB or 2GiB"),
        Mistake(
            "events:\n  rotate_size: 1KiB", "2: events.rotate_size: \"1KiB\" is out of range; it may be 64KiB to 1TiB"),
        Mistake(
            "events:\n  rotate_age: never",
            "2: events.rotate_age: \"never\" is not a duration such as 500ms, 10s, 5m, 24h or 7d, or off"),
        Mistake("events:\n  rotate_age: 1s", "2: events.rotate_age: \"1s\" is out of range; it may be 1m to 3650d"),
        Mistake(
            "events:\n  socket: /" + String(repeating: "s", count: 107),
            "2: events.socket: the path has 108 bytes, and a Unix socket's has at most 107: name a shorter one"),
        Mistake("snapshots:\n  width: 1e3", "2: snapshots.width: \"1e3\" is not a whole number"),
        Mistake(
            "snapshots:\n  min_free: -1GiB",
            "2: snapshots.min_free: \"-1GiB\" is not a size such as 512KiB, 64MiB or 2GiB"),
        .camera("enabled: yes", "enabled: \"yes\" is not true or false"),
        .camera("rate: fast", "rate: \"fast\" is not a number of frames a second, such as 5, 12.5 or 30/m"),
        .camera("rate: 1000", "rate: \"1000\" is out of range; it may be 0.01 to 240"),
        .camera("rate: .inf", "rate: \".inf\" is not a number of frames a second, such as 5, 12.5 or 30/m"),
        .camera("rate: nan", "rate: \"nan\" is not a number of frames a second, such as 5, 12.5 or 30/m"),
        .camera("size: 640*480", "size: \"640*480\" is not a size in pixels such as 640x480, or auto"),
        .camera("size: 0x480", "size: \"0x480\" is not a size in pixels such as 640x480, or auto"),
        .camera("transport: tpc", "transport: \"tpc\" is not one of tcp or udp; did you mean tcp?"),
        .camera(
            "pixel_format: MJPEG",
            "pixel_format: \"MJPEG\" is not one of GREY, YUYV, UYVY, NV12, YU12, MJPG or RGB3, or auto; did you mean MJPG?"
        ),
        .camera("learn: 24h", "learn: \"24h\" stands where keys and values should be; write KEY: VALUE lines"),
        .camera("learn: {for: 30s}", "learn.for: \"30s\" is out of range; it may be 5m to 30d"),
        .camera(
            "learn: {train_for: off}", "learn.train_for: \"off\" is not a duration such as 500ms, 10s, 5m, 24h or 7d"),
        .camera(
            "learn: {for: 5m}\n    rate: 0.1",
            "learn.for: 5m at 0.1 frames a second are 30 frames; it takes 1000: write 167m or more"),
        .camera("train_for: 1h", "train_for: unknown key here; it belongs under learn:"),
        Mistake(
            "camera_defaults: {model: m, learn: {for: 1h}}\ncameras:\n  a: {source: /dev/video0}\n  b: {source: /dev/video1}",
            "4: cameras.b.model: the camera \"a\" learns the same one; give each its own, or leave it out"),
        .camera("timeout: 10", "timeout: \"10\" is not a duration such as 500ms, 10s, 5m, 24h or 7d"),
        .camera("timeout: 10 s", "timeout: \"10 s\" is not a duration such as 500ms, 10s, 5m, 24h or 7d"),
        .camera("threshold: 0", "threshold: \"0\" is out of range; it may be 1e-09 to 1000000000"),
        .camera(
            "detector: {release_level: 1.5}", "detector.release_level: \"1.5\" is out of range; it may be 0.01 to 1"),
        .camera(
            "detector: {start_frames: 9}", "detector.start_frames: 9 frames do not fit in start_window, which is 5"),
        .camera(
            "credentials: \"systemd:\"",
            "credentials: \"systemd:\" does not name a systemd credential; write systemd:NAME"),
        .camera(
            "credentials: systemd:../x",
            "credentials: \"systemd:../x\" does not name a systemd credential; write systemd:NAME"),
        .camera(
            "regions: [[[0, 0], [1, 0]]]", "regions: a polygon has 3 to 256 corners, this one has 2"),
        .camera(
            "masks: [[[0, 0], [2, 0], [1, 1]]]",
            "masks: the corner [2.0, 0.0] lies outside the frame; x and y go from 0 to 1"),
        .camera("masks: [[[0, 0], [1, 0], [1]]]", "masks: a list is not a corner; write [x, y], both 0 to 1"),
    ]

    static let notYAML: [Mistake] = [
        Mistake("cameras:\n\tporch: 1", "2: the line is indented with a tab; YAML takes spaces only"),
        Mistake("a: &x 1", "1: anchors (&name) are not read; use camera_defaults for what cameras share"),
        Mistake("a: *x", "1: aliases (*name) are not read; use camera_defaults for what cameras share"),
        Mistake("a: !!str 1", "1: tags (!name) are not read; write the value alone"),
        Mistake("host: a\n---\nhost: b", "2: a second document (---) begins here; one file holds one"),
        Mistake("? [a]\n: 1", "1: a list or mapping stands where a key should be"),
        Mistake("host: \u{7}", "1: a control character (U+7) stands here"),
        Mistake(
            "host: [a",
            "2: not YAML: did not find expected ',' or ']' while parsing a flow sequence that begins on line 1"),
        Mistake("- a", "1: a list stands where keys and values should be; write KEY: VALUE lines"),
        Mistake("just text", "1: \"just text\" stands where keys and values should be; write KEY: VALUE lines"),
        Mistake(String(repeating: "[", count: 100), "1: values lie more than 16 deep in each other here"),
    ]

    @Test("each mistake has its words", arguments: keys + values + notYAML)
    func words(_ mistake: Mistake) throws {
        #expect(try problems(of: mistake.text) == mistake.problems)
    }

    @Test("all problems are told at once, in the file's order")
    func allAtOnce() throws {
        let found = try problems(
            of: """
                cameras:
                  porch:
                    source: rtsp://admin:hunter2@
                    modle: x
                    rate: fast
                workers: no
                hots: x
                """)
        #expect(
            found == [
                "zanzo.yaml:2: cameras.porch.model: is missing; write the model file's path, or learn: {for: 24h} to have it made",
                "zanzo.yaml:3: cameras.porch.source: the source can't be read: its host cannot be read: "
                    + "write HOST or HOST:PORT after ://",
                "zanzo.yaml:4: cameras.porch.modle: unknown key; did you mean model?",
                "zanzo.yaml:5: cameras.porch.rate: \"fast\" is not a number of frames a second, such as 5, 12.5 or 30/m",
                "zanzo.yaml:6: workers: \"no\" is not a whole number, or auto",
                "zanzo.yaml:7: hots: unknown key; did you mean host?",
            ])
    }

    @Test("a file that is not there, too large, or no file")
    func files() throws {
        let folder = try ConfigurationFolder()
        #expect(folder.problems() == ["zanzo.yaml: can't be opened: No such file or directory"])
        try folder.write("zanzo.yaml", [UInt8](repeating: 35, count: 1 << 20 + 1))
        #expect(folder.problems() == ["zanzo.yaml: has 1048577 bytes; at most 1048576 are read"])
        try folder.write("zanzo.yaml", [0x68, 0x3A, 0x20, 0xFF, 0x0A])
        #expect(folder.problems() == ["zanzo.yaml:1: the text is not UTF-8; save the file in that encoding"])
        let other = try ConfigurationFolder()
        try other.write("zanzo.yaml/x", "")
        #expect(other.problems() == ["zanzo.yaml: is not a file"])
    }

    @Test("cameras.d: names come from files, and one name in two places names both")
    func cameraFiles() throws {
        let folder = try ConfigurationFolder()
        try folder.write("zanzo.yaml", "camera_defaults:\n  model: m\n\ncameras:\n  porch:\n    source: /dev/video0\n")
        try folder.write("cameras.d/porch.yaml", "source: /dev/video1\n")
        try folder.write("cameras.d/yard.yaml", "source: /dev/video2\nrate: x\n")
        try folder.write("cameras.d/bad name.yaml", "source: /dev/video2\n")
        try folder.write("cameras.d/ignored.txt", "]]]")
        #expect(
            folder.problems() == [
                "cameras.d/bad name.yaml:1: a camera's name has 1 to 64 letters, digits, - or _",
                "cameras.d/porch.yaml:1: the camera \"porch\" stands in two places: here and in zanzo.yaml:5",
                "cameras.d/yard.yaml:2: rate: \"x\" is not a number of frames a second, such as 5, 12.5 or 30/m",
            ])
    }
}
