import Capture
import Glibc
import Service
import Testing
import Training
import Video

@testable import Offline

/// Sources become clips of a frame store; cameras are recorded for as long as was asked.
@Suite struct FootageReadingTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    private func reading(
        rate: Double? = nil, skip: Int = 0, record: Duration? = nil, shouldStop: @escaping () -> Bool = { false }
    ) -> FootageReading {
        FootageReading(size: 16, rate: rate, credentials: nil, skip: skip, record: record, shouldStop: shouldStop)
    }

    private var store: String { place.file("s.frames") }

    @Test func eachFileIsAClip() throws {
        let sources = [try place.strip("a.png", count: 30), try place.strip("b.png", count: 12)]
        #expect(try reading().run(sources, into: store, goingOn: false) == .whole)
        let read = try FrameStore(path: store)
        #expect(read.clips.map(\.count) == [30, 12] && read.clips.map(\.source) == sources && read.isComplete)
        #expect(read.clips.allSatisfy { $0.rate == 25 })
        let luma = Array(read.luma(read.clips[1], 3))
        #expect(luma[3] == 250 && luma[4] == 40 && luma[16 * 15 + 4] == 160)
    }

    @Test func rateAndSkipCountDueFrames() throws {
        let source = "synthetic:street?seed=3&rate=25&size=32x32&length=2"
        _ = try reading(rate: 5, skip: 2).run([source], into: store, goingOn: false)
        let read = try FrameStore(path: store)
        #expect(read.clips.map(\.count) == [8] && read.clips[0].rate == 5)
        // The first is the third that is due, the eleventh of all.
        let whole = place.file("whole.frames")
        _ = try reading().run([source], into: whole, goingOn: false)
        let all = try FrameStore(path: whole)
        #expect(read.luma(read.clips[0], 0).elementsEqual(all.luma(all.clips[0], 10)))
        #expect(!read.luma(read.clips[0], 0).elementsEqual(all.luma(all.clips[0], 9)))
    }

    /// Pictures carry no time: they have the rate that is asked for, and none is left out.
    @Test func stripsHaveTheRateThatIsAskedFor() throws {
        let source = try place.strip("a.png", count: 50)
        _ = try reading(rate: 5, skip: 2).run([source], into: store, goingOn: false)
        let read = try FrameStore(path: store)
        #expect(read.clips.map(\.count) == [48] && read.clips[0].rate == 5)
        #expect(read.luma(read.clips[0], 0)[2] == 250)
    }

    /// `zanzo record … --out strips`, then `zanzo train strips`: the frames that were recorded, as one clip.
    @Test func aFolderOfStripsIsReadAsFrames() throws {
        let street = "synthetic:street?seed=3&rate=25&size=64x64&length=12"
        let recorded = try Recording(Recording.Request(source: street, output: place.file("strips"))).run().frames
        #expect(recorded > 257)  // two strips of 256 and the rest
        let full = FootageReading(size: 64, rate: 25, credentials: nil, skip: 0, record: nil) { false }
        #expect(try full.run([place.file("strips")], into: store, goingOn: false) == .whole)
        let read = try FrameStore(path: store)
        #expect(read.clips.map(\.count) == [recorded] && read.clips[0].rate == 25)
        let whole = place.file("whole.frames")
        _ = try full.run([street], into: whole, goingOn: false)
        let all = try FrameStore(path: whole)
        for frame in [0, 255, 256, recorded - 1] {
            #expect(read.luma(read.clips[0], frame).elementsEqual(all.luma(all.clips[0], frame)), "\(frame)")
        }
    }

    @Test func otherStripsOfAFolderAreClips() throws {
        #expect(mkdir(place.file("clips"), 0o755) == 0)
        for (name, count) in [("walk.png", 30), ("jump.png", 12)] { _ = try place.strip("clips/" + name, count: count) }
        _ = try reading().run([place.file("clips")], into: store, goingOn: false)
        let read = try FrameStore(path: store)
        #expect(read.clips.map(\.count) == [12, 30] && read.sessions.count == 1)
    }

    /// A recording that was stopped goes on where it stopped: together it is what one recording would have been.
    @Test func aStoppedRecordingGoesOn() throws {
        let source = "synthetic:street?seed=3&rate=10&size=32x32"
        let whole = place.file("whole.frames")
        #expect(try reading(record: .seconds(8)).run([source], into: whole, goingOn: false) == .whole)
        var asked = 0
        let stopping = reading(record: .seconds(8)) {
            asked += 1
            return asked > 21
        }
        #expect(try stopping.run([source], into: store, goingOn: false) == .stopped)
        let first = try FrameStore(path: store)
        #expect(!first.isComplete && first.frameCount > 0 && first.frameCount < 40)
        #expect(try reading(record: .seconds(8)).run([source], into: store, goingOn: true) == .whole)
        let (all, one) = (try FrameStore(path: store), try FrameStore(path: whole))
        #expect(all.isComplete && one.clips.count == 1 && one.clips[0].rate == 5)
        #expect((39...42).contains(one.frameCount) && abs(all.frameCount - one.frameCount) <= 1)
        let frames = all.clips.flatMap { clip in (0..<clip.count).map { Array(all.luma(clip, $0)) } }
        for index in 0..<min(frames.count, one.frameCount) {
            #expect(frames[index] == Array(one.luma(one.clips[0], index)))
        }
    }

    @Test(
        arguments: [
            (["synthetic:street"], "--record 1h"), (["/dev/video0"], "--record 1h"),
            (["rtsp://host/s"], "--record 1h"), (["http://h/a.mp4"], "--record 1h"),
            (["a.mp4", "https://h:8080/live?x=1"], "--record 1h"), (["a.png", "b.frames"], "the only source"),
            ([], "give it footage"), (["none.mp4", "v4l2:"], "missing"),
        ] as [([String], String)])
    func aCameraWithoutAnEndIsRefused(_ sources: [String], _ word: String) {
        let error = #expect(throws: (any Error).self) { try reading().check(sources) }
        #expect("\(error.map { "\($0)" } ?? "")".contains(word))
    }

    @Test func oneCameraIsRecordedAtATime() {
        let error = #expect(throws: TrainingError.self) {
            try reading(record: .seconds(3)).check(["/dev/video0", "/dev/video1"])
        }
        #expect(error?.message.contains("2 sources") == true)
    }

    /// What was there stays until all of the new is there: also where a source is missing, or somebody stops.
    @Test func anOldStoreStaysUntilTheNewOneIsWhole() throws {
        let (a, b) = (try place.strip("a.png", count: 30), try place.strip("b.png", count: 12))
        #expect(try reading().run([a], into: store, goingOn: false) == .whole)
        let old = try FrameStore(path: store)
        #expect(throws: (any Error).self) { try reading().run([b, "gone.png"], into: store, goingOn: false) }
        var asked = 0
        let stopping = reading {
            asked += 1
            return asked > 5
        }
        #expect(try stopping.run([b], into: store, goingOn: false) == .stopped)
        #expect(try FrameStore(path: store).fingerprint == old.fingerprint && !place.exists("s.frames.new"))
        // Where there was none, a part is kept.
        asked = 0
        #expect(try stopping.run([b], into: place.file("t.frames"), goingOn: false) == .stopped)
        let part = try FrameStore(path: place.file("t.frames"))
        #expect((1..<12).contains(part.frameCount) && !part.isComplete && !place.exists("t.frames.new"))
        #expect(try reading().run([b], into: store, goingOn: false) == .whole)
        let sessions = try FrameStore(path: store).sessions
        #expect(sessions.map(\.source) == [b] && sessions.map(\.rate) == [nil])
        #expect(old.luma(old.clips[0], 29).count == 256)
    }

    /// A camera that goes away while it is recorded: who looks on hears of it once, and that it is back.
    @Test func aLostCameraIsTold() throws {
        var settings = SyntheticSettings()
        settings.faults = [SyntheticFault(.sourceLoss, start: .seconds(2), duration: .seconds(5))]
        var camera = SourceSpecification(kind: .synthetic(settings))
        (camera.options.realTime, camera.options.rate) = (true, 10)
        camera.options.size = FrameSize(width: 32, height: 32)
        var reading = reading(record: .seconds(3))
        var (lines, problems): ([String], [String?]) = ([], [])
        (reading.handed, reading.time) = (camera, SimulatedTime())
        reading.tell = { lines.append($0) }
        reading.told = { _, problem in
            if problems.last != .some(problem) { problems.append(problem) }
        }
        #expect(try reading.run(["-"], into: store, goingOn: false) == .whole)
        #expect(lines.count == 2, "\(lines)")
        #expect(lines.first?.hasPrefix("\(camera): is lost, and tried again until it is back: ") == true)
        #expect(lines.last == "\(camera): is back")
        let told = problems.compactMap { $0 }
        #expect(!told.isEmpty && told.allSatisfy { $0.contains("synthetic:street") })
        #expect(problems.first == .some(nil) && problems.last == .some(nil))
        let read = try FrameStore(path: store)
        #expect(read.clips.count == 2 && read.recordedFor == .seconds(3))
    }
}
