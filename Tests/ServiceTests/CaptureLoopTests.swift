import Capture
import FoundationEssentials
import Synchronization
import Testing
import Video

@testable import Service

@Suite struct CaptureLoopTests {
    /// Counts something at every reading, and is lost or at its end after three.
    final class CountingSource: FrameSource {
        var counters = SourceCounters()
        let isLive: Bool
        private var readings = 0

        init(isLive: Bool) { self.isLive = isLive }

        func open() -> SourceFormat { SourceFormat(name: "none", size: FrameSize(width: 8, height: 8), rate: 5) }

        func read(timeout: Duration) throws(CaptureError) -> Reading {
            counters.frames += 10
            counters.corrupt += 3
            counters.missed += 2
            counters.nonMonotonic += 1
            readings += 1
            if readings < 3 { return .corrupt(nil) }
            if isLive { throw CaptureError(.disconnected, "read", "gone") }
            return .end
        }

        func close() {}
    }

    /// Gives a frame, holds for a while, gives another, and is lost; at the last opening it stops the camera.
    final class FlappingSource: FrameSource {
        var counters = SourceCounters()
        let isLive = true
        let time: SimulatedTime
        let holds: [Duration]
        let stop: () -> Void
        private(set) var openings: [MonotonicTime] = []
        private var readings = 0
        private let picture = UnsafeMutablePointer<UInt8>.allocate(capacity: 64)

        init(_ time: SimulatedTime, holds: [Duration], stop: @escaping () -> Void) {
            (self.time, self.holds, self.stop) = (time, holds, stop)
            picture.initialize(repeating: 90, count: 64)
        }

        deinit { picture.deallocate() }

        func open() -> SourceFormat {
            openings.append(time.now())
            readings = 0
            return SourceFormat(name: "none", size: FrameSize(width: 8, height: 8), rate: 5)
        }

        func read(timeout: Duration) throws(CaptureError) -> Reading {
            readings += 1
            if readings == 2 { time.advance(by: holds[openings.count - 1]) }
            if readings == 3 {
                if openings.count == holds.count { stop() }
                throw CaptureError(.disconnected, "read", "gone")
            }
            let view = PixelView(
                planes: (UnsafePointer(picture), nil, nil), strides: (8, 0, 0), size: FrameSize(width: 8, height: 8),
                format: .gray8, range: .full)
            return .frame(SourceFrame(view: view, time: time.now(), utc: time.utc()))
        }

        func close() {}
    }

    /// A camera that dies right after each first frame is left alone for longer and longer, until it holds.
    @Test func onlyAStreamThatHoldsEndsTheBackOff() throws {
        let camera = try CameraFixture(DaemonFixture.camera(seconds: 1)).camera
        // No worker is there to say so.
        camera.endedSession.store(.max, ordering: .releasing)
        let time = SimulatedTime()
        let moment = Duration.milliseconds(40)
        let source = FlappingSource(
            time, holds: [moment, moment, moment, moment, .seconds(3), moment, .seconds(6), moment, moment]
        ) {
            camera.isStopping.store(true, ordering: .releasing)
        }
        CaptureLoop(camera: camera, time: time, workerBell: Doorbell()) { _ in source }.run()
        let pauses = zip(source.openings.dropFirst(), zip(source.openings, source.holds)).map { next, last in
            (next - last.0 - last.1).seconds
        }
        // Doubling, each within the jitter of 20 %. 3 s are shorter than the 4 before them, and 6 s prove a stream whatever the
        // pause was: a camera that was away for a night and now holds for a minute at a time is not left alone for a minute.
        #expect(pauses.count == 8)
        for (pause, expected) in zip(pauses, [0.5, 1, 2, 4, 8, 16, 0.5, 1]) {
            #expect(abs(pause / expected - 1) <= 0.2001, "\(pauses)")
        }
    }

    /// The sources' counts are the camera's, also when a source is made anew (its password is read again) and lost.
    @Test func theSourcesCountsAreTheCameras() throws {
        let folder = try ConfigurationFolder()
        try folder.write("secret", "user:word\n")
        var settings = DaemonFixture.camera(seconds: 1)
        settings.credentials = .file(folder.path + "/secret")
        let camera = try CameraFixture(settings).camera
        var made = 0
        CaptureLoop(camera: camera, time: SimulatedTime(), workerBell: Doorbell()) { _ in
            made += 1
            return CountingSource(isLive: made < 3)  // the first is never opened, the second is lost
        }.run()
        let counters = camera.counters
        #expect(made == 3 && counters.sessions.value == 2 && counters.state == .ended)
        #expect(counters.received.value == 60 && counters.corrupt.value == 18)
        #expect(counters.missed.value == 12 && counters.nonMonotonic.value == 6)
    }
}
