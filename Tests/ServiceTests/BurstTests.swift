import Capture
import Synchronization
import Testing
import Video

@testable import Service

@Suite("Frames that come together are all scored at the camera's rate")
struct BurstTests {
    /// Ten frames a second that arrive `seconds` at a time, in simulated time; `slack` as given.
    final class BurstSource: FrameSource {
        var counters = SourceCounters()
        let isLive = true
        let slack: Duration?
        private let time: SimulatedTime
        private let burst, count: Int
        private var given = 0
        private let picture = UnsafeMutablePointer<UInt8>.allocate(capacity: 64)

        init(_ time: SimulatedTime, burst: Int, count: Int, slack: Duration) {
            (self.time, self.burst, self.count, self.slack) = (time, burst, count, slack)
            picture.initialize(repeating: 90, count: 64)
        }

        deinit { picture.deallocate() }

        func open() -> SourceFormat { SourceFormat(name: "none", size: FrameSize(width: 8, height: 8), rate: 10) }

        func read(timeout: Duration) -> Reading {
            guard given < count else { return .end }
            if given % burst == 0 { time.advance(by: .milliseconds(100 * burst)) }
            picture[given % 64] = UInt8(truncatingIfNeeded: given)
            let taken = MonotonicTime(nanoseconds: Int64(given) * 100_000_000)
            given += 1
            counters.frames += 1
            let size = FrameSize(width: 8, height: 8)
            let view = PixelView(
                planes: (UnsafePointer(picture), nil, nil), strides: (8, 0, 0), size: size, format: .gray8, range: .full
            )
            return .frame(SourceFrame(view: view, time: taken, utc: time.utc()))
        }

        func close() {}
    }

    /// Frames that reach a reader that takes `pause` over each.
    private func taken(burst: Int, slack: Duration, pause: Duration) throws -> (read: Int, overwritten: UInt64) {
        var settings = DaemonFixture.camera(seconds: 1)
        settings.rate = 5
        let camera = try CameraFixture(settings).camera
        camera.endedSession.store(.max, ordering: .releasing)
        let time = SimulatedTime()
        let count = Atomic<Int>(0)
        let reader = try NamedThread(name: "reader") {
            let clock = SystemTime()
            while true {
                if camera.ring.consume({ _ in clock.sleep(until: clock.now() + pause) }) != nil {
                    count.wrappingAdd(1, ordering: .relaxed)
                    camera.spaceBell.ring()
                } else if camera.counters.state == .ended {
                    return
                }
            }
        }
        let source = BurstSource(time, burst: burst, count: 200, slack: slack)
        CaptureLoop(camera: camera, time: time, workerBell: Doorbell()) { _ in source }.run()
        #expect(reader.join(timeout: .seconds(20)))
        return (count.load(ordering: .relaxed), camera.ring.counts.overwritten)
    }

    @Test("A sender that can wait loses nothing", arguments: [1, 10, 40, 100])
    func all(burst: Int) throws {
        let (read, overwritten) = try taken(burst: burst, slack: .seconds(1), pause: .milliseconds(2))
        #expect(read == 100 && overwritten == 0)
    }

    @Test("Of one that cannot wait, what finds no room is counted")
    func counted() throws {
        let (read, overwritten) = try taken(burst: 100, slack: .zero, pause: .milliseconds(20))
        #expect(read < 100 && UInt64(read) + overwritten == 100)
    }

    @Test("The budget of waiting is spent, comes back at half speed, and is never more than its capacity")
    func budget() {
        var patience = BurstPatience()
        func at(_ seconds: Double) -> MonotonicTime {
            MonotonicTime(nanoseconds: Duration(seconds: seconds).nanoseconds)
        }
        #expect(patience.available(at: at(0)) == BurstPatience.capacity)
        patience.spend(.seconds(3), until: at(3))
        #expect(patience.available(at: at(3)) == .seconds(1))
        #expect(patience.available(at: at(5)) == .seconds(2))
        patience.spend(.seconds(9), until: at(14))
        #expect(patience.available(at: at(14)) == .zero)
        #expect(patience.available(at: at(1000)) == BurstPatience.capacity)
    }
}
