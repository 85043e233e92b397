import Capture
import Logging
import Synchronization
import Testing
import Video

@testable import Service

@Suite("What a start or a reload needs is asked for before anything changes")
struct ResourceTests {
    @Test("Descriptors for more cameras than the limit allows are refused, with what to raise")
    func descriptors() throws {
        try Resources.checkDescriptors(cameras: Resources.cameraLimit)
        let error = #expect(throws: StartError.self) {
            try Resources.checkDescriptors(cameras: Resources.cameraLimit + 1)
        }
        #expect(error?.message.contains("LimitNOFILE=") == true)
        #expect(error?.message.contains("\(Resources.descriptorLimit)") == true)
    }

    @Test("Memory that is not to be had is told, with the camera's name")
    func memory() throws {
        try Resources.checkMemory(1 << 20, for: "porch")
        let error = #expect(throws: StartError.self) { try Resources.checkMemory(1 << 62, for: "porch") }
        #expect(error?.camera == "porch" && error?.message.contains("MemoryMax=") == true)
    }

    @Test("A thread behind a gate goes when it opens, and not at all when it is turned away")
    func gates() throws {
        for isOpen in [true, false] {
            let (gate, seen) = (StartGate<Int>(), Seen())
            let thread = try NamedThread(name: "gated") {
                if let pass = gate.wait() { seen.value.store(pass, ordering: .relaxed) }
            }
            #expect(!thread.join(timeout: .milliseconds(20)))
            if isOpen { gate.open(7) } else { gate.cancel() }
            gate.open(8)  // the first decision holds
            #expect(thread.join(timeout: .seconds(10)))
            #expect(seen.value.load(ordering: .relaxed) == (isOpen ? 7 : 0))
        }
    }

    final class Seen: Sendable { let value = Atomic<Int>(0) }

    @Test("A bell remembers that it was rung, wakes who waits, and waits no longer than it should")
    func bell() throws {
        let bell = Doorbell()
        #expect(!bell.wait(timeout: .milliseconds(5)))
        bell.ring()
        bell.ring()
        #expect(bell.wait(timeout: .zero) && !bell.wait(timeout: .zero))
        let ringer = try NamedThread(name: "ringer") { for _ in 0..<2000 { bell.ring() } }
        var rung = 0
        while !ringer.join(timeout: .zero) || bell.wait(timeout: .zero) {
            if bell.wait(timeout: .milliseconds(50)) { rung += 1 }
        }
        #expect(rung > 0)
    }

    /// A device that one thread at a time may have open.
    final class ExclusiveSource: FrameSource {
        let isLive = true
        var counters = SourceCounters()
        let cancellation = Cancellation()
        private let holders: Seen
        private let collisions: Seen
        private var isMine = false

        init(_ holders: Seen, _ collisions: Seen) {
            (self.holders, self.collisions) = (holders, collisions)
        }

        func open() throws(CaptureError) -> SourceFormat {
            guard holders.value.compareExchange(expected: 0, desired: 1, ordering: .acquiringAndReleasing).exchanged
            else {
                collisions.value.wrappingAdd(1, ordering: .relaxed)
                throw CaptureError(.busy, "open", "another has it")
            }
            isMine = true
            return SourceFormat(name: "none", size: FrameSize(width: 8, height: 8), rate: 5)
        }

        func read(timeout: Duration) throws(CaptureError) -> Reading {
            // A driver that takes its time to notice.
            let clock = SystemTime()
            clock.sleep(until: clock.now() + .milliseconds(150))
            if cancellation.isCancelled { throw CaptureError(.ended, "read", "it was told to stop") }
            return .corrupt(nil)
        }

        func close() {
            if isMine { holders.value.store(0, ordering: .releasing) }
            isMine = false
        }
    }

    @Test("A reloaded camera's device is opened when the old thread has let go of it")
    func exclusiveDevice() async throws {
        let (holders, collisions) = (Seen(), Seen())
        var settings = DaemonFixture.camera(seconds: 1)
        settings.source = SourceSpecification(kind: .v4l2(path: "/dev/video-of-a-test"))
        var fixture = try DaemonFixture()
        fixture.configuration.cameras = [settings]
        let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let environment = DaemonEnvironment(log: log, makeSource: { _, _ in ExclusiveSource(holders, collisions) })
        let daemon = Daemon(fixture.configuration, environment)
        try await daemon.start()
        for rate in [3.0, 4, 6] {
            try await comes("the device's opening") { holders.value.load(ordering: .acquiring) == 1 }
            settings.rate = rate
            fixture.configuration.cameras = [settings]
            try await daemon.reload(fixture.configuration)
        }
        await daemon.stop()
        #expect(collisions.value.load(ordering: .relaxed) == 0)
    }
}
