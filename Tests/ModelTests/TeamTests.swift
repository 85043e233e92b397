import Glibc
import Kernels
import Synchronization
import Testing
import Video

@testable import Model

@Suite("Several threads and several cameras in one step")
struct TeamTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var cameras, threads: Int
        var precision: Precision
        var testDescription: String { "\(cameras) cameras, \(threads) threads, \(precision)" }
    }

    static let cases: [Case] = [Precision.float32, .float16, .int8].flatMap { precision in
        [(1, 2), (1, 3), (3, 1), (5, 2), (2, 4)].map { Case(cameras: $0.0, threads: $0.1, precision: precision) }
    }

    @Test("They give the bits that one thread gives one camera alone", arguments: cases)
    func sameBits(given: Case) throws {
        let scratch = Scratch()
        let path = try ModelFiles.write(ModelFiles.even, in: scratch)
        _ = try ModelFiles.quantise(path)
        for table in KernelTable.names.compactMap({ KernelTable.named($0) }) {
            let model = try Model(path: path, precision: given.precision, kernels: table)
            let clips = (0..<given.cameras).map {
                ModelFiles.frames(model.topology, count: 4, seed: UInt64(20 + $0))
            }
            let alone = clips.map { clip in
                let reconstructor = Reconstructor(model: model)
                var state = StreamState(model: model)
                return clip.map { ReconstructorTests.bits(reconstructor, $0, &state) }
            }
            let team = Reconstructor(model: model, capacity: given.cameras, threads: given.threads)
            let states = (0..<given.cameras).map { _ in StateBox(model) }
            for frame in 0..<4 {
                let lumas = clips.map { $0[frame] }
                withPointers(lumas) { pointers in
                    for (index, luma) in pointers.enumerated() { team.place(luma, &states[index].state, at: index) }
                    team.run(frames: given.cameras)
                }
                for camera in 0..<given.cameras {
                    let found = team.reconstruction(at: camera).output.map(\.bitPattern)
                    #expect(found == alone[camera][frame], "\(table.name), camera \(camera), frame \(frame)")
                }
            }
        }
    }

    @Test("Threads that have gone to sleep are woken for the next step, each time", arguments: [2, 3, 5])
    func sleep(threads: Int) throws {
        let sums = (0..<threads).map { _ in Tally() }
        let team = StepTeam(count: threads) { sums[$0.index].add($0.frames) }
        for step in 1...50 {
            // Ten seconds are long enough for any machine; a thread that never sleeps fails the test.
            let deadline = SystemTime().now() + .seconds(10)
            while team.sleepingCount < threads - 1, SystemTime().now() < deadline { sched_yield() }
            #expect(team.sleepingCount == threads - 1, "step \(step)")
            team.run(frames: step)
        }
        #expect(sums.allSatisfy { $0.value == 50 * 51 / 2 })
    }

    /// What one part has done.
    private final class Tally: Sendable {
        private let total = Atomic<Int>(0)
        var value: Int { total.load(ordering: .relaxed) }
        func add(_ count: Int) { total.wrappingAdd(count, ordering: .relaxed) }
    }

    @Test("A team rests between steps and ends with its reconstructor")
    func rest() throws {
        let scratch = Scratch()
        let model = try Model(path: ModelFiles.write(ModelFiles.odd, in: scratch))
        let frame = ModelFiles.frames(model.topology, count: 1)[0]
        for _ in 0..<20 {
            let reconstructor = Reconstructor(model: model, threads: 3)
            var state = StreamState(model: model)
            let first = ReconstructorTests.bits(reconstructor, frame, &state)
            state.reset()
            // Long enough for the others to have gone to sleep, or not: both must be right.
            for _ in 0..<200 { state.reset() }
            #expect(ReconstructorTests.bits(reconstructor, frame, &state) == first)
        }
    }

    private func withPointers(_ frames: [[UInt8]], _ body: ([UnsafeBufferPointer<UInt8>]) -> Void) {
        var all: [UnsafeBufferPointer<UInt8>] = []
        func next(_ index: Int) {
            guard index < frames.count else { return body(all) }
            frames[index].withUnsafeBufferPointer {
                all.append($0)
                next(index + 1)
            }
        }
        next(0)
    }

    private final class StateBox {
        var state: StreamState
        init(_ model: Model) { state = StreamState(model: model) }
    }
}
