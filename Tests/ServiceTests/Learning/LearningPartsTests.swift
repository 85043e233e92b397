import Anomaly
import Capture
import FoundationEssentials
import Glibc
import Testing
import Video

@testable import Service

@Suite struct LearningPartsTests {
    @Test func aProgressLineIsRead() throws {
        let line =
            #"{"phase":"training","done":0.42,"seconds_left":720,"loss":0.0021,"held_out":3e-3,"x":{"y":[1]},"#
            + #""problem":"open cam\u001b[2J: gone"}"#
        let progress = try #require(LearningProgress(line: Array(line.utf8)))
        #expect(progress.phase == "training" && progress.done == 0.42 && progress.secondsLeft == 720)
        #expect(progress.loss == 0.0021 && progress.heldOut == 0.003 && progress.problem == "open cam?[2J: gone")
    }

    @Test(arguments: [
        "", "training", "{", "{}", "[]", "null", #"{"phase":3}"#, #"{"phase":""}"#, #"{"phase":"\u001b[2J"}"#,
        #"{"phase":"aaaaaaaaaaaaaaaaaaaaa"}"#, "{\"phase\":\"\u{FF}", String(repeating: "[", count: 4000),
        String(repeating: #"{"a":"#, count: 800),
    ])
    func whatIsNoProgressIsNone(_ line: String) { #expect(LearningProgress(line: Array(line.utf8)) == nil) }

    @Test func aKeyOfAnotherKindIsPassedOverAndNumbersStayInBounds() throws {
        let line = #"{"phase":"recording","done":7,"seconds_left":-4,"loss":"low","held_out":1e999,"problem":[]}"#
        let progress = try #require(LearningProgress(line: Array(line.utf8)))
        #expect(progress.done == 1 && progress.secondsLeft == 0 && progress.loss == nil && progress.heldOut == nil)
        #expect(progress.problem == nil)
    }

    @Test func linesAreCutAndThoseTooLongPassedOver() {
        var lines = BoundedLines(limit: 4)
        var heard: [String] = []
        for piece in ["ab", "c\nd", "efgh", "ij\n\nkl\n", "mnopqrst\nu"] {
            lines.take(ArraySlice(piece.utf8)) { heard.append(String(decoding: $0, as: UTF8.self)) }
        }
        lines.finish { heard.append(String(decoding: $0, as: UTF8.self)) }
        #expect(heard == ["abc", "kl", "u"])
    }

    @Test(arguments: [
        (0.0, "0 s"), (40, "40 s"), (119, "119 s"), (720, "12 min"), (3600, "60 min"), (11_160, "3.1 h"),
        (86_400, "24 h"),
        (216_000, "2.5 d"), (-3, "0 s"), (1e300, "11574.1 d"),
    ])
    func amountsAreShort(_ seconds: Double, _ text: String) { #expect(LearningText.amount(seconds) == text) }

    @Test func aStatusReadsWell() throws {
        var status = LearningStatus(phase: "recording", recordFor: 86_400)
        status.done = 11_160.0 / 86_400
        #expect(LearningText.line(status) == "recording 3.1 h of 24 h")
        (status.phase, status.done, status.loss, status.secondsLeft) = ("training", 0.429, 0.00213, 720)
        #expect(LearningText.line(status) == "training 42 %, loss 0.0021, 12 min left")
        (status.problem, status.nextTry) = ("no\u{1B} camera", 40)
        #expect(LearningText.line(status) == "training failed: no? camera; next try in 40 s")
        (status.phase, status.nextTry) = ("starting", nil)
        #expect(LearningText.line(status) == "learning failed: no? camera; trying again")
        status = LearningStatus(phase: "waiting", recordFor: 60)
        #expect(LearningText.line(status) == "waiting for its turn to train")
        var daemon = DaemonStatus(version: "1", host: "h")
        daemon.cameras = [CameraStatus(name: "porch", state: "learning", source: "/dev/video0", model: "m")]
        daemon.cameras[0].learning = status
        #expect(StatusText.table(daemon).hasSuffix("porch               learning  waiting for its turn to train"))
        // Old clients and new ones understand each other.
        let json = try JSONLine.encode(daemon)
        #expect(try JSONDecoder().decode(DaemonStatus.self, from: Data(json)) == daemon)
        let old = String(decoding: json, as: UTF8.self).replacing(
            #""learning":{"attempts":0,"phase":"waiting","record_s":60},"#, with: "")
        #expect(try JSONDecoder().decode(DaemonStatus.self, from: Data(old.utf8)).cameras[0].learning == nil)
    }

    @Test(arguments: [
        "rtsp://admin:hun%40ter2@cam.local:554/ch1?token=abc", "/dev/v4l/by-id/usb-A_B-video-index0", "clip.mp4",
        "frames/",
        "synthetic:street?seed=7&rate=15&size=640x480&script=demo&length=110",
    ])
    func aSourceIsHandedOverWholeAndNotOnTheCommandLine(_ text: String) throws {
        var camera = CameraConfiguration(
            name: "porch", source: try SourceSpecification(parsing: text),
            model: "/var/lib/zanzo/porch/model.safetensors")
        camera.learn.recordFor = .seconds(86_400)
        camera.credentials = .systemd("porch")
        camera.method = .worstTiles(count: 4, size: 8)
        (camera.source.options.transport, camera.source.options.pixelFormat) = (.udp, "MJPG")
        let command = try TrainerCommand(
            path: "/usr/bin/zanzo", camera: camera, place: LearningPlace(model: camera.model), turn: "/t")
        let arguments = command.arguments.joined(separator: " ")
        #expect(arguments.contains("--credentials systemd:porch") && arguments.contains("--score tiles:4x8"))
        #expect(!arguments.contains("ter2") && !arguments.contains("abc"))
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { ends.forEach { close($0) } }
        try #require(write(ends[1], command.input, command.input.count) == command.input.count)
        #expect(try HandedSource.read(from: ends[0]) == HandedCamera(source: camera.source))
        #expect(try CredentialsReference(argument: "systemd:porch") == camera.credentials)
        #expect(try CredentialsReference(argument: "/a") == .file("/a"))
    }

    @Test func aHandedLineThatIsNoneIsNotRepeated() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { ends.forEach { close($0) } }
        let lines = "{\"password\":\"hunter2\"}\nrtsp://a:hunter2@h/x\n"
        try #require(write(ends[1], lines, lines.utf8.count) == lines.utf8.count)
        #expect {
            try HandedSource.read(from: ends[0])
        } throws: {
            !"\($0)".contains("hunter2") && "\($0)".contains("standard input")
        }
        #expect(try HandedSource.read(from: ends[0]).source.options.password == "hunter2")
    }

    /// What the daemon scores by, so that the alarm line is laid with it.
    @Test func regionsMasksAndDetectorGoAlong() throws {
        var camera = CameraConfiguration(
            name: "porch", source: try SourceSpecification(parsing: "rtsp://a:hunter2@h/x"), model: "/m")
        camera.regions = [Polygon([.init(x: 0, y: 0), .init(x: 1, y: 0.1), .init(x: 1 / 3, y: 1)])]
        camera.masks = (0..<64).map { mask in
            Polygon((0..<256).map { .init(x: Double($0) / 255, y: Double(mask) / 63 * 0.123_456_789) })
        }
        (camera.detector.startFrames, camera.detector.startWindow) = (4, 9)
        (camera.detector.mergeGap, camera.detector.warmUpTime) = (.milliseconds(1500), .seconds(7))
        let line = try HandedSource.line(camera)
        #expect(line.count > 65_536 && line.last == 10 && line.dropLast().allSatisfy { $0 != 10 })
        let folder = try ConfigurationFolder()
        func handed(_ line: [UInt8]) throws -> HandedCamera {
            let file = open(try folder.write("line", String(decoding: line, as: UTF8.self)), O_RDONLY | O_CLOEXEC)
            defer { close(file) }
            return try HandedSource.read(from: file)
        }
        let read = try handed(line)
        #expect(read.source == camera.source && read.scoring.detector == camera.detector)
        #expect(read.scoring.regions == camera.regions && read.scoring.masks == camera.masks)
        let size = FrameSize(width: 64, height: 64)
        #expect(read.scoring.mask(size: size) == camera.mask(size: size))
        camera.detector.startFrames = 10
        let bad = try HandedSource.line(camera)
        #expect(throws: StartError.self) { try handed(bad) }
    }

    /// What mkdir(2) said, and not what a look at the missing folder says after it.
    @Test func whatIsInAFoldersWayIsSaid() throws {
        let place = LearningPlace(model: "/sys/zanzo/porch.safetensors")
        try #require(mkdir("/sys/zanzo", 0o750) != 0)
        let reason = errorText(errno)
        let error = #expect(throws: StartError.self) { try place.prepare(for: "porch") }
        #expect(error?.message.contains("learn: /sys/zanzo: \(reason): ") == true, "\(error?.message ?? "")")
        #expect(reason != errorText(ENOENT))
    }

    @Test func aModelThatLiesThereAlreadyStays() throws {
        let folder = try ConfigurationFolder()
        let place = LearningPlace(model: folder.path + "/a/b/porch.safetensors")
        #expect(place.output == folder.path + "/a/b/porch.learning/model.safetensors")
        #expect(LearningPlace(model: "/x/m").folder == "/x/m.learning")
        #expect(!place.hasModel)
        try place.prepare(for: "porch")
        try folder.write("a/b/porch.learning/model.safetensors", "new")
        try place.adopt()
        #expect(place.hasModel && access(place.output, F_OK) != 0)
        try folder.write("a/b/porch.learning/model.safetensors", "newer")
        mkdir(place.folder + "/frames", 0o700)
        try folder.write("a/b/porch.learning/frames/1", "x")
        try place.adopt()
        #expect(try BoundedFile.read(place.model, limit: 9) == Array("new".utf8))
        place.clean()
        #expect(access(place.folder, F_OK) != 0)
    }

    @Test func trainingsTakeTurns() throws {
        let folder = try ConfigurationFolder()
        let path = folder.path + "/turn"
        var first = try TrainingTurn(path: path) { false }
        #expect(first != nil)
        var looks = 0
        let refused = try TrainingTurn(path: path) {
            looks += 1
            return false
        }
        #expect(refused == nil && looks == 1)
        first = nil
        let second = try TrainingTurn(path: path) { false }
        #expect(second != nil)
        #expect(throws: StartError.self) { try TrainingTurn(path: folder.path + "/none/turn") { false } }
    }
}
