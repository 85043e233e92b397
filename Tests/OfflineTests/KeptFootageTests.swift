import FoundationEssentials
import Glibc
import Model
import Service
import Testing
import Training
import Video

@testable import Offline

/// Footage that lies there already is used, gone on with, refused or begun anew: never lost without a word.
@Suite struct KeptFootageTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    private var footage: String { place.file("m.training/footage.frames") }
    private static let camera = "synthetic:street?seed=1&size=32x32"

    private func request(_ sources: [String], record: Duration? = .seconds(60)) -> TrainRequest {
        var request = TrainRequest(sources: sources, output: place.file("m.safetensors"))
        (request.recipe.iterations, request.recipe.patience) = (40, nil)
        (request.recipe.batch, request.recipe.window) = (4, 4)
        (request.topology, request.threads, request.holdOut, request.stripsAt) = (Workplace.topology, 1, 0.5, [])
        (request.record, request.resumes) = (record, true)
        return request
    }

    /// Trains to the end, or until there is a checkpoint; returns what is told as well.
    @discardableResult
    private func train(
        _ request: TrainRequest, toItsEnd: Bool = true
    ) throws -> (report: TrainingReport?, lines: [String]) {
        var lines: [String] = []
        let session = TrainingSession(
            request, time: SimulatedTime(),
            shouldStop: { [place] in !toItsEnd && place.exists("m.safetensors.checkpoint") }, tell: { lines.append($0) }
        )
        guard case .trained(let report) = try session.run() else { return (nil, lines) }
        return (report, lines)
    }

    private func count() throws -> Int { try FrameStore(path: footage).frameCount }

    /// A recorded camera whose training has a checkpoint.
    private func begin(isUnattended: Bool) throws {
        var first = request([Self.camera])
        (first.isUnattended, first.checkpointEvery) = (isUnattended, .zero)
        try train(first, toItsEnd: false)
        #expect(place.exists("m.safetensors.checkpoint"))
        let store = try FrameStore(path: footage)
        #expect(store.isComplete && store.recordedFor == .seconds(60) && (295...305).contains(store.frameCount))
    }

    /// What is asked for after a camera's recording, and a word of the refusal.
    enum Change: String, CaseIterable {
        case source, rate, size, clip

        var word: String {
            switch self {
            case .source: "they are of synthetic:street?seed=1&size=32x32, not of synthetic:street?seed=2&size=32x32"
            case .rate: "they were taken at 5.0 frames a second, not at 2.5"
            case .size: "they are 16x16, the topology's 32x32"
            case .clip: "they are of synthetic:street?seed=1&size=32x32, not of "
            }
        }

        func apply(to request: inout TrainRequest, clip: String) {
            switch self {
            case .source: request.sources = ["synthetic:street?seed=2&size=32x32"]
            case .rate: (request.rate, request.record) = (2.5, .seconds(120))
            case .size: request.topology.size = 32
            case .clip: (request.sources, request.record) = ([clip], nil)
            }
        }
    }

    @Test(arguments: Change.allCases) func otherFootageIsRefused(_ change: Change) throws {
        let recording = request([Self.camera])
        #expect(try train(recording).report?.training.frames == 150)
        let (bytes, frames) = (try Data(contentsOf: URL(filePath: footage)), try count())
        var other = request([Self.camera])
        change.apply(to: &other, clip: try place.strip("c.png", count: 300))
        for resumes in [true, false] {
            other.resumes = resumes
            let error = #expect(throws: TrainingError.self) { try train(other) }
            #expect(error?.message.contains(change.word) == true, "\(error?.message ?? "")")
            #expect(error?.message.contains("\(footage): \(frames) frames are kept there") == true)
        }
        #expect(try Data(contentsOf: URL(filePath: footage)) == bytes)
    }

    /// The daemon's: a camera's source or rate was changed while it learned.
    @Test(arguments: [Change.source, .rate]) func unattendedOtherFootageIsRecordedAnew(_ change: Change) throws {
        try begin(isUnattended: true)
        let frames = try count()
        var other = request([Self.camera])
        other.isUnattended = true
        change.apply(to: &other, clip: "")
        let (report, lines) = try train(other)
        #expect(report?.training.sources == other.sources && report?.training.rate == other.rate ?? 5)
        #expect(report?.training.iterations == 40 && report?.training.frames == 150)
        let said = "begins anew: of \(frames) frames in \(footage), \(change.word)"
        #expect(lines.first?.hasPrefix(said) == true, "\(lines)")
        #expect(!lines.contains { $0.hasPrefix("going on after step") })
        let sessions = try FrameStore(path: footage).sessions
        #expect(sessions.map(\.source) == other.sources && sessions.map(\.rate) == [other.rate ?? 5])
    }

    @Test func theSameFootageIsTrainedOnAgain() throws {
        try begin(isUnattended: true)
        let before = try Data(contentsOf: URL(filePath: footage))
        var same = request([Self.camera])
        same.isUnattended = true
        let (report, lines) = try train(same)
        #expect(report?.training.iterations == 40)
        #expect(lines.first?.hasPrefix("going on after step ") == true)
        #expect(try Data(contentsOf: URL(filePath: footage)) == before)
    }

    /// `for:` was lengthened: what was recorded is kept, and more comes behind it.
    @Test(arguments: [true, false]) func aLongerRecordingGoesOn(_ hasCheckpoint: Bool) throws {
        try begin(isUnattended: true)
        if !hasCheckpoint { try FileManager.default.removeItem(atPath: place.file("m.safetensors.checkpoint")) }
        var longer = request([Self.camera], record: .seconds(100))
        longer.isUnattended = hasCheckpoint
        let report = try train(longer).report
        #expect(report?.training.iterations == 40)
        let store = try FrameStore(path: footage)
        #expect((495...505).contains(store.frameCount) && store.recordedFor == .seconds(100) && store.isComplete)
        #expect(report.map { $0.training.frames + $0.training.heldOutFrames } == store.frameCount)
    }

    /// With somebody at the terminal, the run that was asked to go on goes on.
    @Test func aRunThatGoesOnKeepsItsFootage() throws {
        try begin(isUnattended: false)
        let (report, lines) = try train(request([Self.camera], record: .seconds(100)))
        #expect(report?.training.frames == 150 && report?.training.ending == .finished)
        #expect(lines.first?.contains("no more are recorded") == true)
    }

    /// What an old version, or a power cut, may have left in a store's place.
    @Test(arguments: [0, 64, 10_000]) func aBrokenStoreIsBegunAnewUnattended(_ count: Int) throws {
        _ = mkdir(place.file("m.training"), 0o755)
        let broken = Data(repeating: 0, count: count)
        try broken.write(to: URL(filePath: footage))
        var request = request([Self.camera])
        let error = #expect(throws: TrainingError.self) { try train(request) }
        #expect(error?.message.contains(footage) == true && error?.message.hasSuffix("remove it") == true)
        #expect(try Data(contentsOf: URL(filePath: footage)) == broken)
        request.isUnattended = true
        let (report, lines) = try train(request)
        #expect(report?.training.frames == 150)
        #expect(lines.first?.hasPrefix("begins anew: \(footage): ") == true, "\(lines)")
        #expect(try Data(contentsOf: URL(filePath: footage + ".bad")) == broken)
    }

    /// The same clips at another size are read anew; others, or one of them less, are not put in their place.
    @Test func clipsAreReadAnewAndNoOthers() throws {
        let (a, b) = (try place.strip("a.png", count: 300), try place.strip("b.png", count: 300))
        var clips = request([a, b], record: nil)
        clips.resumes = false
        #expect(try train(clips).report?.training.sources == [a, b])
        clips.topology.size = 32
        #expect(try train(clips).report?.training.frames == 300)
        #expect(try FrameStore(path: footage).size == 32)
        clips.sources = [a]
        let error = #expect(throws: TrainingError.self) { try train(clips) }
        #expect(error?.message.contains("they are of \(b), not of \(a)") == true, "\(error?.message ?? "")")
        // A run over both can't go on with three.
        clips.sources = [a, b]
        (clips.topology, clips.checkpointEvery) = (Workplace.topology, .zero)
        try train(clips, toItsEnd: false)
        clips.resumes = true
        clips.sources = [a, b, try place.strip("c.png", count: 20)]
        let less = #expect(throws: TrainingError.self) { try train(clips) }
        #expect(less?.message.contains("none is of \(place.file("c.png"))") == true, "\(less?.message ?? "")")
    }

    @Test func aStoreAmongOtherSourcesIsRefused() throws {
        let clip = try place.strip("a.png", count: 300)
        _ = try train(request([clip], record: nil))
        let bytes = try Data(contentsOf: URL(filePath: footage))
        var mixed = request([footage, clip], record: nil)
        mixed.output = place.file("other.safetensors")
        let error = #expect(throws: TrainingError.self) { try train(mixed) }
        #expect(error?.message.contains("the only source") == true)
        mixed.output = place.file("m.safetensors")
        #expect(throws: TrainingError.self) { try train(mixed) }
        #expect(try Data(contentsOf: URL(filePath: footage)) == bytes)
        (mixed.sources, mixed.resumes) = ([footage], false)
        #expect(try train(mixed).report?.training.frames == 150)
    }
}
