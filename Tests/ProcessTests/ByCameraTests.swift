import FoundationEssentials
import Glibc
import Testing

@testable import Service

extension ProcessTests {
    /// `--camera`: the programs by hand score as the daemon would, by regions, masks, detector, method and rate of a camera.
    @Suite struct ByCameraTests {
        let place: Workspace

        /// Six seconds of the demo's street and its first anomaly.
        static let clip = "synthetic:street?seed=7&rate=15&size=64x64&length=6"

        init() throws {
            place = try Workspace()
            let (half, scores) = ("[[[0, 0], [0.5, 0], [0.5, 1], [0, 1]]]", "rate: 5, score: mean, threshold: 0.1")
            try place.configure(
                "left: {source: /dev/video0, \(scores), regions: \(half)}",
                "right: {source: /dev/video1, \(scores), masks: \(half)}",
                #"strict: {source: /dev/video2, threshold: 0.000001, detector: {warm_up_frames: 0, warm_up_time: 0s}}"#)
        }

        private func replay(_ options: String...) async throws -> Replay.Summary {
            let line = ["replay", Self.clip, "--model", Workspace.model, "--json"] + options
            let run = try place.zanzoProcess(line)
            defer { run.kill() }
            try #require(try await run.end() == .exit(0), "\(run.errors.text)")
            return try JSONDecoder().decode(Replay.Summary.self, from: Data(run.output.text.utf8))
        }

        @Test func replayLooksWhereTheCameraDoes() async throws {
            let whole = try await replay("--rate", "5", "--score", "mean")
            let left = try await replay("--camera", "left", "--config", place.configuration)
            let right = try await replay("--camera", "right", "--config", place.configuration)
            #expect(left.method == "mean" && [left.frames, right.frames] == [whole.frames, whole.frames])
            // Two halves of the frame's pixels: the whole's mean is theirs.
            #expect(abs((left.meanRaw + right.meanRaw) / 2 / whole.meanRaw - 1) < 1e-4)
            #expect(left.meanRaw != right.meanRaw)
            // What stands on the command line goes before the configuration.
            let fast = try await replay("--camera", "left", "--config", place.configuration, "--rate", "15")
            #expect(fast.frames > 2 * left.frames)
            let strict = try await replay("--camera", "strict", "--config", place.configuration)
            #expect(strict.threshold == 0.000001 && strict.events.count == 1)
        }

        @Test func calibrateLooksWhereTheCameraDoes() async throws {
            let clip = "synthetic:street?seed=7&rate=15&size=64x64&length=60"
            struct Line: Decodable { var threshold: Double, method: String, rate: Double }
            var lines: [String: Line] = [:]
            for camera in ["left", "right"] {
                let model = place.path + "/\(camera).safetensors"
                try FileManager.default.copyItem(atPath: Workspace.model, toPath: model)
                let run = try await place.zanzo(
                    "calibrate", model, clip, "--camera", camera, "--config", place.configuration, "--json")
                #expect(run.ending == .exit(0), "\(run.errors)")
                lines[camera] = try JSONDecoder().decode(Line.self, from: Data(run.output.utf8))
            }
            let left = try #require(lines["left"]), right = try #require(lines["right"])
            for line in [left, right] { #expect(line.method == "mean" && line.rate == 5) }
            // Two halves of a street are never as hard as each other.
            #expect(abs(left.threshold / right.threshold - 1) > 0.01)
        }

        /// A threshold of tiles means nothing to means, and a clip of pictures has the camera's rate.
        @Test func replayMixesNothing() async throws {
            let mean = try await replay("--camera", "strict", "--config", place.configuration, "--score", "mean")
            #expect(mean.threshold == nil && mean.events.isEmpty)
            let strips = try place.makeFolder("strips")
            let record = try await place.zanzo("record", Self.clip, "--rate", "5", "--out", strips)
            #expect(record.ending == .exit(0), "\(record.errors)")
            let replay = try await place.zanzo(
                "replay", strips, "--model", Workspace.model, "--json", "--camera", "left", "--config",
                place.configuration)
            #expect(try JSONDecoder().decode(Replay.Summary.self, from: Data(replay.output.utf8)).frames == 30)
            // The shipped model is calibrated for tiles: with means and no threshold the daemon would not start.
            try place.configure(#"means: {source: /dev/video0, score: mean}"#)
            let refused = try await place.zanzo(
                "replay", Self.clip, "--model", Workspace.model, "--camera", "means", "--config", place.configuration)
            #expect(refused.ending == .exit(1))
            #expect(refused.errors.contains("the camera asks for mean"), "\(refused.errors)")
        }

        /// Half a frame that is hidden has no part in the alarm line, also where the source comes on standard input.
        @Test(arguments: [false, true]) func trainLooksWhereTheCameraDoes(_ isHanded: Bool) async throws {
            let clip = "synthetic:street?seed=7&rate=5&size=64x64&length=260"
            struct Report: Decodable {
                struct Calibration: Decodable { var threshold: Double, method: String }
                var calibration: Calibration
            }
            try place.write("topology.json", #"{"size":16,"channels":1,"widths":[2,2,4,4,4],"latent":4,"hidden":6}"#)
            var thresholds: [Double] = []
            for camera in ["left", "right"] {
                let line =
                    "'\(try DemoSetup.besideThisProgram("zanzo"))' train \(isHanded ? "-" : "'\(clip)'") --camera \(camera) "
                    + "--config \(place.configuration) --iterations 20 --topology \(place.path)/topology.json --json "
                    + "--out \(place.path)/\(camera).safetensors"
                let shell = try Program("/bin/sh", ["-c", isHanded ? "echo '\(clip)' | \(line)" : line])
                defer { shell.kill() }
                try #require(try await shell.end() == .exit(0), "\(shell.errors.text)")
                let report = try JSONDecoder().decode(Report.self, from: Data(shell.output.text.utf8))
                #expect(report.calibration.method == "mean")
                thresholds.append(report.calibration.threshold)
            }
            #expect(abs(thresholds[0] / thresholds[1] - 1) > 0.01)
        }

        @Test func aCameraThatIsNotThereIsNamed() async throws {
            let run = try await place.zanzo(
                "replay", Self.clip, "--model", Workspace.model, "--camera", "porch", "--config", place.configuration)
            #expect(run.ending == .exit(1) && run.output.isEmpty && run.errors.components(of: "\n") == 1)
            #expect(run.errors.contains("--camera porch: \(place.configuration) has no camera of that name"))
            #expect(run.errors.contains("it has: left, right, strict"))
        }
    }
}
