import Capture
import Foundation
import Model
import Service
import Testing
import Training
import Video

@testable import Offline

/// A frame store as footage for the other commands.
@Suite struct FrameStoreSourceTests {
    /// Two sessions of different frames, 5 and 10 a second; returns the store's path.
    private static func store(in place: Workplace) throws -> String {
        let path = place.file("footage.frames")
        let writer = try FrameStoreWriter(creating: path, size: 64)
        for (session, rate) in [5.0, 10].enumerated() {
            try writer.begin(source: "camera \(session)", rate: rate)
            for frame in 0..<6 {
                let luma = (0..<64 * 64).map { UInt8(truncatingIfNeeded: $0 + 31 * frame + 7 * session) }
                let time = 1_700_000_000_000_000 + Int64(session) * 60_000_000 + Int64(frame) * Int64(1e6 / rate)
                try luma.withUnsafeBufferPointer { try writer.append(luma: $0, time: time) }
            }
        }
        try writer.finish()
        return path
    }

    @Test func givesEveryFrameAsItIsAndSaysWhereAClipEnds() throws {
        let place = try Workplace()
        let source = openFootage(try SourceSpecification(parsing: Self.store(in: place)))
        #expect(!source.isLive)
        for _ in 0..<2 {  // opened again, it begins again
            let format = try source.open()
            #expect(format.size == FrameSize(width: 64, height: 64) && format.rate == 5)
            var (times, changes): ([Double], [Double?]) = ([], [])
            while true {
                let reading = try source.read(timeout: .zero)
                if case .end = reading { break }
                if case .formatChanged(let format) = reading { changes.append(format.rate) }
                guard case .frame(let frame) = reading else { continue }
                let (number, session) = (times.count % 6, times.count / 6)
                times.append(Double(frame.utc.microseconds - 1_700_000_000_000_000) / 1e6)
                let pixels = UnsafeBufferPointer(start: frame.view.planes.0, count: 64 * 64)
                let expected = (0..<64 * 64).lazy.map { UInt8(truncatingIfNeeded: $0 + 31 * number + 7 * session) }
                #expect(frame.view.format == .gray8 && frame.view.range == .full && pixels.elementsEqual(expected))
            }
            #expect(times == [0, 0.2, 0.4, 0.6, 0.8, 1, 60, 60.1, 60.2, 60.3, 60.4, 60.5] && changes == [10])
            source.close()
        }
        #expect(source.counters.frames == 24)
    }

    /// The scorer sees the same bytes: shrinking 64x64 to 64x64 moves nothing.
    @Test func aModelOfTheSameSizeSeesTheStoredBytes() throws {
        let place = try Workplace()
        let source = openFootage(try SourceSpecification(parsing: Self.store(in: place)))
        var count = 0
        try ClipReader(modelSize: FrameSize(width: 64, height: 64), rate: nil).play(source) { step in
            guard case .frame(let slot, _, _) = step else { return true }
            let (number, session) = (count % 6, count / 6)
            #expect(
                slot.luma.elementsEqual(
                    (0..<64 * 64).lazy.map { UInt8(truncatingIfNeeded: $0 + 31 * number + 7 * session) }))
            count += 1
            return true
        }
        #expect(count == 12)
    }

    @Test func whatIsNoStoreIsRefusedByName() throws {
        let place = try Workplace()
        let path = place.file("notes.frames")
        try Data("no frames here, only words, and more than sixty-four bytes of them, so that it is long enough".utf8)
            .write(to: URL(fileURLWithPath: path))
        let source = openFootage(try SourceSpecification(parsing: path))
        let error = #expect(throws: CaptureError.self) { try source.open() }
        #expect(error.map { "\($0)" } == "open \(path): it is not a frame store of Zanzo's; name another file")
    }
}

/// Footage that would never end.
@Suite struct EndlessFootageTests {
    private static let model = demoModel

    @Test(arguments: ["/dev/video0", "rtsp://camera.example/1", "https://camera.example/clip.mp4", "synthetic:street"])
    func isRefusedBeforeItIsOpened(_ source: String) throws {
        for refused in [
            #expect(throws: StartError.self) {
                try Calibrating(Calibrating.Request(model: Self.model, sources: [source])).run()
            },
            #expect(throws: StartError.self) {
                try Quantising(Quantising.Request(model: Self.model, sources: [source])).run()
            },
        ] {
            #expect(
                refused?.message.hasSuffix("is a camera without an end; say how many frames of it: --frames 18000")
                    == true)
        }
    }
}
