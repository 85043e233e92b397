import Publish
import Testing
import Video

@testable import Service

@Suite struct WatchScreenTests {
    static let now = UTCTime(microseconds: 1_788_228_184_000_000)

    static func status(_ names: [String] = ["porch"]) -> DaemonStatus {
        var status = DaemonStatus(version: "1.2.3", host: "box")
        status.uptime = 300
        status.cameras = names.map { name in
            var camera = CameraStatus(name: name, state: "online", source: "/dev/video0", model: "m")
            (camera.framesPerSecondIn, camera.framesPerSecondScored, camera.drops) = (30, 5, 7)
            camera.threshold = 0.01
            return camera
        }
        return status
    }

    /// A score line as the daemon sends it, `before` seconds before now.
    static func score(_ score: Double, before: Int64 = 0, camera: String = "porch") -> [UInt8] {
        let time = now + .seconds(-before)
        return Array(
            """
            {"type":"dev.zanzo.score.v1","camera":"\(camera)","frame":1,"time":"\(time)","score":\(score),"raw":0.01}
            """.utf8)
    }

    static func event(_ type: EventType, message: String? = nil) -> [UInt8] {
        var data = EventData()
        data.message = message
        let event = Event(
            id: "E", type: type, camera: "porch", event: nil, time: now + .seconds(-12), data: data)
        return Array(event.line(sequence: 1, host: "box").dropLast())
    }

    static func board(_ lines: [[UInt8]] = []) -> WatchBoard {
        var board = WatchBoard()
        board.take(status())
        for line in lines { _ = board.take(line) }
        return board
    }

    @Test func aCameraHasALineWithEverythingOfIt() {
        let board = Self.board([Self.score(0.5, before: 1), Self.score(1.25), Self.event(.anomalyStart)])
        let lines = WatchScreen.lines(board, now: Self.now, width: 200).map(\.text)
        #expect(lines.count == 3)
        #expect(lines[0] == "zanzod 1.2.3 on box, up 5 min, 1 of 1 cameras online")
        let spark = String(repeating: " ", count: 28) + "▃▆"
        #expect(
            lines[2] == "porch   online    30.0   5.0     7      1.25   ████████│██······  \(spark)  "
                + "anomaly.start 12 s ago")
    }

    @Test func columnsStandUnderTheirHeads() {
        let lines = WatchScreen.lines(Self.board([Self.score(0.5)]), now: Self.now, width: 200).map { Array($0.text) }
        for (head, cell) in [("STATE", "online"), ("SCORED", "5.0"), ("DROPS", "7"), ("LAST EVENT", "none")] {
            let column = String(lines[1]).ranges(of: head).first.map { $0.lowerBound.utf16Offset(in: String(lines[1])) }
            #expect(String(lines[2][(column ?? 0)...]).hasPrefix(cell), "\(head)")
        }
    }

    @Test(arguments: [
        (0, "········│········"), (0.5, "████····│········"), (1, "████████│········"), (1.0625, "████████│▌·······"),
        (9, "████████│████████"), (-1, "········│········"),
    ])
    func theBarsMiddleIsTheAlarmLine(score: Double, bar: String) { #expect(WatchScreen.bar(score) == bar) }

    @Test func theSparklineShowsEachSecondsHighestAndGaps() {
        let board = Self.board([
            Self.score(0.1, before: 40), Self.score(0.99, before: 3), Self.score(0.2, before: 1),
            Self.score(1.0, before: 1), Self.score(0.3, before: 1), Self.score(7, before: 0),
        ])
        let line = WatchScreen.sparkline(board.heard("porch").peaks, until: Self.now.microseconds / 1_000_000)
        #expect(line == String(repeating: " ", count: 26) + "▄ ▅█")
    }

    @Test func noLineIsWiderOrMoreThanTheTerminal() {
        var board = WatchBoard()
        board.take(Self.status((1...40).map { "camera\($0)" }))
        let lines = WatchScreen.lines(board, now: Self.now, width: 50, height: 10).map(\.text)
        #expect(lines.count == 10)
        #expect(lines.allSatisfy { $0.count <= 50 })
        #expect(lines[9].hasPrefix("… 33 more"))
    }

    @Test func anAlarmIsRedAndTheTextIsTheSame() {
        let quiet = WatchScreen.lines(Self.board([Self.score(0.9)]), now: Self.now, width: 200)[2]
        #expect(!quiet.coloured.contains("\u{1B}[1;31m"))
        let alarm = WatchScreen.lines(Self.board([Self.score(1.1)]), now: Self.now, width: 200)[2]
        #expect(alarm.coloured.contains("\u{1B}[1;31m1.10"))
        #expect(!alarm.text.contains("\u{1B}"))
    }

    @Test func tellsThatTheDaemonIsAwayAndForgetsItWhenItAnswers() {
        var board = Self.board([Self.score(3)])
        board.lose("connect to /run/x: refused")
        let lines = WatchScreen.lines(board, now: Self.now, width: 200).map(\.text)
        #expect(lines[0].contains("trying again: connect to /run/x"))
        // What it said last does not look as if it still held.
        #expect(lines[2].hasPrefix("porch   unknown   0.0    0.0     7      -      ········│········"))
        board.take(Self.status())
        #expect(WatchScreen.lines(board, now: Self.now, width: 200)[0].text.hasPrefix("zanzod 1.2.3"))
    }

    @Test func showsOnlyTheCamerasAskedFor() {
        var board = WatchBoard(wanted: ["yard"])
        board.take(Self.status(["porch", "yard"]))
        #expect(board.cameras.map(\.name) == ["yard"])
    }

    @Test func aPlainLineHasThePeakSinceTheLast() {
        var board = Self.board([Self.score(1.5), Self.score(0.5)])
        let peak = board.takePeak("porch")
        #expect(peak == 1.5)
        #expect(board.takePeak("porch") == nil)
        let line = WatchScreen.plain(board.cameras[0], peak: peak, now: Self.now)
        #expect(line == "2026-09-01T02:03:04Z  porch  online  in 30.0  scored 5.0  drops 7  score -  peak 1.50")
    }

    @Test func whatAServerSaysDoesNotSteerTheTerminal() {
        var board = Self.board()
        let event = board.take(Self.event(.cameraOffline, message: "bye\u{1B}[2J\u{9B}31m\nnow"))
        #expect(event.map(EventText.row)?.hasSuffix("bye?[2J?31m?now") == true)
    }
}
