import Pictures
import Testing

@testable import Service

extension ProcessTests {
    /// `zanzo-bench` on frames that it is given.
    @Suite struct BenchTests {
        let place: Workspace

        init() throws { place = try Workspace() }

        private func bench(_ arguments: String...) async throws -> Program {
            let program = try Program(
                try DemoSetup.besideThisProgram("zanzo-bench"), arguments + ["--model", Workspace.model])
            _ = try await program.end()
            return program
        }

        /// The table's head says what ran: every frame of a strip, whatever its size.
        @Test func itRunsTheFramesOfAStrip() async throws {
            let strip = try place.write("strip.png", PNG.encode(Canvas(width: 5 * 32, height: 32)))
            let program = try await bench("load", "--frames", strip, "--runs", "1")
            #expect(program.ending == .exit(0) && program.errors.text.isEmpty, "\(program.errors.text)")
            #expect(program.output.text.contains("\na step over the first of 5 frames of \(strip)\n"))
            #expect(program.output.text.contains("\nfirst step "))
        }

        @Test func withoutFootageItRunsTheStreet() async throws {
            let program = try await bench("load", "--runs", "1")
            #expect(program.output.text.contains(" of 64 frames of synthetic:street?seed=7"))
        }

        @Test(arguments: ["step", "load"]) func itsLastWordIsTheMedian(_ command: String) async throws {
            let count = command == "step" ? "--steps" : "--runs"
            let program = try await bench(command, "--quiet", count, "2")
            let words = program.output.text.split { $0.isWhitespace }
            #expect(words.count == 1 && (words.last.flatMap { Double($0) } ?? 0) > 0, "\(program.output.text)")
        }

        @Test(arguments: [("/nowhere/clip.mp4", 1), ("synthetic:lane", 64)])
        func footageThatIsNotThereIsNamed(_ source: String, status: Int32) async throws {
            let program = try await bench("step", "--quiet", "--frames", source)
            #expect(program.ending == .exit(status) && program.output.text.isEmpty)
            #expect(program.errors.text.contains(source), "\(program.errors.text)")
        }
    }
}
