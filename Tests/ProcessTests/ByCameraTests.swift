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
            try place.configure(
                #"left: {source: /dev/video0, rate: 5, score: mean, regions: [[[0, 0], [0.5, 0], [0.5, 1], [0, 1]]]}"#,
                #"right: {source: /dev/video1, rate: 5, score: mean, masks: [[[0, 0], [0.5, 0], [0.5, 1], [0, 1]]]}"#,
                #"strict: {source: /dev/video2, threshold: 0.000001, detector: {warm_up_frames: 0, warm_up_time: 0s}}"#)
        }

        private struct Summary: Decodable {
            struct Event: Decodable {}
            var (frames, mean_raw, method): (Int, Double, String)
            var threshold: Double?
            var events: [Event]

            enum CodingKeys: String, CodingKey { case frames, mean_raw, method, threshold, events }

            init(from decoder: any Decoder) throws {
                let words = try decoder.container(keyedBy: CodingKeys.self)
                frames = try words.decode(Int.self, forKey: .frames)
                mean_raw = try words.decode(Double.self, forKey: .mean_raw)
                method = try words.decode(String.self, forKey: .method)
                threshold = try words.decodeIfPresent(Double.self, forKey: .threshold)
                events = try words.decode([Event].self, forKey: .events)
            }
        }

        private func replay(_ options: String...) async throws -> Summary {
            let line = ["replay", Self.clip, "--model", Workspace.model, "--json"] + options
            let run = try place.zanzoProcess(line)
            defer { run.kill() }
            try #require(try await run.end() == .exit(0), "\(run.errors.text)")
            return try JSONDecoder().decode(Summary.self, from: Data(run.output.text.utf8))
        }

        @Test func replayLooksWhereTheCameraDoes() async throws {
            let whole = try await replay("--rate", "5", "--score", "mean")
            let left = try await replay("--camera", "left", "--config", place.configuration)
            let right = try await replay("--camera", "right", "--config", place.configuration)
            #expect(left.method == "mean" && [left.frames, right.frames] == [whole.frames, whole.frames])
            // Two halves of the frame's pixels: the whole's mean is theirs.
            #expect(abs((left.mean_raw + right.mean_raw) / 2 / whole.mean_raw - 1) < 1e-4)
            #expect(left.mean_raw != right.mean_raw)
            // What stands on the command line goes before the configuration.
            let fast = try await replay("--camera", "left", "--config", place.configuration, "--rate", "15")
            #expect(fast.frames > 2 * left.frames)
            let strict = try await replay("--camera", "strict", "--config", place.configuration)
            #expect(strict.threshold == 0.000001 && strict.events.count == 1)
        }

        @Test func calibrateLooksWhereTheCameraDoes() async throws {
            let clip = "synthetic:street?seed=7&rate=15&size=64x64&length=60"
            var lines: [String: String] = [:]
            for camera in ["left", "right"] {
                let model = place.path + "/\(camera).safetensors"
                try FileManager.default.copyItem(atPath: Workspace.model, toPath: model)
                let run = try await place.zanzo(
                    "calibrate", model, clip, "--camera", camera, "--config", place.configuration, "--json")
                #expect(run.ending == .exit(0), "\(run.errors)")
                lines[camera] = run.output
            }
            let left = try #require(lines["left"]), right = try #require(lines["right"])
            #expect(left.contains(#""method":"mean""#) && left.contains(#""rate":5"#), "\(left)")
            #expect(left != right)
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
