import FoundationEssentials
import Glibc
import Testing

@testable import Service

extension ProcessTests {
    /// `zanzo record` when it is ended: what it has is there, and can be played.
    @Suite struct RecordTests {
        let place: Workspace

        init() throws { place = try Workspace() }

        private var out: String { place.path + "/out" }
        private var strips: [String] { (Directory.names(in: out) ?? []).filter { $0.hasPrefix("strip-") }.sorted() }

        /// A recording without an end, as fast as it goes, that has written `count` strips.
        private func running(_ count: Int = 1, by wrapper: [String] = []) async throws -> Program {
            let words =
                wrapper + [
                    try DemoSetup.besideThisProgram("zanzo"), "record", "synthetic:street?rate=20&size=64x64", "--out",
                    out,
                ]
            let run = try Program(words[0], Array(words.dropFirst()))
            try await run.gives("\(count) strips") { strips.count >= count }
            return run
        }

        /// Frames that the folder plays.
        private func played() async throws -> Int {
            struct Summary: Decodable { let frames: Int }
            let replay = try await place.zanzo("replay", out, "--model", Workspace.model, "--json")
            #expect(replay.ending == .exit(0), "\(replay.errors)")
            return try JSONDecoder().decode(Summary.self, from: Data(replay.output.utf8)).frames
        }

        @Test(arguments: [(SIGINT, "SIGINT"), (SIGTERM, "SIGTERM"), (SIGHUP, "SIGHUP")])
        func aSignalEndsIt(_ number: Int32, _ name: String) async throws {
            let run = try await running()
            defer { run.kill() }
            run.send(number)
            #expect(try await run.end() == .exit(128 + number))
            #expect(try await run.errors.text == "stopped by \(name): \(played()) frames in \(out)\n")
            #expect(run.output.text.isEmpty)
        }

        /// nohup(1) means it so.
        @Test func whoIgnoresAHangUpRecordsOn() async throws {
            let run = try await running(by: ["sh", "-c", #"trap '' HUP; exec "$@""#, "sh"])
            defer { run.kill() }
            let before = strips.count
            run.send(SIGHUP)
            try await run.gives("more strips") { strips.count > before + 1 }
            run.send(SIGINT)
            #expect(try await run.end() == .exit(130))
        }

        @Test func whatIsKilledLeavesWholeStrips() async throws {
            let run = try await running(3)
            run.kill()
            #expect(try await played() >= 3 * 256)
            let again = try await place.zanzo("record", "synthetic:street?length=1", "--out", out)
            #expect(again.ending == .exit(1) && again.errors.contains("strips of another recording lie there"))
            let anew = try await place.zanzo("record", "synthetic:street?length=1&rate=20", "--out", out, "--overwrite")
            #expect(anew.ending == .exit(0) && anew.output.contains("20 frames in"), "\(anew.errors)")
            #expect(try await played() == 20)
        }

        @Test(.enabled(if: Mounting.isPossible, Mounting.reason)) func aFullDiskKeepsWhatFits() async throws {
            let disk = try place.makeFolder("out")
            let script =
                #"mount -t tmpfs -o size=600k tmpfs "$0" && "$@"; echo "rc $?"; shift 2; "#
                + #"exec '\#(try DemoSetup.besideThisProgram("zanzo"))' replay "$0" --model '\#(Workspace.model)' --json"#
            let run = try Program(
                "unshare",
                [
                    "--mount", "sh", "-c", script, disk, try DemoSetup.besideThisProgram("zanzo"), "record",
                    "synthetic:street?rate=20&size=64x64", "--out", disk,
                ])
            defer { run.kill() }
            #expect(try await run.end() == .exit(0), "\(run.errors.text)")
            #expect(run.output.text.hasPrefix("rc 1\n{\"events\""), "\(run.output.text)")
            #expect(run.errors.text.contains("No space left on device"), "\(run.errors.text)")
            let words = run.errors.text.split(separator: " ")
            let place = try #require(words.firstIndex(of: "frames"), "\(run.errors.text)")
            #expect(run.output.text.contains("\"frames\":\(words[place - 1]),"), "\(run.errors.text)")
        }
    }
}
