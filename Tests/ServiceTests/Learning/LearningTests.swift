import FoundationEssentials
import Glibc
import Kernels
import Logging
import Model
import Testing
import Video

@testable import Service

/// A daemon whose camera has no model yet, with a script in the trainer's place.
@Suite(.serialized) struct LearningTests {
    @Test func aCameraLearnsAndComesOnlineByItself() async throws {
        var fixture = try DaemonFixture()
        fixture.configuration.cameras = [fixture.learner()]
        let trainer = try FakeTrainer(in: fixture.folder, "echo \"$line\" >\"$folder/line\"\n" + FakeTrainer.well)
        let log = LogLines()
        let daemon = fixture.daemon(trainer: trainer.path, log: log)
        try await daemon.start()
        try await daemon.shows("the camera is watched") { $0.cameras.first?.learning == nil ? true : nil }
        try await comes("every camera's end") { await daemon.hasEnded }
        await daemon.stop()
        #expect(try fixture.journal().map(\.kind) == ["model.loaded", "camera.online", "camera.offline"])
        #expect(trainer.starts.count == 1)
        let line = try #require(trainer.lines("line").first)
        for part in [
            "train - --out \(fixture.folder)/street/model.learning/model.safetensors", "--record 1h", "--rate 15",
            "--minutes 30", "--alerts-per-day 2", "--threads 1", "--turn \(fixture.folder)/training.lock",
            "--resume --unattended",
        ] {
            #expect(line.contains(part), "\(line)")
        }
        // The frames are gone, and what people may want to look at is not.
        #expect(Directory.names(in: fixture.folder + "/street/model.learning") == ["report.png"])
        #expect(log.all.contains { $0.hasPrefix("info camera street: recording 60 min of 60 min") })
        #expect(log.all.contains { $0.hasPrefix("info camera street: training 50 %, loss 0.002, 60 s left") })
        #expect(log.all.contains { $0.hasPrefix("notice camera street: has learned its model, and is watched") })
    }

    /// It is watched all the same, and whoever looks knows what to think of it.
    @Test func aModelThatLearnedNothingSaysSo() async throws {
        var fixture = try DaemonFixture()
        fixture.configuration.cameras = [fixture.learner()]
        let worthless = fixture.folder + "/worthless.safetensors"
        try FileManager.default.copyItem(atPath: DaemonFixture.model, toPath: worthless)
        try Safetensors.replaceMetadata(path: worthless) { metadata in
            metadata[TrainingSummary.metadataKey] = #"{"held_out_error":0.0123,"error_of_mean_picture":0.0098}"#
        }
        let trainer = try FakeTrainer(in: fixture.folder, "model='\(worthless)'\n" + FakeTrainer.well)
        let log = LogLines()
        let daemon = fixture.daemon(trainer: trainer.path, log: log)
        try await daemon.start()
        try await daemon.shows("the camera is watched") { $0.cameras.first?.learning == nil ? true : nil }
        await daemon.stop()
        let loaded = try #require(try fixture.journal().first { $0.kind == "model.loaded" })
        #expect(loaded.data.error == 0.0123)
        let doubt = "error on frames that it has not seen is 0.0123, and their mean picture's 0.0098; train again"
        #expect(loaded.data.message?.contains(doubt) == true, "\(loaded.data)")
        #expect(log.all.contains { $0.hasPrefix("warning camera street: its model has learned nothing") })
        #expect(log.all.contains { $0.hasSuffix("has not seen: 0.012, the mean picture's: 0.0098") }, "\(log.all)")
    }

    @Test func aFailureIsToldOnceAndTriedAgainWithPatience() async throws {
        var fixture = try DaemonFixture()
        fixture.configuration.cameras = [fixture.learner()]
        let trainer = try FakeTrainer(
            in: fixture.folder,
            """
            if [ $(wc -l <"$folder/starts") -lt 6 ]; then
                echo 'looking for it' >&2
                echo 'the camera is away' >&2
                exit 3
            fi
            """ + "\n" + FakeTrainer.well)
        let log = LogLines()
        let daemon = fixture.daemon(trainer: trainer.path, log: log)
        try await daemon.start()
        try await daemon.shows("the camera is watched") { $0.cameras.first?.learning == nil ? true : nil }
        await daemon.stop()
        #expect(trainer.starts.count == 6)
        // Nothing but the pauses moves this clock before the camera is watched: 0.5 s doubling, each less 20 % at most.
        #expect(fixture.time.now() >= MonotonicTime.zero + .milliseconds(400 * 31))
        let failures = log.all.filter { $0.contains("learning failed") }
        #expect(failures.count == 5 && failures.count { $0.hasPrefix("warning ") } == 1, "\(failures)")
        let first = failures.first ?? ""
        #expect(first.contains("zanzo train ended with status 3: the camera is away; next try in 1 s"), "\(first)")
    }

    @Test(arguments: [
        (#"echo '{"phase":"done"}'"#, "ended well, but left no model at"),
        (
            #": >"$out.checkpoint"; echo '{"phase":"training","done":0.5}'; cp "$model" "$out""#,
            "ended before it was done"
        ),
        (#"echo '{"phase":"done"}'; head -c 5000 "$model" >"$out""#, "model.safetensors"),
        (#"echo '{"phase":"done"}'; printf nonsense >"$out""#, "model.safetensors"),
        (
            #"echo '{"phase":"done"}'; sed 's/zanzo.calibration/zanzo.calibratiom/' "$model" >"$out""#,
            "is not calibrated"
        ),
        ("kill -9 $$", "was killed (signal 9"),
        ("kill -SEGV $$", "was ended by signal 11"),
        ("exec /nonexistent", "could not be run"),
        (
            #"i=0; while [ $i -lt 3000 ]; do echo "line $i" >&2; i=$((i+1)); done; exit 1"#,
            "ended with status 1: line 2999"
        ),
        ("echo 'too little footage' >&2; exit 65", "ended with status 65: too little footage"),
        (#"printf 'bell\007\033[2J' >&2; exit 1"#, "ended with status 1: bell??[2J"),
    ])
    func whatIsNoModelIsAFailureWithItsReason(_ body: String, _ words: String) async throws {
        var fixture = try DaemonFixture()
        fixture.configuration.cameras = [fixture.learner()]
        let trainer = try FakeTrainer(in: fixture.folder, body)
        let log = LogLines()
        let daemon = fixture.daemon(trainer: trainer.path, log: log)
        try await daemon.start()
        let problem = try await daemon.shows("the reason") { $0.cameras.first?.learning?.problem }
        if body.hasSuffix("exit 65") {
            // Trying alone does not help: this clock is an hour on before the next try.
            try await daemon.shows("an hour") { [time = fixture.time] _ in
                time.now() >= .zero + .seconds(3600) ? true : nil
            }
        }
        await daemon.stop()
        #expect(problem.contains(words), "\(problem)")
        #expect(access(fixture.folder + "/street/model.safetensors", F_OK) != 0)
        let said = log.all.count { $0.contains("zanzo train: line") }
        #expect(said <= 20 * trainer.starts.count)
    }

    @Test func garbageOnItsOutputDoesNoHarm() async throws {
        var fixture = try DaemonFixture()
        fixture.configuration.cameras = [fixture.learner()]
        let garbage = """
            head -c 300000 /dev/urandom
            yes '{"phase":' | head -c 300000
            head -c 2000000 /dev/zero
            head -c 300000 /dev/urandom >&2
            echo '[1,2]'; echo '{"phase":7}'; echo '{"phase":"TRAINING"}'; echo '{"phase":"training","done":"x","new":[]}'
            """
        let trainer = try FakeTrainer(in: fixture.folder, garbage + "\n" + FakeTrainer.well)
        let daemon = fixture.daemon(trainer: trainer.path)
        try await daemon.start()
        try await daemon.shows("the camera is watched") { $0.cameras.first?.learning == nil ? true : nil }
        await daemon.stop()
        #expect(trainer.starts.count == 1)
    }

    @Test func itHasLittleWeightAndLessWhenItTrains() async throws {
        var fixture = try DaemonFixture()
        fixture.configuration.cameras = [fixture.learner()]
        // Fields 5 (process group), 19 (nice) and 41 (policy; 5 is SCHED_IDLE) of proc(5)'s stat, after the name's bracket.
        let trainer = try FakeTrainer(
            in: fixture.folder,
            """
            field() { sed 's/.*) //' /proc/$$/stat | cut -d' ' -f$1; }
            echo "$(field 3) $$ $(field 17) $(cat /proc/$$/oom_score_adj) $(field 39)" >"$folder/weight"
            while [ "$(field 39)" != 5 ]; do echo '{"phase":"training"}'; sleep 0.01; done
            echo "$(field 17)" >>"$folder/weight"
            """ + "\n" + FakeTrainer.well)
        let daemon = fixture.daemon(trainer: trainer.path)
        try await daemon.start()
        try await daemon.shows("the camera is watched") { $0.cameras.first?.learning == nil ? true : nil }
        await daemon.stop()
        let process = try #require(trainer.starts.first)
        #expect(trainer.lines("weight") == ["\(process) \(process) 10 500 0", "19"])
    }

    /// More polygons than a pipe has room for, and a camera that it loses: both get through, the one in, the other out.
    @Test func masksComeInAndAnOutageGoesOut() async throws {
        var fixture = try DaemonFixture()
        var camera = fixture.learner()
        camera.masks = (0..<20).map { mask in
            Polygon((0..<256).map { .init(x: Double($0) / 255, y: Double(mask) / 63 * 0.123_456_789) })
        }
        fixture.configuration.cameras = [camera]
        let trainer = try FakeTrainer(
            in: fixture.folder,
            """
            printf '%s\\n' "$source" >"$folder/source"
            trap 'exit 0' TERM
            echo '{"phase":"recording","done":0.25,"problem":"open cam: no route"}'
            while [ ! -e "$folder/go" ]; do sleep 0.02; done
            echo '{"phase":"recording","done":0.5}'
            while :; do sleep 0.02; done
            """)
        let daemon = fixture.daemon(trainer: trainer.path)
        try await daemon.start()
        let lost = try await daemon.shows("the outage") { status in
            status.cameras.first?.learning.flatMap { $0.done == 0.25 ? $0 : nil }
        }
        #expect(LearningText.line(lost) == "recording failed: open cam: no route; trying again")
        try Data().write(to: URL(filePath: fixture.folder + "/go"))
        let back = try await daemon.shows("its end") { status in
            status.cameras.first?.learning.flatMap { $0.done == 0.5 ? $0 : nil }
        }
        #expect(back.problem == nil && trainer.starts.count == 1)
        await daemon.stop()
        let line = try #require(trainer.lines("source").first)
        #expect(line.utf8.count > 65_536 && trainer.lines("source").count == 1)
        #expect(try JSONDecoder().decode(HandedCamera.self, from: Data(line.utf8)).scoring.masks == camera.masks)
    }

    @Test func aStopLetsItSaveAndLeavesNothing() async throws {
        var fixture = try DaemonFixture()
        fixture.configuration.cameras = [fixture.learner()]
        let trainer = try FakeTrainer(in: fixture.folder, FakeTrainer.untilTold)
        let daemon = fixture.daemon(trainer: trainer.path)
        try await daemon.start()
        let learning = try await daemon.shows("the progress") { status in
            status.cameras.first?.learning.flatMap { $0.done == 0.25 ? $0 : nil }
        }
        #expect(LearningText.line(learning) == "recording 15 min of 60 min")
        #expect(await daemon.tick().status == "0/1 cameras up, 1 learning, 0.0 fps")
        #expect(await daemon.status.cameras.first?.state == "learning")
        await daemon.stop()
        #expect(trainer.lines("ends").count == 1)
        #expect(trainer.starts.allSatisfy { !FakeTrainer.isAlive($0) })
    }

    @Test func oneThatDoesNotListenIsKilled() async throws {
        let fixture = try DaemonFixture()
        let trainer = try FakeTrainer(
            in: fixture.folder,
            "trap '' TERM; sh -c 'echo $$ >>\"$0/grandchild\"; while :; do sleep 0.02; done' \"$folder\"")
        let camera = fixture.learner()
        let place = LearningPlace(model: camera.model)
        let command = try TrainerCommand(
            path: trainer.path, camera: camera, place: place, turn: fixture.folder + "/turn")
        let log = LogLines()
        let loop = LearningLoop(
            camera, place, command,
            LearningLoop.Outside(
                time: fixture.time, log: .init(label: "test") { _ in log.handler }, kernels: .best,
                patience: .milliseconds(100)))
        try loop.prepare()
        loop.start()
        try await comes("the grandchild is at work") { !trainer.lines("grandchild").isEmpty }
        loop.stop()
        #expect(loop.join(timeout: .seconds(60)))
        let all = trainer.starts + trainer.lines("grandchild").compactMap { pid_t($0) }
        // The grandchild was killed with its group; its corpse may wait for whoever adopted it.
        #expect(all.count == 2 && all.allSatisfy { !FakeTrainer.isAlive($0) })
        #expect(!log.all.contains { $0.contains("failed") }, "a stop is no failure")
    }
}
