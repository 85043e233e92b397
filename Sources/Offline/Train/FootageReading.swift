import Capture
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
    /// Is given the share that is recorded, where a time was asked for.
    var told: (Double) -> Void = { _ in }
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
            guard record == nil, isEndless(specification) else { continue }
            throw TrainingError("\(specification): is a camera without an end; say how long to record: --record 1h")
        }
        if record != nil, sources.count > 1 {
            throw TrainingError("--record takes one camera, and \(sources.count) sources are named")
        }
    }

    /// Reads `sources` into the store at `path`; goes on with what is there where it was recorded before.
    func run(_ sources: [String], into path: String, goingOn: Bool) throws -> Ending {
        let writer = try goingOn ? FrameStoreWriter(appendingTo: path) : FrameStoreWriter(creating: path, size: size)
        var reading = Reading(request: self, writer: writer)
        if goingOn { reading.recorded = try FrameStore(path: path).clips.reduce(0) { $0 + Double($1.count) / $1.rate } }
        defer { reading.progress.clear() }
        for text in sources {
            let specification = try specification(text)
            try reading.take(specification, named: text.hasPrefix("synthetic:") ? text : "\(specification)")
            if shouldStop() { break }
        }
        try writer.sync()
        if shouldStop() { return .stopped }
        try writer.finish()
        return .whole
    }

    private func specification(_ text: String) throws -> SourceSpecification {
        if text == HandedSource.argument, let handed { return handed }
        return try SourceSpecification(parsing: text)
    }

    private func isEndless(_ specification: SourceSpecification) -> Bool {
        switch specification.kind {
        case .v4l2: true
        case .stream(let address): address.isRTSP
        case .synthetic(let settings): settings.length == nil
        case .file, .pictures: false
        }
    }

    /// A reading in progress.
    private struct Reading {
        let request: FootageReading
        let writer: FrameStoreWriter
        /// Seconds that are recorded.
        var recorded = 0.0
        var progress = ProgressLine()
        private let time = SystemTime()

        init(request: FootageReading, writer: FrameStoreWriter) { (self.request, self.writer) = (request, writer) }

        /// One source to its end, or for as long as was asked; a live one is opened again when it is lost.
        mutating func take(_ specification: SourceSpecification, named name: String) throws {
            let alreadyThere = writer.frameCount
            var backoff = Backoff(seed: UInt64(truncatingIfNeeded: name.hashValue))
            while !isEnough, !request.shouldStop() {
                let before = writer.frameCount
                let source = makeSource(try specification.authorised(by: request.credentials), time: time)
                do {
                    // What is not live begins at its beginning each time.
                    try play(source, name, skip: request.skip + (source.isLive ? 0 : recordedBefore(alreadyThere)))
                    if !source.isLive { return }
                } catch let error as CaptureError {
                    // An address that never gave a frame is a mistake, and its owner sits at the terminal.
                    guard source.isLive, writer.frameCount > 0 else { throw error }
                    if writer.frameCount > before { backoff.reset() }
                    pause(backoff.next(), "\(error)")
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
            if let share { request.told(share) }
            progress.show(share, "reading \(name): \(counted(count, "frame")), \(seconds / 60) min \(seconds % 60) s")
        }

        /// Waits in short steps, so that a stop is soon noticed.
        private mutating func pause(_ duration: Duration, _ reason: String) {
            let end = time.now() + duration
            while time.now() < end, !request.shouldStop() {
                progress.show(nil, "lost, and tried again soon: \(reason)")
                time.sleep(until: min(end, time.now() + .milliseconds(100)))
            }
        }
    }
}
