import FoundationEssentials
import Testing

@testable import Service

extension ProcessTests {
    /// `zanzo train --unattended` when whoever started it is gone.
    @Suite struct UnattendedTrainingTests {
        let place: Workspace

        init() throws {
            place = try Workspace()
            try place.write("t.json", #"{"size":16,"channels":1,"widths":[2,2,4,4,4],"latent":4,"hidden":6}"#)
        }

        /// Nobody reads its progress after the first line: it trains on to its end, and its model is there.
        @Test func itOutlivesTheReaderOfItsProgress() async throws {
            let script = """
                { "$@"; echo "$?" >'\(place.path)/status'; } | head -n 1
                """
            let words = [
                "sh", "-c", script, "sh", try DemoSetup.besideThisProgram("zanzo"), "train",
                "synthetic:street?seed=3&rate=5&size=32x32&length=240", "--out", place.path + "/m.safetensors",
                "--topology", place.path + "/t.json", "--iterations", "4000", "--batch", "4", "--window", "4",
                "--threads",
                "1", "--strips-at", "", "--unattended",
            ]
            let program = try Program(words[0], Array(words.dropFirst()))
            defer { program.kill() }
            #expect(try await program.end() == .exit(0))
            #expect(program.output.lines.count == 1)
            let status = FileManager.default.contents(atPath: place.path + "/status").map { Array($0) } ?? []
            #expect(String(decoding: status, as: UTF8.self) == "0\n", "\(program.errors.text)")
            #expect(FileManager.default.fileExists(atPath: place.path + "/m.safetensors"))
        }
    }
}
