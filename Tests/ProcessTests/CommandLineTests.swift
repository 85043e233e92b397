import FoundationEssentials
import Glibc
import Publish
import Testing
import Video

@testable import Service

extension ProcessTests {
    /// `zanzo` as people and scripts call it: what it prints, where, and how it ends.
    @Suite struct CommandLineTests {
        let place: Workspace

        init() throws { place = try Workspace() }

        static let commands = [
            "events", "status", "check", "doctor", "replay", "train", "calibrate", "evaluate", "record", "demo",
        ]

        @Test(arguments: commands) func helpIsNoFailure(_ command: String) async throws {
            let help = try await place.zanzo(command, "--help")
            #expect(help.ending == .exit(0) && help.errors.isEmpty)
            #expect(help.output.contains("USAGE: zanzo \(command)"))
            let all = try await place.zanzo("--help")
            #expect(all.ending == .exit(0) && all.output.contains("  \(command) "))
        }

        @Test(arguments: commands) func anUnknownOptionIsAUsageError(_ command: String) async throws {
            let needed = [
                "check": ["x"], "doctor": ["x"], "replay": ["x", "--model", "y"], "calibrate": ["x", "y"],
                "evaluate": ["x", "--data", "y"], "record": ["x", "--out", "y"], "train": ["x", "--out", "y"],
            ]
            let run = try place.zanzoProcess([command] + needed[command, default: []] + ["--bogus"])
            defer { run.kill() }
            #expect(try await run.end() == .exit(64) && run.output.text.isEmpty)
            #expect(run.errors.text.contains("Unknown option '--bogus'"), "\(run.errors.text)")
        }

        @Test(arguments: [["--bogus"], ["--config"], ["word"]]) func soItIsForTheDaemon(_ line: [String]) async throws {
            let daemon = try Program(try DemoSetup.besideThisProgram("zanzod"), line)
            defer { daemon.kill() }
            #expect(try await daemon.end() == .exit(64))
        }

        @Test func checkSaysWhatIsGood() async throws {
            try place.configure(Workspace.street())
            let check = try await place.zanzo("check", place.configuration)
            #expect(check.ending == .exit(0) && check.errors.isEmpty)
            #expect(check.output.contains("street: synthetic:street") && check.output.contains("good; 1 camera"))
        }

        /// By who asks before, and in the daemon's log at its start and at a reload.
        @Test func aCamerasFileThatIsPassedOverIsNamed() async throws {
            try place.configure(Workspace.street().dropLast() + ", enabled: false}")
            _ = try place.makeFolder("cameras.d")
            let file = try place.write("cameras.d/porch.yml", "source: /dev/video0\n")
            let lines = ["\(file): is passed over", "no camera is watched: 1 camera, and none enabled"]
            let check = try await place.zanzo("check", place.configuration)
            #expect(check.ending == .exit(0) && check.output.contains("good; 0 cameras"))
            #expect(lines.allSatisfy { check.errors.contains("warning: \($0)") }, "\(check.errors)")
            let daemon = try place.daemon()
            defer { daemon.kill() }
            try await daemon.gives("ready") { daemon.errors.text.contains("is ready") }
            #expect(lines.allSatisfy { daemon.errors.text.contains("warning  \($0)") }, "\(daemon.errors.text)")
            daemon.send(SIGHUP)
            try await daemon.gives("the same at a reload") {
                lines.allSatisfy { daemon.errors.text.components(of: $0) == 2 }
            }
        }

        @Test(arguments: [["status"], ["events"]]) func withoutADaemonItSaysSo(_ command: [String]) async throws {
            let line = command + ["--socket", place.socket]
            let program = try place.zanzoProcess(line)
            defer { program.kill() }
            #expect(try await program.end() == .exit(1))
            #expect(program.errors.lines.count == 1 && program.output.text.isEmpty)
            #expect(program.errors.text.contains(place.socket))
            #expect(program.errors.text.contains("zanzod is not running there"), "\(program.errors.text)")
        }

        @Test func aSocketPathTooLongIsSaid() async throws {
            let run = try await place.zanzo("status", "--socket", "/" + String(repeating: "s", count: 107))
            #expect(run.ending == .exit(1) && run.errors.contains("108 bytes"))
        }

        @Test func eventsAndStatusOfADaemon() async throws {
            try place.configure(Workspace.street())
            let daemon = try await place.runningDaemon(told: .cameraOnline)
            defer { daemon.kill() }
            let events = try await place.zanzo("events", "--after", "0", "--json", "--socket", place.socket)
            #expect(events.ending == .exit(0))
            let told = events.output.split(separator: "\n").compactMap { EventLine(Array($0.utf8)) }
            #expect(told == Array(try place.journal().prefix(told.count)) && told.count >= 2)
            let rows = try await place.zanzo("events", "--after", "0", "--type", "camera", "--socket", place.socket)
            #expect(rows.output.contains("street  camera.online") && !rows.output.contains("model.loaded"))
            let json = try await place.zanzo("status", "--json", "--socket", place.socket)
            let status = try JSONDecoder().decode(DaemonStatus.self, from: Data(json.output.utf8))
            #expect(status.host == "test" && status.cameras.map(\.name) == ["street"])
            let table = try await place.zanzo("status", "--socket", place.socket)
            #expect(table.output.contains("CAMERA") && table.output.components(of: "\n") == 3)
        }

        /// One line of JSON a frame on standard output, and nothing else there.
        @Test func replayWritesScores() async throws {
            struct Line: Decodable {
                let frame: Int
                let raw: Double
                let score: Double?
            }
            let replay = try await place.zanzo(
                "replay", "synthetic:street?seed=7&size=64x64&length=2", "--model", Workspace.model, "--score", "mean",
                "--scores", "-")
            #expect(replay.ending == .exit(0) && replay.errors.isEmpty)
            let lines = try replay.output.split(separator: "\n").map {
                try JSONDecoder().decode(Line.self, from: Data($0.utf8))
            }
            #expect(lines.map(\.frame) == Array(1...lines.count) && lines.count >= 30)
            #expect(lines.allSatisfy { $0.raw > 0 && $0.raw < 4 })
        }

        @Test(arguments: ["/dev/full", "/proc/none/scores"]) func scoresThatCannotBeWritten(_ path: String) async throws
        {
            let replay = try await place.zanzo(
                "replay", "synthetic:street?size=64x64&length=1", "--model", Workspace.model, "--scores", path)
            #expect(replay.ending == .exit(1))
            #expect(replay.errors.contains(path) && replay.errors.components(of: "\n") == 1, "\(replay.errors)")
        }

        @Test func calibrationRefusesTooLittleAndLeavesTheModel() async throws {
            let bytes = Array(try Data(contentsOf: URL(filePath: Workspace.model)))
            let model = try place.write("model.safetensors", bytes)
            let run = try await place.zanzo("calibrate", model, "synthetic:street?size=64x64&length=5")
            #expect(run.ending == .exit(1))
            #expect(run.errors.contains("give it more normal footage"), "\(run.errors)")
            #expect(run.errors.components(of: "\n") == 1)
            #expect(Array(try Data(contentsOf: URL(filePath: model))) == bytes)
        }

        /// A number is a value also where it begins as an option does: what may stand there is said, not that a value is missing.
        @Test(
            arguments: [
                (["train", "x.png", "--out", "m", "--iterations", "-5"], "iterations is -5; it may be 1 to 100000000"),
                (["train", "x.png", "--out", "m", "--minutes", "-5"], "--minutes -5.0: it may be over 0"),
                (["train", "x.png", "--out", "m", "--learning-rate", "-1"], "it may be over 0, up to 1"),
                (["train", "x.png", "--out", "m", "--seed", "-1"], "The value '-1' is invalid for '--seed <seed>'"),
                (
                    ["train", "x.png", "--out", "m", "--alerts-per-day", "-2"],
                    "--alerts-per-day -2.0: it must be a number"
                ),
                (["train", "x.png", "--out", "m", "--batch", "--json"], "The value '--json' is invalid for '--batch"),
                (["calibrate", "m", "x.png", "--alerts-per-day", "-2"], "--alerts-per-day -2.0: it must be a number"),
                (["calibrate", "m", "x.png", "--skip", "-1"], "--skip -1: frames are counted from 0"),
                (
                    ["evaluate", "m", "--data", "x", "--threshold", "-1"],
                    "--threshold -1.0: it must be a number over 0"
                ),
                (["quantize", "m", "x.png", "--frames", "-1"], "--frames -1: it must be 1 or more"),
                (["replay", "x.png", "--model", "m", "--rate", "-1"], Rate.words),
                (["record", "x.png", "--out", "d", "--size", "-1"], "--size -1: it may be 16 to 512"),
            ] as [([String], String)])
        func aNegativeNumberIsAValue(_ words: [String], _ said: String) async throws {
            let run = try place.zanzoProcess(words)
            defer { run.kill() }
            #expect(try await run.end() == .exit(64))
            #expect(run.errors.text.contains(said) && !run.errors.text.contains("Missing"), "\(run.errors.text)")
        }

        @Test func aModelThatIsNoneIsNamed() async throws {
            let model = try place.write("model.safetensors", "no model")
            for command in [["replay", "synthetic:street?length=1", "--model", model], ["calibrate", model, "x.png"]] {
                let program = try place.zanzoProcess(command)
                defer { program.kill() }
                #expect(try await program.end() == .exit(1))
                #expect(program.errors.text.contains(model) && program.errors.lines.count == 1)
            }
        }
    }
}
