import Anomaly
import CAllocations
import Model
import Synchronization
import Testing
import Video

@testable import Service

@Suite("A worker serves its cameras in turn")
struct InferenceWorkerTests {
    private func camera(_ name: String) throws -> Camera {
        var settings = DaemonFixture.camera(seconds: 1)
        settings.name = name
        return try CameraFixture(settings).camera
    }

    private func publish(_ camera: Camera, _ index: Int) {
        camera.ring.publish { slot in
            slot.index = UInt64(index)
            slot.session = 1
            slot.time = MonotonicTime(nanoseconds: Int64(index) * 200_000_000)
            slot.luma.update(repeating: UInt8(truncatingIfNeeded: index * 7))
        }
    }

    /// Scored frames of each camera, once the worker has served what waits.
    private func serve(_ cameras: [Camera], scored: [UInt64]) throws -> [UInt64] {
        let worker = InferenceWorker()
        cameras.forEach { worker.join($0) }
        let thread = try NamedThread(name: "worker") { worker.run() }
        let clock = SystemTime()
        let deadline = clock.now() + .seconds(60)
        func counts() -> [UInt64] { cameras.map { $0.counters.scored.value } }
        while counts() != scored, clock.now() < deadline {
            clock.sleep(until: clock.now() + .milliseconds(5))
        }
        let found = counts()
        cameras.forEach { $0.stop(.stopped) }
        worker.stop()
        #expect(thread.join(timeout: .seconds(30)))
        return found
    }

    @Test("Every camera's frame is scored, in steps of four at most, whoever has none", arguments: [1, 4, 5, 9])
    func grouping(count: Int) throws {
        let cameras = try (0..<count).map { try camera("c\($0)") }
        for (index, camera) in cameras.enumerated() where index % 3 != 2 { publish(camera, 1) }
        let expected = cameras.indices.map { UInt64($0 % 3 != 2 ? 1 : 0) }
        #expect(try serve(cameras, scored: expected) == expected)
    }

    @Test("A camera that gives too much loses its own oldest frames, and no other's")
    func overload() throws {
        let (busy, quiet) = (try camera("busy"), try camera("quiet"))
        for index in 1...100 { publish(busy, index) }
        for index in 1...3 { publish(quiet, index) }
        let slots = UInt64(Camera.slotCount)
        // The first frame and the last are the same picture as any other to the watcher: none is frozen in so short a time.
        #expect(try serve([busy, quiet], scored: [slots, 3]) == [slots, 3])
        #expect(busy.ring.counts.overwritten == 100 - slots && quiet.ring.counts.overwritten == 0)
    }

    @Test(
        "A warm stage and its outbox allocate nothing",
        .enabled(if: zanzo_allocations() != .max, "the sanitizer counts for itself"))
    func nothingAllocates() throws {
        // Neither events nor periodic pictures: a few regions may be allocated there, and a debug build does so for a picture.
        var settings = DaemonFixture.camera(seconds: 1)
        settings.threshold = 1e8
        settings.latestEvery = nil
        let fixture = try CameraFixture(settings)
        let (camera, stage, slot) = (fixture.camera, fixture.stage, fixture.slot)
        func turn(_ index: Int) {
            slot.time = MonotonicTime(nanoseconds: Int64(index) * 66_000_000)
            slot.index = UInt64(index)
            slot.session = 1
            for place in slot.luma.indices { slot.luma[place] = UInt8(truncatingIfNeeded: place &* 3 &+ index & 3) }
            guard stage.prepare(slot, at: 0) else { return }
            stage.reconstructor.run(frames: 1)
            stage.finish(slot, stage.reconstructor.reconstruction(at: 0))
            while let report = camera.scoringOutbox.take() {
                report.moment?.giveBack()
                report.strip?.giveBack()
            }
        }
        for index in 1...120 { turn(index) }
        let before = zanzo_allocations()
        for index in 121...160 { turn(index) }
        let made = zanzo_allocations() - before
        #expect(made == 0, "\(made) allocations in 40 frames")
    }
}
