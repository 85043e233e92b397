import Capture
import FoundationEssentials
import Glibc
import Synchronization
import Testing
import Video

@testable import Service

/// Frames of one grey each, then what a test wants to come next.
private final class NumberedSource: FrameSource {
    enum After { case end, loss, silence }

    let isLive = true
    let cancellation = Cancellation()
    var counters = SourceCounters()
    private let (count, after, time): (Int, After, SimulatedTime)
    private var given = 0
    private var bytes = [UInt8](repeating: 0, count: 256)
    /// Called before each frame with the number of those that were given.
    var before: (Int) -> Void = { _ in }

    init(_ count: Int, after: After = .end, time: SimulatedTime = SimulatedTime()) {
        (self.count, self.after, self.time) = (count, after, time)
    }

    func open() throws(CaptureError) -> SourceFormat {
        SourceFormat(name: "numbers", size: FrameSize(width: 16, height: 16), rate: 20)
    }

    func close() {}

    func read(timeout: Duration) throws(CaptureError) -> Reading {
        before(given)
        guard given < count else {
            switch after {
            case .end: return .end
            case .loss: throw CaptureError(.disconnected, "read numbers", "the other side closed the connection")
            case .silence:
                // As a blocked call does: it looks whether it was cancelled.
                let end = SystemTime().now() + .seconds(60)
                while !cancellation.isCancelled, SystemTime().now() < end { usleep(1000) }
                throw CaptureError(.ended, "read numbers", "it was told to stop")
            }
        }
        for place in bytes.indices { bytes[place] = UInt8(truncatingIfNeeded: given * 7) }
        given += 1
        time.advance(by: .milliseconds(50))
        return bytes.withUnsafeBufferPointer { pixels in
            let view = PixelView(
                planes: (pixels.baseAddress, nil, nil), strides: (16, 0, 0), size: FrameSize(width: 16, height: 16),
                format: .gray8, range: .full)
            return .frame(SourceFrame(view: view, time: time.now(), utc: UTCTime(microseconds: 0)))
        }
    }
}

@Suite struct RecordingTests {
    private let place: ConfigurationFolder
    private var out: String { place.path + "/out" }

    init() throws { place = try ConfigurationFolder() }

    private func recording(
        _ source: NumberedSource, overwrites: Bool = false, size: Int = 16, time: SimulatedTime = SimulatedTime(),
        signal: @escaping @Sendable () -> Int32? = { nil }
    ) -> Recording {
        var request = Recording.Request(source: "/dev/video0", output: out)
        (request.overwrites, request.size) = (overwrites, size)
        // One thread uses it: the recording's.
        nonisolated(unsafe) let source = source
        return Recording(request, open: { _ in source }, time: time, stopSignal: signal)
    }

    /// The frames that a reader of the folder gets: each one's first pixel.
    private func kept() throws -> [UInt8] {
        let source = makeSource(SourceSpecification(kind: .file(path: out)), time: SimulatedTime())
        _ = try source.open()
        var greys: [UInt8] = []
        while true {
            switch try source.read(timeout: .seconds(1)) {
            case .frame(let frame): greys.append(frame.view.planes.0?.pointee ?? 0)
            case .end: return greys
            case .corrupt, .formatChanged, .waiting: Issue.record("a recording is one clip")
            }
        }
        return greys
    }

    private static func numbers(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7) } }

    private func names() -> [String] { (Directory.names(in: out) ?? []).sorted() }

    /// A strip has 1024 frames of this size; no number of frames leaves a single one over.
    @Test(arguments: [2, 3, 1023, 1024, 1025, 1026, 1027, 2047, 2048, 2049, 2050])
    func everyFrameIsKept(_ count: Int) throws {
        #expect(try recording(NumberedSource(count)).run() == Recording.Outcome(frames: count, signal: nil))
        #expect(try kept() == Self.numbers(count))
    }

    @Test(arguments: [0, 1]) func aSingleFrameIsNoStripAndThatIsSaid(_ count: Int) throws {
        let error = #expect(throws: StartError.self) { try recording(NumberedSource(count)).run() }
        #expect(error?.message.contains("fewer than two frames in it") == true && names().isEmpty)
    }

    @Test(arguments: [2, 100, 1025, 1100]) func aLostSourceKeepsWhatCame(_ count: Int) throws {
        let error = #expect(throws: StartError.self) { try recording(NumberedSource(count, after: .loss)).run() }
        #expect(
            error?.message
                == "read numbers: the other side closed the connection; \(count) frames are kept in \(out)")
        #expect(try kept() == Self.numbers(count))
    }

    /// Also where the camera is silent: a blocked read is ended.
    @Test(arguments: [SIGINT, SIGTERM, SIGHUP], [NumberedSource.After.end, .silence])
    private func aSignalKeepsWhatCame(_ number: Int32, _ after: NumberedSource.After) throws {
        let flag = Flag()
        let source = NumberedSource(after == .end ? 5000 : 300, after: after)
        source.before = { if $0 == 300 { flag.number.store(number, ordering: .releasing) } }
        let outcome = try recording(source) {
            let number = flag.number.load(ordering: .acquiring)
            return number == 0 ? nil : number
        }.run()
        #expect(outcome.signal == number && (299...300).contains(outcome.frames))
        #expect(try kept() == Self.numbers(outcome.frames))
    }

    /// What a power cut or SIGKILL finds: the strip is written every ten seconds as far as it is.
    @Test func theStripIsWrittenOnTheWay() throws {
        let time = SimulatedTime()
        let source = NumberedSource(1100, time: time)
        var seen: [Int: Int] = [:]
        source.before = { given in
            guard [150, 201, 250, 650, 1050].contains(given) else { return }
            seen[given] = (try? kept().count) ?? 0
        }
        _ = try recording(source, time: time).run()
        #expect(seen[150] == 0, "20 frames a second: nothing before the ten seconds are over")
        for (given, count) in seen where given > 200 { #expect(count > given - 203, "\(given): \(count)") }
        #expect(seen.count == 5 && names().count == 2)
    }

    @Test func stripsOfAnotherRecordingAreRefusedOrDeleted() throws {
        _ = try recording(NumberedSource(2100)).run()
        try place.write("out/notes.txt", "mine")
        let before = names()
        let error = #expect(throws: StartError.self) { try recording(NumberedSource(20)).run() }
        #expect(
            error?.message
                == "--out \(out): 3 strips of another recording lie there (strip-00000000.png first): name another folder, or "
                + "--overwrite to delete them")
        #expect(names() == before)
        // A source that gives nothing costs nothing.
        #expect(throws: StartError.self) { try recording(NumberedSource(0, after: .loss), overwrites: true).run() }
        #expect(names() == before)
        _ = try recording(NumberedSource(20), overwrites: true).run()
        #expect(names() == ["notes.txt", "strip-00000000.png"])
        #expect(try kept() == Self.numbers(20))
    }

    @Test func twoRecordingsDoNotShareAFolder() throws {
        let first = try StripFolder(out, size: 16, overwrites: false)
        let error = #expect(throws: StartError.self) { try recording(NumberedSource(20)).run() }
        #expect(error?.message == "--out \(out): another recording is at work there: name another folder")
        withExtendedLifetime(first) {}
    }

    @Test(arguments: ["", "/strip-00000000.png"]) func aRecordingDoesNotDeleteItsSource(_ name: String) throws {
        _ = try recording(NumberedSource(20)).run()
        var request = Recording.Request(source: out + name, output: out)
        request.overwrites = true
        let error = #expect(throws: StartError.self) { try Recording(request).run() }
        #expect(error?.message.contains("the source lies there") == true)
        #expect(try kept() == Self.numbers(20))
    }
}

private final class Flag: Sendable { let number = Atomic<Int32>(0) }
