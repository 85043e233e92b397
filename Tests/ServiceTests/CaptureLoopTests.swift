import Capture
import FoundationEssentials
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
            if readings < 3 { return .corrupt }
            if isLive { throw CaptureError(.disconnected, "read", "gone") }
            return .end
        }

        func close() {}
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
