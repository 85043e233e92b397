import FoundationEssentials
import Glibc
import Testing
import Video

@testable import Service

/// What a reload does to a camera that learns, and what a start refuses.
@Suite(.serialized) struct LearningReloadTests {
    @Test func aReloadTouchesOnlyTheLearnerThatChanged() async throws {
        var fixture = try DaemonFixture()
        fixture.configuration.cameras = [fixture.learner("a"), fixture.learner("b")]
        let trainer = try FakeTrainer(
            in: fixture.folder, "echo \"$out $$\" >>\"$folder/outs\"\n" + FakeTrainer.untilTold)
        let daemon = fixture.daemon(trainer: trainer.path)
        try await daemon.start()
        @Sendable func bothRecord(_ status: DaemonStatus) -> Bool? {
            status.cameras.count == 2 && status.cameras.allSatisfy { $0.learning?.phase == "recording" } ? true : nil
        }
        try await daemon.shows("both record") { bothRecord($0) }
        @Sendable func processes(_ camera: String) -> [pid_t] {
            trainer.lines("outs").filter { $0.contains("/\(camera)/") }.compactMap {
                pid_t($0.split(separator: " ").last ?? "")
            }
        }
        var new = fixture.configuration
        new.cameras[1].learn.trainFor = .seconds(60)
        try await daemon.reload(new)
        try await daemon.shows("b is started anew") { status in processes("b").count == 2 ? bothRecord(status) : nil }
        // It had its end before the next one's start: two of them would share a folder.
        #expect(trainer.lines("ends") == ["\(processes("b")[0])"])
        #expect(processes("a").count == 1 && FakeTrainer.isAlive(processes("a")[0]))

        new.cameras.removeFirst()
        try await daemon.reload(new)
        try await daemon.shows("a is gone") { status in
            status.cameras.map(\.name) == ["b"] && !FakeTrainer.isAlive(processes("a")[0]) ? true : nil
        }
        #expect(FakeTrainer.isAlive(processes("b")[1]))
        new.cameras[0].learn.recordFor = nil
        await #expect(throws: StartError.self, "without learn: its model is missed") { try await daemon.reload(new) }
        #expect(FakeTrainer.isAlive(processes("b")[1]))
        await daemon.stop()
        #expect(trainer.lines("ends").count == 3)
        #expect(try fixture.journal().compactMap(\.data.message) == ["changed: b", "changed: a"])
    }

    /// Whether by the trainer or by hand: the camera is started once, and goes on through the next reload.
    @Test(arguments: [true, false]) func aModelThatAppearsIsLoadedOnce(_ isByHand: Bool) async throws {
        var fixture = try DaemonFixture()
        fixture.configuration.cameras = [fixture.learner(seconds: 1e6)]
        let trainer = try FakeTrainer(in: fixture.folder, isByHand ? FakeTrainer.untilTold : FakeTrainer.well)
        let daemon = fixture.daemon(trainer: trainer.path)
        try await daemon.start()
        let model = fixture.folder + "/street/model.safetensors"
        if isByHand {
            try await daemon.shows("it records") { $0.cameras.first?.learning?.done }
            try FileManager.default.copyItem(atPath: DaemonFixture.model, toPath: model)
        } else {
            // Before any tick: the reload finds the model, and the loop that has just laid it there.
            try await comes("the model") { access(model, F_OK) == 0 }
        }
        try await daemon.reload(fixture.configuration)
        try await daemon.shows("it is watched") { status in
            status.cameras.count == 1 && status.cameras[0].frames["scored", default: 0] > 5 ? true : nil
        }
        var new = fixture.configuration
        new.cameras[0].learn.recordFor = .seconds(60)  // of no interest to a camera that has its model
        try await daemon.reload(new)
        await daemon.tick()
        #expect(await daemon.status.cameras.first?.sessions == 1)
        await daemon.stop()
        #expect(try fixture.journal().count { $0.kind == "model.loaded" } == 1)
        #expect(trainer.starts.count == 1 && !FakeTrainer.isAlive(trainer.starts[0]))
    }

    @Test func aRestartGoesOnLearning() async throws {
        var fixture = try DaemonFixture()
        fixture.configuration.cameras = [fixture.learner()]
        let trainer = try FakeTrainer(
            in: fixture.folder,
            """
            if [ ! -e "$out.checkpoint" ]; then
                trap 'cp "$model" "$out"; : >"$out.checkpoint"; exit 0' TERM
                echo '{"phase":"training","done":0.25}'
                while :; do sleep 0.02; done
            fi
            """ + "\n" + FakeTrainer.well)
        do {
            let first = fixture.daemon(trainer: trainer.path)
            try await first.start()
            try await first.shows("it trains") { $0.cameras.first?.learning?.done }
            await first.stop()
        }
        // A half-trained model that it leaves behind is not taken for the camera's.
        #expect(access(fixture.folder + "/street/model.safetensors", F_OK) != 0)
        let second = fixture.daemon(trainer: trainer.path)
        try await second.start()
        try await second.shows("the camera is watched") { $0.cameras.first?.learning == nil ? true : nil }
        await second.stop()
        #expect(trainer.starts.count == 2)
    }

    @Test func aStartSaysWhatIsInTheWay() async throws {
        var fixture = try DaemonFixture()
        var camera = fixture.learner()
        camera.model = "/dev/null/model.safetensors"
        fixture.configuration.cameras = [camera]
        let daemon = fixture.daemon(trainer: "/bin/true")
        await #expect {
            try await daemon.start()
        } throws: {
            "\($0)".contains("camera street: learn: /dev/null/model.learning: Not a directory")
        }
        #expect(throws: StartError.self) {
            try TrainerCommand.program(named: "zanzo-that-is-not", searching: "/bin:/sbin")
        }
        #expect(try TrainerCommand.program(named: "true", searching: "relative:/nonexistent:/bin") == "/bin/true")
    }
}
