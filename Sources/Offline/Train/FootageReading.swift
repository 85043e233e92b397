import Capture
import Glibc
import Service
import Training
import Video

/// Reads sources into a frame store: files, folders and strips from end to end, a live camera for as long as was asked.
struct FootageReading {
    /// Width and height of the frames in pixels.
    let size: Int
    /// Frames a second; nil: all that a file has, and `liveRate` of a camera.
    let rate: Double?
    /// Where the sources' user and password are.
    let credentials: CredentialsReference?
    /// Frames of each source to pass over first.
    let skip: Int
    /// How long to record; nil: to the source's end.
    let record: Duration?
    /// What `HandedSource.argument` stands for.
    var handed: SourceSpecification?
    /// Is given the share that is recorded, where a time was asked for; and why nothing comes, where a camera is lost.
    var told: (_ share: Double?, _ problem: String?) -> Void = { _, _ in }
    /// Takes a line for whoever looks on.
    var tell: (String) -> Void = { _ in }
    /// The clock of live cameras and of the pauses before they are tried again.
    var time: any TimeSource = SystemTime()
    /// Asked between two frames.
    let shouldStop: () -> Bool

    /// Frames a second of a live camera where nothing was said: what a camera is scored at.
    static let liveRate = 5.0
    /// Recorded frames are safe from a power cut after this.
    private static let syncEvery = Duration.seconds(10)

    /// How reading ended.
    enum Ending { case whole, stopped }

    /// Why these sources can't be read, before any is opened: a camera without an end, or more than one to record.
    func check(_ sources: [String]) throws {
        guard !sources.isEmpty else { throw TrainingError("give it footage: zanzo train SOURCE… --out MODEL") }
        for text in sources {
            let specification = try specification(text)
            if TrainingFiles.isFootage(text) {
                throw TrainingError(
                    "\(specification): a frame store is trained on by itself: name it as the only source")
            }
            guard record == nil, specification.isEndless else { continue }
            throw TrainingError("\(specification): is a camera without an end; say how long to record: --record 1h")
        }
        if record != nil, sources.count > 1 {
            throw TrainingError("--record takes one camera, and \(sources.count) sources are named")
        }
    }

    /// Reads `sources` into the store at `path`; goes on with what is there where it was recorded before.
    ///
    /// What is recorded stands there as it comes. What is read from files takes an old store's place when it is whole.
    func run(_ sources: [String], into path: String, goingOn: Bool) throws -> Ending {
        let before = goingOn ? try Self.recorded(path) : 0
        let place = record == nil ? path + ".new" : path
        let writer = try goingOn ? FrameStoreWriter(appendingTo: path) : FrameStoreWriter(creating: place, size: size)
        defer { if writer.path != path { unlink(writer.path) } }
        var reading = Reading(request: self, writer: writer)
        reading.recorded = before
        defer { reading.progress.clear() }
        for text in sources {
            let specification = try specification(text)
            try reading.take(specification, named: name(of: text, specification))
            if shouldStop() { break }
        }
        try writer.sync()
        if shouldStop() {
            // Better a part than nothing, and the old one rather than a part.
            if writer.path != path, !TrainingFiles.exists(path) { try writer.move(to: path) }
            return .stopped
        }
        try writer.finish(recordedFor: record)
        if writer.path != path { try writer.move(to: path) }
        return .whole
    }

    /// Seconds that the store at `path` has.
    private static func recorded(_ path: String) throws -> Double {
        let store = try FrameStore(path: path)
        return store.recordedFor?.seconds ?? store.clips.reduce(0) { $0 + Double($1.count) / $1.rate }
    }

    /// What stands in a store for the source that was written `text`.
    func name(of text: String, _ specification: SourceSpecification) -> String {
        text.hasPrefix("synthetic:") ? text : "\(specification)"
    }

    func specification(_ text: String) throws -> SourceSpecification {
        if text == HandedSource.argument, let handed { return handed }
        let specification = try SourceSpecification(parsing: text)
        return rate.map(specification.withPictures(at:)) ?? specification
    }

    /// A reading in progress.
    private struct Reading {
        let request: FootageReading
        let writer: FrameStoreWriter
        /// Seconds that are recorded.
        var recorded = 0.0
        var progress = ProgressLine()
        /// Whether the source is lost, and that was told.
        private var isLost = false
        private var time: any TimeSource { request.time }

        init(request: FootageReading, writer: FrameStoreWriter) { (self.request, self.writer) = (request, writer) }

        /// One source to its end, or for as long as was asked; a live one is opened again when it is lost.
        mutating func take(_ specification: SourceSpecification, named name: String) throws {
            let alreadyThere = writer.frameCount
            var backoff = Backoff(seed: UInt64(truncatingIfNeeded: name.hashValue))
            while !isEnough, !request.shouldStop() {
                let before = recorded
                let source = makeSource(try specification.authorised(by: request.credentials), time: time)
                do {
                    // What is not live begins at its beginning each time.
                    try play(source, name, skip: request.skip + (source.isLive ? 0 : recordedBefore(alreadyThere)))
                    if !source.isLive { return }
                } catch let error as CaptureError {
                    // An address that never gave a frame is a mistake, and its owner sits at the terminal.
                    guard source.isLive, writer.frameCount > 0 else { throw error }
                    backoff.hold(for: .seconds(recorded - before))
                    pause(backoff.next(), name, "\(error)")
                }
            }
        }

        private func recordedBefore(_ count: Int) -> Int { request.record == nil ? 0 : count }

        private var isEnough: Bool { request.record.map { recorded >= $0.seconds } ?? false }

        private mutating func play(_ source: any FrameSource, _ name: String, skip: Int) throws {
            let rate = request.rate ?? (request.record == nil && !source.isLive ? nil : FootageReading.liveRate)
            let size = FrameSize(width: request.size, height: request.size)
            var (skipped, last): (Int, MonotonicTime?) = (0, nil)
            var synced = time.now()
            try writer.begin(source: name, rate: rate)
            try ClipReader(modelSize: size, rate: rate).play(source) { step in
                guard !request.shouldStop() else { return false }
                guard case .frame(let slot, let frame, _) = step else {
                    last = nil
                    try writer.begin(source: name, rate: rate)
                    return true
                }
                if skipped < skip {
                    skipped += 1
                    return true
                }
                try writer.append(luma: UnsafeBufferPointer(slot.luma), time: frame.utc.microseconds)
                if let last { recorded += min(10, max(0, (frame.time - last).seconds)) }
                last = frame.time
                if isLost {
                    isLost = false
                    say("\(name): is back")
                }
                if time.now() - synced > FootageReading.syncEvery {
                    try writer.sync()
                    synced = time.now()
                }
                show(name)
                return !isEnough
            }
        }

        private mutating func show(_ name: String) {
            let (share, seconds) = (request.record.map { recorded / $0.seconds }, Int(recorded))
            let count = writer.frameCount
            if let share { request.told(share, nil) }
            progress.show(share, "reading \(name): \(counted(count, "frame")), \(seconds / 60) min \(seconds % 60) s")
        }

        /// Tells of an outage, once, and waits in short steps, so that a stop is soon noticed.
        private mutating func pause(_ duration: Duration, _ name: String, _ reason: String) {
            if !isLost {
                isLost = true
                say("\(name): is lost, and tried again until it is back: \(reason)")
            }
            request.told(request.record.map { recorded / $0.seconds }, reason)
            let end = time.now() + duration
            while time.now() < end, !request.shouldStop() {
                progress.show(nil, "lost, and tried again soon: \(reason)")
                time.sleep(until: min(end, time.now() + .milliseconds(100)))
            }
        }

        private mutating func say(_ line: String) {
            progress.clear()
            request.tell(line)
        }
    }
}
