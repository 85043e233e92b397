import Anomaly
import Capture
import FoundationEssentials
import Glibc
import Model
import Service
import Testing
import Training
import Video

@testable import Offline

/// A learned model's alarm line holds for the camera as the daemon scores it: with its masks, regions and detector.
@Suite struct ScoringSettingsTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    private func box(_ left: Double, _ top: Double, _ right: Double, _ bottom: Double) -> Polygon {
        Polygon([(left, top), (right, top), (right, bottom), (left, bottom)].map { .init(x: $0.0, y: $0.1) })
    }

    private func train(_ scoring: ScoringSettings) throws -> TrainingReport {
        var request = TrainRequest(
            sources: ["synthetic:street?seed=3&rate=5&size=32x32&length=140"], output: place.file("m.safetensors"))
        request.recipe.iterations = 60
        (request.recipe.batch, request.recipe.window) = (4, 4)
        (request.topology, request.threads, request.holdOut, request.stripsAt) = (Workplace.topology, 1, 0.5, [])
        request.scoring = scoring
        let session = TrainingSession(request, time: SimulatedTime(), shouldStop: { false })
        guard case .trained(let report) = try session.run() else { throw TrainingError("it was stopped") }
        return report
    }

    @Test func theAlarmLineIsLaidWithThem() throws {
        var scoring = ScoringSettings()
        (scoring.regions, scoring.masks) = ([box(0, 0.3, 1, 1)], [box(0, 0.3, 0.5, 0.6)])
        (scoring.detector.startFrames, scoring.detector.startWindow) = (2, 7)
        (scoring.detector.warmUpFrames, scoring.detector.mergeGap) = (40, .seconds(1))
        let plain = try train(ScoringSettings())
        let report = try train(scoring)
        let calibration = try #require(report.calibration)
        // The same frames as the daemon scores them: by the camera's own mask, from zeros on.
        let footage = Footage(store: try FrameStore(path: place.file("m.training/footage.frames")), holdOut: 0.5)
        let size = FrameSize(width: 16, height: 16)
        var camera = CameraConfiguration(
            name: "porch", source: try SourceSpecification(parsing: "/dev/video0"), model: "")
        (camera.regions, camera.masks, camera.detector) = (scoring.regions, scoring.masks, scoring.detector)
        let scorer = Scorer(size: size, mask: camera.mask(size: size), method: .standard)
        let model = try Model(path: place.file("m.safetensors"), precision: .float32)
        let reconstructor = Reconstructor(model: model, threads: 1)
        let clips = footage.heldOut.map { span in
            var state = StreamState(model: model)
            return (max(0, span.frames.lowerBound - 40)..<span.frames.upperBound).map { frame in
                let rebuilt = reconstructor.step(footage.luma(span, frame), &state)
                return scorer.score(input: rebuilt.input, output: rebuilt.output)
            }
        }
        let fitted = try Calibration.fit(
            clips: clips, rate: 5, alertsPerDay: 2, detector: camera.detector, method: .standard, created: nil)
        #expect(calibration.threshold == fitted.threshold && calibration.statistics == fitted.statistics)
        #expect(calibration.frames == fitted.frames && calibration.frames == 350)
        #expect(plain.calibration?.threshold != calibration.threshold)
        #expect(plain.training.errorOfMeanPicture != report.training.errorOfMeanPicture)
    }

    /// A square is tried where it can be seen: here at one place of the five, at three moments.
    @Test func nothingIsSoughtUnderAMask() throws {
        var scoring = ScoringSettings()
        scoring.regions = [box(0.6, 0.6, 1, 1)]
        let seen = try train(scoring)
        #expect(!seen.detectable.isEmpty)
        #expect(seen.detectable.allSatisfy { abs($0.found * 3 - ($0.found * 3).rounded()) < 1e-9 })
        scoring.regions = [box(0, 0, 1, 0.1)]
        #expect(try train(scoring).detectable.isEmpty)
        scoring.masks = [box(0, 0, 1, 1)]
        let blind = try train(scoring)
        #expect(blind.calibration == nil && blind.warning?.hasPrefix("no threshold: ") == true)
    }

    /// As taskset(1) or a unit's CPUAffinity= do it.
    @Test func onlyProcessorsThatMayBeUsedCount() throws {
        typealias Call = @convention(c) (Int32, Int, UnsafeMutableRawPointer) -> Int32
        func call(_ name: String) throws -> Call { unsafeBitCast(try #require(dlsym(nil, name)), to: Call.self) }
        let (get, set) = (try call("sched_getaffinity"), try call("sched_setaffinity"))
        var all = [UInt64](repeating: 0, count: 16)
        try #require(get(0, 128, &all) == 0)
        defer { _ = set(0, 128, &all) }
        #expect(Machine.processors == all.reduce(0) { $0 + $1.nonzeroBitCount })
        let word = try #require(all.firstIndex { $0 != 0 })
        var one = [UInt64](repeating: 0, count: 16)
        one[word] = all[word] & ~(all[word] - 1)
        try #require(set(0, 128, &one) == 0)
        #expect(Machine.processors == 1)
        #expect(Machine.memoryByteCount > 1 << 28)
    }
}
