import Capture
import Files
import Glibc
import Synchronization
public import Video

/// `zanzo record`: writes a source's frames, shrunk to a model's size, as strips: wide PNG files of square grey frames,
/// which every part of Zanzo (and any trainer) reads. An hour at 5 frames a second and 64×64 is about 40 MB.
public struct Recording {
    /// What to record.
    public struct Request: Sendable {
        /// The source, as a camera's `source`.
        public var source: String
        /// Where its user and password are; nil: it needs none, or they stand in its address.
        public var credentials: CredentialsReference?
        /// The folder for the strips; made where it is missing.
        public var output: String
        /// Whether strips that lie in the folder are deleted, when the first frame has come; else they are refused.
        public var overwrites = false
        /// Frames to record; nil: to the source's end.
        public var frames: Int?
        /// Frames to pass over first.
        public var skip = 0
        /// Frames a second; nil: all.
        public var rate: Double?
        /// The model's size in pixels.
        public var size = 64

        /// Records `source` into the folder `output`.
        public init(source: String, output: String) {
            self.source = source
            self.output = output
        }
    }

    /// What came of it.
    public struct Outcome: Sendable, Hashable {
        /// Frames in the folder.
        public var frames: Int
        /// The signal that ended it; nil where all was recorded that was asked for.
        public var signal: Int32?
    }

    private let request: Request
    private let open: SourceOpener
    private let time: any TimeSource
    private let stopSignal: @Sendable () -> Int32?

    /// A recording to be made.
    ///
    /// - Parameters:
    ///   - open: makes the source.
    ///   - time: the clock by which the strip that is being filled is written now and then.
    ///   - stopSignal: asked often; the signal that ends the recording, nil as long as none has come.
    public init(
        _ request: Request, open: @escaping SourceOpener = openCameraSource, time: any TimeSource = SystemTime(),
        stopSignal: @escaping @Sendable () -> Int32? = { StopRequest.signal }
    ) {
        (self.request, self.open, self.time, self.stopSignal) = (request, open, time, stopSignal)
    }

    /// Records. However it ends, the frames so far lie in the folder.
    ///
    /// Throws where the source or the disk fails: one line that says how many frames are kept; and where there are fewer than
    /// two.
    public func run() throws -> Outcome {
        let specification = try SourceSpecification(parsing: request.source).authorised(by: request.credentials)
        try refuseOwnFolder(specification)
        let folder = try StripFolder(
            request.output, size: request.size, overwrites: request.overwrites, time: time)
        let source = open(specification)
        let watch = StopWatch(source.cancellation, stopSignal)
        defer { watch.end() }
        var problem: (any Error)?
        var isLacking = false
        do {
            isLacking = try record(source, folder) < 2
        } catch {
            // A source that was told to stop says so, and that is no fault of it.
            if stopSignal() == nil { problem = error }
        }
        do {
            try folder.finish()
        } catch {
            problem = problem ?? error
        }
        if let problem { throw StartError(message: "\(problem); \(kept(folder.kept))") }
        if let signal = stopSignal() { return Outcome(frames: folder.kept, signal: signal) }
        guard !isLacking else {
            throw StartError(
                message: "\(specification): fewer than two frames in it, and a strip takes two; \(kept(0))")
        }
        return Outcome(frames: folder.kept)
    }

    /// Gives the frames that were asked for to the folder, until they are all there; returns their number.
    private func record(_ source: any FrameSource, _ folder: StripFolder) throws -> Int {
        let size = FrameSize(width: request.size, height: request.size)
        var progress = ProgressLine()
        defer { progress.clear() }
        var (count, skipped) = (0, 0)
        try ClipReader(modelSize: size, rate: request.rate).play(source) { step in
            guard stopSignal() == nil else { return false }
            guard case .frame(let slot, _, _) = step else { return true }
            if skipped < request.skip {
                skipped += 1
                return true
            }
            try folder.append(Array(slot.luma))
            count += 1
            progress.show(request.frames.map { Double(count) / Double($0) }, "\(count) frames")
            return count != request.frames
        }
        return count
    }

    private func kept(_ frames: Int) -> String {
        frames == 0
            ? "no frame is kept in \(request.output)"
            : "\(counted(frames, "frame")) \(frames == 1 ? "is" : "are") kept in \(request.output)"
    }

    /// With `overwrites` a recording of the folder that it goes to, or of a strip in it, would delete what it is to read.
    private func refuseOwnFolder(_ source: SourceSpecification) throws(StartError) {
        switch source.kind {
        case .file(let path), .pictures(let path):
            guard let output = Self.real(request.output) else { return }
            guard Self.real(path) == output || Self.real(PathParts(path).directory) == output, request.overwrites else {
                return
            }
            throw StartError(message: "--out \(request.output): the source lies there, and --overwrite would delete it")
        case .v4l2, .stream, .synthetic: return
        }
    }

    private static func real(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }
}

/// Ends a source's blocked calls as soon as a signal has come: a signal handler can't.
private final class StopWatch: Sendable {
    private let isOver = Atomic<Bool>(false)

    /// Asks `signal` twenty times a second, and cancels when it gives one.
    init(_ cancellation: Cancellation, _ signal: @escaping @Sendable () -> Int32?) {
        _ = NamedThread(name: "zanzo-stop") { [self] in
            while !isOver.load(ordering: .acquiring) {
                if signal() != nil { return cancellation.cancel() }
                usleep(50_000)
            }
        }
    }

    /// Stops asking.
    func end() { isOver.store(true, ordering: .releasing) }
}
