import Anomaly
import Capture
import Logging
import Testing
import Video

@testable import Service

@Suite struct ConfigurationTests {
    static let whole = """
        host: north
        log_level: debug
        workers: 3
        cpu: scalar
        state_directory: state
        events: {socket: run/e.sock, socket_mode: 0600, socket_group: video, rotate_age: off, client_queue: 256KiB}
        snapshots: {every: off, width: 320, max_age: off, min_free: 0}
        camera_defaults:
          model: models/m.safetensors
          rate: 2
          detector: {start_frames: 2, merge_gap: 10s}
        cameras:
          porch:
            source: "rtsp://admin:hunter2@10.0.0.9/live?token=abc"
            transport: udp
            credentials: porch.secret
            decoder_threads: 2
            hardware: vaapi
            score: tiles:2x16
            threshold: 0.0121
            detector: {start_frames: 4}
            regions: [[0, 0], [1, 0], [1, 1]]
            masks:
              - [[0, 0], [0.5, 0], [0.5, 0.5]]
              - [[0.1, 0.1], [0.2, 0.1], [0.2, 0.2], [0.1, 0.2]]
            timeout: 500ms
            frozen_after: 5m
            latest_every: off
            snapshot_every: 30s
          clip: {source: clips/a.mp4, rate: 12.5, loop: true, real_time: false, enabled: false}
          lane: {source: "synthetic:street?seed=3&rate=15&size=320x240&realtime=no"}
        """

    @Test("a whole file becomes what it says, with paths from its folder")
    func whole() throws {
        let folder = try ConfigurationFolder()
        try folder.write("zanzo.yaml", Self.whole)
        try folder.write(
            "cameras.d/yard.yaml", "source: /dev/video7\nsize: 1280x720\ninput_rate: 30\npixel_format: MJPG\n")
        let read = try folder.load()
        #expect(read.host == "north" && read.workerCount == 3 && read.cpu == "scalar" && read.logLevel == .debug)
        #expect(read.stateDirectory == folder.path + "/state" && read.snapshotDirectory == folder.path + "/state")
        #expect(read.events.socket == folder.path + "/run/e.sock")
        #expect(read.events.socketMode == 0o600 && read.events.socketGroup == "video")
        #expect(read.events.rotateAge == nil && read.events.clientQueue == 256 << 10)
        #expect(read.snapshots.every == nil && read.snapshots.width == 320 && read.snapshots.minimumFree == 0)
        #expect(read.cameras.map(\.name) == ["porch", "clip", "lane", "yard"])
        let porch = read.cameras[0]
        #expect(porch.source.redacted == "rtsp://10.0.0.9/live?token=***")
        #expect(porch.source.options.user == "admin" && porch.source.options.password == "hunter2")
        #expect(porch.source.options.transport == .udp && porch.source.options.hardware == "vaapi")
        #expect(porch.source.options.decoderThreads == 2)
        #expect(porch.credentials == .file(folder.path + "/porch.secret"))
        #expect(porch.model == folder.path + "/models/m.safetensors")
        #expect(porch.rate == 2 && porch.threshold == 0.0121 && porch.method == .worstTiles(count: 2, size: 16))
        #expect(porch.detector.startFrames == 4 && porch.detector.mergeGap == .seconds(10))
        #expect(porch.regions == [Polygon([.init(x: 0, y: 0), .init(x: 1, y: 0), .init(x: 1, y: 1)])])
        #expect(porch.masks.map(\.points.count) == [3, 4])
        #expect(porch.timeout == .milliseconds(500) && porch.frozenAfter == .seconds(300))
        #expect(porch.latestEvery == nil && porch.snapshotEvery == .seconds(30))
        let clip = read.cameras[1]
        #expect(clip.source.kind == .file(path: folder.path + "/clips/a.mp4"))
        #expect(clip.rate == 12.5 && !clip.enabled && clip.source.options.loop && !clip.source.options.realTime)
        #expect(clip.snapshotEvery == nil)
        let lane = read.cameras[2].source.options
        #expect(!lane.realTime && lane.rate == 15 && lane.size == FrameSize(width: 320, height: 240))
        let yard = read.cameras[3]
        #expect(yard.model == porch.model, "a camera's file starts its paths where zanzo.yaml does")
        #expect(yard.source.options.size == FrameSize(width: 1280, height: 720) && yard.source.options.rate == 30)
        #expect(yard.source.options.pixelFormat == "MJPG" && yard.source.options.realTime)
    }

    @Test("a camera that learns needs no model of its own")
    func learning() throws {
        let folder = try ConfigurationFolder()
        try folder.write(
            "zanzo.yaml",
            """
            state_directory: state
            camera_defaults: {learn: {for: 24h, train_for: 1h}}
            cameras:
              a: {source: "synthetic:street?seed=0"}
              b: {source: "synthetic:street?seed=1", model: models/b.safetensors, learn: {threads: 2, alerts_per_day: 0.5}}
              c: {source: "synthetic:street?seed=2", model: m, learn: {for: off}}
            """)
        let read = try folder.load()
        #expect(read.cameras[0].model == folder.path + "/state/a/model.safetensors")
        #expect(read.cameras[0].learn.recordFor == .seconds(86_400) && read.cameras[0].learn.trainFor == .seconds(3600))
        #expect(read.cameras[1].model == folder.path + "/models/b.safetensors")
        #expect(read.cameras[1].learn.threads == 2 && read.cameras[1].learn.alertsPerDay == 0.5)
        #expect(read.cameras.map(\.lacksModel) == [true, true, false])
        // What zanzod would start with is no problem to `zanzo check`, but for c, which has no model and learns none.
        #expect(read.problems().errors.map { $0.contains("camera c: model ") } == [true])
        #expect(read.cameras[0].summary.hasSuffix("5.0 frames a second, learns its model from 24 h of footage"))
        #expect(read.problems().warnings.isEmpty)
        // A recording that has not seen the night is no error, and something to know.
        var short = read
        short.cameras[0].learn.recordFor = .seconds(7200)
        let warnings = short.problems().warnings
        #expect(warnings.count == 1 && warnings[0].hasPrefix("camera a: learn.for: 2h do not see a whole day"))
    }

    @Test("nothing that is printed of a configuration holds a password")
    func redaction() throws {
        let folder = try ConfigurationFolder()
        try folder.write("zanzo.yaml", Self.whole)
        let read = try folder.load()
        var dumped = "\(read) \(String(reflecting: read))"
        dump(read, to: &dumped)
        #expect(!dumped.contains("hunter2") && !dumped.contains("abc"))
    }

    @Test("a reload touches the cameras that changed, and no other")
    func changes() throws {
        let folder = try ConfigurationFolder()
        func load(_ cameras: String, width: Int = 640) throws -> Configuration {
            try folder.write(
                "zanzo.yaml", "snapshots: {width: \(width)}\ncamera_defaults: {model: m}\ncameras:\n" + cameras)
            return try folder.load()
        }
        let old = try load("  a: {source: /dev/video0}\n  b: {source: /dev/video1}\n  c: {source: /dev/video2}\n")
        // Comments, order and units are no change; b has another rate, c is gone, d is new.
        let new = try load(
            "  # moved\n  d: {source: /dev/video3}\n  b: {source: /dev/video1, rate: 6}\n"
                + "  a: {source: /dev/video0, timeout: 10000ms}\n")
        let changes = new.cameraChanges(from: old)
        #expect(changes.added.map(\.name) == ["d"])
        #expect(changes.changed.map(\.name) == ["b"])
        #expect(changes.removed == ["c"])
        #expect(changes.unchanged == ["a"])
        #expect(old.cameraChanges(from: old).unchanged == ["a", "b", "c"])
        let off = try load("  a: {source: /dev/video0, enabled: false}\n")
        #expect(off.cameraChanges(from: old).removed == ["a", "b", "c"])
        let still = try load("  a: {source: /dev/video0, latest_every: off}\n")
        #expect(still.cameraChanges(from: old).changed.map(\.name) == ["a"] && old.restartKeys(still) == [])
        let wide = try load("  a: {source: /dev/video0}\n", width: 800)
        #expect(wide.cameraChanges(from: old).changed.map(\.name) == ["a"])
        #expect(old.restartKeys(wide) == [])
    }

    @Test("what a reload can't do is named")
    func restartKeys() throws {
        let old = Configuration()
        var new = old
        new.configuredHost = "another"
        new.workers = old.workerCount + 1
        new.events.socket = "/x"
        new.snapshots.maximumSize += 1
        new.snapshots.every = nil
        #expect(old.restartKeys(new) == ["host", "workers", "events", "snapshots"])
        new = old
        new.workers = old.workerCount
        new.snapshots.directory = old.stateDirectory
        #expect(old.restartKeys(new) == [])
    }
}
