import FoundationEssentials
import Glibc
import Model
import Offline
import Testing

@testable import Service

extension ProcessTests {
    /// `zanzo train` as a process: killed, interrupted, refused.
    @Suite struct TrainingProcessTests {
        let place: Workspace
        static let topology = #"{"size":16,"channels":1,"widths":[2,2,4,4,4],"latent":4,"hidden":6}"#

        init() throws {
            place = try Workspace()
            try place.write("t.json", Self.topology)
        }

        private func line(_ model: String, _ more: [String] = []) -> [String] {
            [
                "train", "synthetic:street?seed=3&rate=5&size=32x32&length=120", "--out", place.path + "/" + model,
                "--topology", place.path + "/t.json", "--iterations", "400", "--batch", "4", "--window", "4",
                "--threads", "2", "--checkpoint-every", "10ms",
            ] + more
        }

        private func train(_ model: String, _ more: [String] = []) async throws -> Program {
            let program = try place.zanzoProcess(line(model, more))
            #expect(try await program.end() == .exit(0), "\(program.errors.text)")
            return program
        }

        /// All of a model file but the training record's time and duration.
        private func content(_ model: String) throws -> (TrainingRecord, [String: String], Data) {
            let path = place.path + "/" + model
            var metadata = try Model(path: path).metadata
            let text = try #require(metadata[TrainingRecord.metadataKey])
            metadata[TrainingRecord.metadataKey] = nil
            var record = try JSONDecoder().decode(TrainingRecord.self, from: Data(text.utf8))
            #expect(record.iterations == 400 && record.losses.count == 8)
            (record.seconds, record.created) = (0, "")
            metadata["zanzo.calibration"] = metadata["zanzo.calibration"]?.split(separator: ",")
                .filter { !$0.contains("created") }.joined(separator: ",")
            let bytes = try Data(contentsOf: URL(filePath: path))
            let header = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
            return (record, metadata, bytes.dropFirst(8 + header))
        }

        /// Killed again and again wherever it happens to be, and resumed to its end: the same weights, to the bit.
        @Test func killedAndResumedItEndsInTheSameBits() async throws {
            let whole = try await train("whole.safetensors", ["--json"])
            #expect(whole.output.text.hasPrefix("{") && whole.output.lines.count == 1)
            var kills = 0
            var random = SystemRandomNumberGenerator()
            while kills < 6 {
                let program = try place.zanzoProcess(line("killed.safetensors", ["--resume"]))
                defer { program.kill() }
                // A step or so after it has something to lose: a checkpoint, that it wrote anew.
                let checkpoint = place.path + "/killed.safetensors.checkpoint"
                let before = Self.identity(checkpoint)
                try await program.gives("a checkpoint or the end") {
                    program.ending != nil || Self.identity(checkpoint) != before
                }
                if program.ending != nil { break }
                usleep(UInt32.random(in: 0..<20_000, using: &random))
                program.send(SIGKILL)
                _ = try await program.end()
                kills += 1
            }
            #expect(kills > 0)
            if FileManager.default.fileExists(atPath: place.path + "/killed.safetensors.checkpoint") {
                _ = try await train("killed.safetensors", ["--resume"])
            }
            let (a, b) = (try content("whole.safetensors"), try content("killed.safetensors"))
            #expect(a.2 == b.2, "weights differ after \(kills) kills")
            #expect(a.0 == b.0 && a.1 == b.1)
            // What is finished is told from what failed by the status: `make reference-model` goes by it.
            let again = try place.zanzoProcess(line("whole.safetensors", ["--resume", "--json"]))
            defer { again.kill() }
            #expect(try await again.end() == .exit(73) && again.output.text.isEmpty)
            #expect(again.errors.text.contains("whole.safetensors: is finished"), "\(again.errors.text)")
        }

        private static func identity(_ path: String) -> UInt64 {
            var status = stat()
            return stat(path, &status) == 0 ? UInt64(status.st_ino) : 0
        }

        @Test(arguments: [SIGINT, SIGTERM, SIGHUP]) func aSignalEndsItWithAModel(_ signal: Int32) async throws {
            let program = try place.zanzoProcess(line("m.safetensors", ["--iterations", "1000000"]))
            defer { program.kill() }
            try await program.gives("a checkpoint") {
                FileManager.default.fileExists(atPath: place.path + "/m.safetensors.checkpoint")
            }
            program.send(signal)
            #expect(try await program.end() == .exit(0))
            #expect(program.output.text.contains("interrupted; go on with --resume"), "\(program.output.text)")
            #expect(try Model(path: place.path + "/m.safetensors").metadata["zanzo.training"] != nil)
            // It goes on as it began, and not otherwise.
            for (words, said) in [
                (["--iterations", "9"], "--iterations 9: "), (["--recipe", "article"], "--recipe article: "),
                (["--seed", "7"], "--seed 7: "), (["--hold-out", "0.3"], "--hold-out 0.3: "),
            ] {
                let again = try place.zanzoProcess(
                    ["train", "x.png", "--out", place.path + "/m.safetensors", "--resume"] + words)
                defer { again.kill() }
                #expect(try await again.end() == .exit(1) && again.errors.lines.count == 1)
                #expect(again.errors.text.contains(said), "\(again.errors.text)")
                #expect(again.errors.text.contains("remove the checkpoint to begin anew"))
            }
        }

        /// What the daemon does not try again at once: too little to train on, and too little held out for an alarm line.
        @Test(arguments: [("length=15", "to train on: it takes 100"), ("length=40", "no threshold: ")])
        func footageThatIsNotEnoughIsSaidByTheStatus(_ length: String, _ said: String) async throws {
            let program = try place.zanzoProcess(
                [
                    "train", "synthetic:street?seed=3&rate=5&size=32x32&\(length)", "--out",
                    place.path + "/m.safetensors", "--topology", place.path + "/t.json", "--iterations", "20",
                    "--batch",
                    "4", "--window", "4", "--threads", "1", "--unattended",
                ])
            defer { program.kill() }
            #expect(try await program.end() == .exit(65))
            #expect(program.errors.text.contains(said), "\(program.errors.text)")
        }

        @Test(
            arguments: [
                (["synthetic:street"], 1, "--record 1h"), (["none.mp4"], 1, "none.mp4"), ([], 64, "source"),
                (["x.png", "--recipe", "soup"], 64, "stream or article"),
                (["x.png", "--topology", "none.json"], 1, "none.json"),
                (["x.png", "--minutes", "1", "--iterations", "2"], 64, "not both"),
                (["x.png", "--record", "soon"], 64, "such as 90s"), (["x.png", "--batch", "1"], 64, "batch is 1"),
                (["x.png", "--strips-at", "a"], 64, "--strips-at"), (["x.png", "--hold-out", "0.9"], 64, "--hold-out"),
            ] as [([String], Int32, String)])
        func refusals(_ words: [String], _ status: Int32, _ said: String) async throws {
            let program = try place.zanzoProcess(["train", "--out", place.path + "/m.safetensors"] + words)
            defer { program.kill() }
            #expect(try await program.end() == .exit(status))
            #expect(program.errors.text.contains(said) && program.output.text.isEmpty, "\(program.errors.text)")
            if status == 1 { #expect(program.errors.lines.count == 1) }
            #expect(!FileManager.default.fileExists(atPath: place.path + "/m.safetensors"))
        }
    }
}
