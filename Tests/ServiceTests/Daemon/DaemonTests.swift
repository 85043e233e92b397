import Capture
import Glibc
import Testing
import Video

@testable import Service

/// The whole daemon in one process: from a synthetic frame to a line in the journal and a picture on disk.
@Suite(.serialized) struct DaemonTests {
    @Test func theDemosScriptIsFoundAndNothingElse() async throws {
        var fixture = try DaemonFixture()
        fixture.configuration.cameras = [
            DaemonFixture.camera(seconds: SyntheticScript.demoLength.seconds, script: .demo)
        ]
        try await fixture.runToTheEnd()
        let lines = try fixture.journal()
        let starts = lines.filter { $0.kind == "anomaly.start" }
        let heard = starts.map {
            HeardEvent(
                id: $0.data.event ?? "", startFrame: $0.data.frame ?? 0, peak: $0.data.score ?? 0,
                picture: $0.data.snapshot)
        }
        let verdict = DemoVerdict(anomalies: SyntheticScript.demo.anomalies, events: heard, rate: 15)
        #expect(verdict.isClean, "\(verdict.table(under: "/"))")
        let ends = lines.filter { $0.kind == "anomaly.end" }
        #expect(ends.map(\.data.event) == starts.map(\.data.event))
        for path in starts.flatMap({ [$0.data.snapshot, $0.data.picture] }) + ends.map(\.data.strip) {
            #expect(path.map { access($0, R_OK) } == 0, "\(path ?? "an event without its picture")")
        }
        #expect(lines.map(\.sequence) == lines.map(\.sequence).sorted())
        #expect(lines.first?.kind == "model.loaded" && lines.last?.kind == "camera.offline")
    }

    @Test func aLostSourceEndsTheEventAndIsToldOnce() async throws {
        var fixture = try DaemonFixture()
        let fault = SyntheticFault(.sourceLoss, start: .seconds(33), duration: .seconds(5))
        fixture.configuration.cameras = [
            DaemonFixture.camera(seconds: 45, script: .demo, faults: [fault])
        ]
        try await fixture.runToTheEnd()
        let lines = try fixture.journal()
        let kinds = lines.map(\.kind)
        #expect(kinds.count { $0 == "camera.online" } == 2)
        #expect(kinds.count { $0 == "camera.offline" } == 2)  // the loss, and the end of the script
        let ends = lines.filter { $0.kind == "anomaly.end" }
        let end = try #require(
            lines.firstIndex { $0.kind == "anomaly.end" && $0.data.reason == "source_lost" },
            "\(ends.map(\.data.reason))")
        let loss = try #require(kinds.firstIndex(of: "camera.offline"))
        #expect(end < loss, "the event's end comes before the news that the camera is gone")
    }

    @Test func aFrozenPictureIsToldAndNotScored() async throws {
        var fixture = try DaemonFixture()
        let freeze = SyntheticFault(.freeze, start: .seconds(5), duration: .seconds(8))
        fixture.configuration.cameras = [
            DaemonFixture.camera(seconds: 16, faults: [freeze], frozenAfter: .seconds(2))
        ]
        try await fixture.runToTheEnd()
        let lines = try fixture.journal()
        let kinds = lines.map(\.kind).filter { $0.hasPrefix("camera") }
        #expect(kinds == ["camera.online", "camera.frozen", "camera.online", "camera.offline"])
        #expect(!lines.contains { $0.kind == "anomaly.start" })
    }

    @Test func aLampIsASceneChangeAndNoAnomaly() async throws {
        var fixture = try DaemonFixture()
        let lamp = SyntheticFault(.lightingJump(0.6), start: .seconds(8), duration: .seconds(3))
        fixture.configuration.cameras = [DaemonFixture.camera(seconds: 10, faults: [lamp])]
        try await fixture.runToTheEnd()
        let lines = try fixture.journal()
        #expect(lines.contains { $0.kind == "scene.changed" && $0.data.reason == "lighting" })
        #expect(!lines.contains { $0.kind == "anomaly.start" })
    }

    @Test(arguments: [nil, Duration.seconds(1)]) func theLatestPictureIsWrittenAsConfigured(_ every: Duration?)
        async throws
    {
        var fixture = try DaemonFixture()
        var camera = DaemonFixture.camera(seconds: 3)
        camera.latestEvery = every
        camera.snapshotEvery = .seconds(1)
        fixture.configuration.cameras = [camera]
        try await fixture.runToTheEnd()
        let snapshots = fixture.folder + "/street/snapshots"
        #expect(access(snapshots, F_OK) == 0)
        #expect((access(snapshots + "/latest.png", F_OK) == 0) == (every != nil))
    }

    @Test func sequenceGoesOnAfterARestart() async throws {
        var fixture = try DaemonFixture()
        fixture.configuration.cameras = [DaemonFixture.camera(seconds: 3)]
        try await fixture.runToTheEnd()
        let before = try fixture.journal().count
        try await fixture.runToTheEnd()
        let sequences = try fixture.journal().compactMap { UInt64($0.sequence) }
        #expect(sequences.count == 2 * before)
        let first = try #require(sequences.first)
        #expect(sequences == Array(first..<first + UInt64(sequences.count)))
    }

    @Test func sixteenFilesLoseNotAFrame() async throws {
        var fixture = try DaemonFixture()
        fixture.configuration.workers = 2
        fixture.configuration.cameras = (0..<16).map { DaemonFixture.camera("c\($0)", seconds: 4) }
        let daemon = fixture.daemon()
        try await daemon.start()
        try await comes("every camera's end") { await daemon.hasEnded }
        let status = await daemon.tick()
        #expect(status.status == "0/16 cameras up, 0.0 fps" || status.status.hasPrefix("0/16"))
        for camera in await daemon.status.cameras {
            #expect(camera.drops == 0)
            #expect(camera.frames["scored"] == 60, "\(camera.name)")
        }
        await daemon.stop()
    }
}
