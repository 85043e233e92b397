import FoundationEssentials
import Glibc
import Kernels
import Logging
import Model
import Testing

@testable import Service

/// A training that is finished is not made again: however the daemon ended, and whatever was found of a threshold.
@Suite(.serialized) struct FinishedTrainingTests {
    private func loop(
        _ fixture: borrowing DaemonFixture, _ trainer: FakeTrainer, _ camera: CameraConfiguration,
        patience: Duration = .seconds(60)
    ) throws -> LearningLoop {
        let place = LearningPlace(model: camera.model)
        let command = try TrainerCommand(
            path: trainer.path, camera: camera, place: place, turn: fixture.folder + "/turn")
        let log = LogLines()
        return LearningLoop(
            camera, place, command,
            LearningLoop.Outside(
                time: fixture.time, log: .init(label: "test") { _ in log.handler }, kernels: .best, patience: patience))
    }

    /// The model without its alarm line.
    private static let uncalibrated = #"sed 's/zanzo.calibration/zanzo.calibratiom/' "$model" >"$out""#

    /// The stop comes while the trainer is at its last step, and it ends as if there were none.
    @Test func aModelThatIsWholeWhenTheStopComesIsTaken() async throws {
        let fixture = try DaemonFixture()
        let trainer = try FakeTrainer(
            in: fixture.folder,
            """
            trap 'cp "$model" "$out"; echo "{\\"phase\\":\\"done\\"}"; exit 0' TERM
            : >"$folder/ready"
            while :; do sleep 0.01; done
            """)
        let camera = fixture.learner()
        let loop = try loop(fixture, trainer, camera)
        try loop.prepare()
        loop.start()
        try await comes("the trainer is at work") { access(fixture.folder + "/ready", F_OK) == 0 }
        loop.stop()
        #expect(loop.join(timeout: .seconds(60)))
        #expect(loop.isDone && access(camera.model, R_OK) == 0)
    }

    /// What an earlier daemon's training left: taken where it is whole, and else trained on, from its checkpoint or anew.
    @Test(arguments: [
        ("cp", false, 0), ("cp", true, 1), ("cp of another camera", false, 1), ("head -c 5000", false, 1),
        (uncalibrated, false, 1), (":", false, 1),
    ])
    func whatAnEarlierTrainingFinishedIsTaken(_ make: String, _ hasCheckpoint: Bool, _ starts: Int) async throws {
        let fixture = try DaemonFixture()
        let trainer = try FakeTrainer(in: fixture.folder, #"rm -f "$out.checkpoint""# + "\n" + FakeTrainer.well)
        let camera = fixture.learner()
        let place = LearningPlace(model: camera.model)
        try place.prepare(for: camera.name)
        var bytes = try Data(contentsOf: URL(filePath: DaemonFixture.model))
        if make.hasPrefix("head") { bytes = bytes.prefix(5000) }
        if make == Self.uncalibrated, let word = bytes.firstRange(of: Data("zanzo.calibration".utf8)) {
            bytes.replaceSubrange(word, with: Data("zanzo.calibratiom".utf8))
        }
        if make != ":" { try bytes.write(to: URL(filePath: place.output)) }
        if make.hasPrefix("cp") {
            let source = make == "cp" ? "\(camera.source)" : "/dev/video7"
            let record = #"{"held_out_error":0.002,"sources":["\#(source)"]}"#
            try Safetensors.replaceMetadata(path: place.output) { $0[TrainingSummary.metadataKey] = record }
        }
        if hasCheckpoint {
            try Data().write(to: URL(filePath: UnfinishedTraining.checkpoint(of: place.output)))
        }
        let loop = try loop(fixture, trainer, camera)
        try loop.prepare()
        loop.start()
        #expect(loop.join(timeout: .seconds(60)))
        #expect(loop.isDone && access(camera.model, R_OK) == 0)
        #expect(trainer.starts.count == starts && Directory.names(in: place.folder) != ["model.safetensors"])
    }

    /// A model that somebody has laid there is not trained over, whenever the loop comes to look.
    @Test func aModelThatIsThereIsTaken() async throws {
        let fixture = try DaemonFixture()
        let trainer = try FakeTrainer(in: fixture.folder, FakeTrainer.well)
        let camera = fixture.learner()
        try LearningPlace(model: camera.model).prepare(for: camera.name)
        try FileManager.default.copyItem(atPath: DaemonFixture.model, toPath: camera.model)
        let loop = try loop(fixture, trainer, camera)
        try loop.prepare()
        loop.start()
        #expect(loop.join(timeout: .seconds(60)) && loop.isDone && trainer.starts.isEmpty)
    }

    /// Without a threshold a model is good enough for a camera that has its own, and for no other.
    /// Nor is what lies there of another camera, from before the configuration named this one.
    @Test(arguments: [(Double?.none, true), (0.5, true), (0.5, false)])
    func aCameraWithAThresholdOfItsOwnNeedsNone(_ threshold: Double?, _ isOfThisCamera: Bool) async throws {
        let fixture = try DaemonFixture()
        let own = fixture.folder + "/own.safetensors"
        let trainer = try FakeTrainer(
            in: fixture.folder,
            "cp '\(own)' \"$out\"; : >\"$out.checkpoint\"; echo 'no threshold' >&2; exit 65")
        var camera = fixture.learner()
        camera.threshold = threshold
        try FileManager.default.copyItem(atPath: DaemonFixture.model, toPath: own)
        try Safetensors.replaceMetadata(path: own) {
            $0["zanzo.calibration"] = nil
            // As a name that only begins like this one.
            let source = isOfThisCamera ? "\(camera.source)" : String("\(camera.source)".dropLast())
            $0[TrainingSummary.metadataKey] = #"{"sources":["\#(source)"]}"#
        }
        let isTaken = threshold != nil && isOfThisCamera
        let loop = try loop(fixture, trainer, camera)
        try loop.prepare()
        loop.start()
        if !isTaken {
            try await comes("a problem") { loop.status.problem != nil }
            loop.stop()
        }
        #expect(loop.join(timeout: .seconds(60)))
        #expect(loop.isDone == isTaken)
        #expect((access(camera.model, R_OK) == 0) == isTaken)
    }
}
