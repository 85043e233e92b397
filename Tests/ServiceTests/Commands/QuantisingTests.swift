import Anomaly
import Capture
import FoundationEssentials
import Glibc
import Model
import Pictures
import Testing
import Video

@testable import Service

/// `zanzo quantize`, and what bytes cost the article's model on its own footage where that is on this machine.
@Suite struct QuantisingTests {
    private static let shared = getenv("ZANZO_SHARED").map { String(cString: $0) } ?? ManualTests.package + "/../shared"
    private static let clips = Directory.names(in: shared + "/data/human-actions").map { names in
        names.filter { $0.hasSuffix(".png") }.sorted().map { "\(shared)/data/human-actions/\($0)" }
    }
    private static let reference = shared + "/reference/gru_ae.safetensors"

    private static func copy(_ path: String, _ body: (String) throws -> Void) throws {
        let folder =
            FileManager.default.temporaryDirectory.path
            + "/zanzo-quantise-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let copy = folder + "/model.safetensors"
        try FileManager.default.copyItem(atPath: path, toPath: copy)
        try body(copy)
    }

    @Test func theDemosModelIsMeasuredOnItsStreetAndKeepsItsErrors() throws {
        try Self.copy(ManualTests.package + "/config/demo.safetensors") { path in
            let before = try Model(path: path)
            var request = Quantising.Request(model: path, sources: ["synthetic:street?seed=3&rate=15&realtime=no"])
            (request.skip, request.maximumFrames) = (5, 40)
            request.picture = path + ".png"
            let outcome = try Quantising(request).run()
            let cost = outcome.cost
            #expect(outcome.frames == 40 && (20...40).contains(cost.largeFrames))
            let calibration = try #require(try before.calibration())
            #expect(cost.unit == .alarmLine(calibration.method), "the demo's model has its line")
            #expect(cost.score.mean > 0 && cost.score.mean < 0.05)
            #expect(cost.score.largest >= cost.score.mean && cost.score.largest < 0.1)
            #expect(cost.error.mean > 0 && cost.error.mean < 0.05)
            #expect(cost.error.largest >= cost.error.mean && cost.error.largest < 0.1)
            let picture = try PNG.decode(BoundedFile.read(path + ".png", limit: 1 << 20))
            #expect(picture.width > 4 * 128 && picture.height > 7 * 128, "four frames in three precisions")
            let after = try Model(path: path, precision: .int8)
            #expect(after.topology == before.topology)
            var metadata = after.metadata
            #expect(metadata.removeValue(forKey: ActivationRanges.metadataKey)?.contains("encoder") == true)
            #expect(metadata == before.metadata)
        }
    }

    @Test func footageWithoutAFrameLeavesTheFileAlone() throws {
        try Self.copy(ManualTests.package + "/config/demo.safetensors") { path in
            var request = Quantising.Request(
                model: path, sources: ["synthetic:street?seed=3&rate=15&length=1&realtime=no"])
            request.skip = 1000
            let error = #expect(throws: StartError.self) { try Quantising(request).run() }
            #expect(error?.message.hasSuffix("no frame to measure") == true)
            let metadata = try Model(path: path).metadata
            #expect(metadata[ActivationRanges.metadataKey] == nil)
        }
    }

    /// Measured on every eighth clip, held against every fourth: half of those were not measured.
    @Test(
        .enabled(
            if: clips != nil && access(reference, R_OK) == 0,
            "no data/human-actions and reference/gru_ae.safetensors in ZANZO_SHARED"))
    func bytesMoveNoFramesErrorByATwentiethOnRealFootage() throws {
        let clips = try #require(Self.clips)
        try Self.copy(Self.reference) { path in
            let floats = try Model(path: path, precision: .float32)
            let meter = ActivationMeter(model: floats)
            for clip in stride(from: 0, to: clips.count, by: 8) {
                meter.reset()
                for frame in try Self.frames(clips[clip]) { frame.withUnsafeBufferPointer { meter.add($0) } }
            }
            let json = try meter.ranges.jsonString()
            try Safetensors.replaceMetadata(path: path) { $0[ActivationRanges.metadataKey] = json }
            let bytes = try Model(path: path, precision: .int8)
            let (ofFloats, ofBytes) = (Reconstructor(model: floats), Reconstructor(model: bytes))
            var (worst, sum, count) = (0.0, 0.0, 0)
            for clip in stride(from: 0, to: clips.count, by: 4) {
                var a = StreamState(model: floats)
                var b = StreamState(model: bytes)
                for frame in try Self.frames(clips[clip]) {
                    frame.withUnsafeBufferPointer { frame in
                        let moved = Self.error(ofBytes.step(frame, &b)) / Self.error(ofFloats.step(frame, &a)) - 1
                        (worst, sum, count) = (max(worst, abs(moved)), sum + abs(moved), count + 1)
                    }
                }
            }
            print("int8 moves the error of \(count) frames by \(sum / Double(count)) on average, \(worst) at most")
            #expect(count > 300)
            #expect(worst < 0.05)
        }
    }

    /// Every third frame of a strip.
    private static func frames(_ path: String) throws -> [[UInt8]] {
        var frames: [[UInt8]] = []
        let source = try makeSource(SourceSpecification(parsing: path), time: SystemTime())
        try ClipReader(modelSize: FrameSize(width: 64, height: 64), rate: nil).play(source) { step in
            if case .frame(let slot, _, _) = step { frames.append(Array(slot.luma)) }
            return true
        }
        return stride(from: 0, to: frames.count, by: 3).map { frames[$0] }
    }

    private static func error(_ rebuilt: Reconstruction) -> Double {
        zip(rebuilt.input, rebuilt.output).reduce(0.0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
    }
}
