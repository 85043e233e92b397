import Anomaly
import Capture
import Files
import Model
import Pictures
import Video

/// `zanzo quantize`: measures how large a model's activations become on normal footage, and writes that into its file, so
/// that the daemon may run it in bytes.
public struct Quantising {
    /// What to quantise, on what.
    public struct Request: Sendable {
        /// The model's file; its metadata are replaced atomically.
        public var model: String
        /// Normal footage: files, picture folders, strips. Each is a clip of its own.
        public var sources: [String]
        /// Frames a second that the camera will be scored at; nil: all.
        public var rate: Double?
        /// Frames of each source to pass over first.
        public var skip = 0
        /// Frames to use of each source at most; nil: all (an endless source needs a number).
        public var maximumFrames: Int?
        /// Where to write a picture of some frames in every precision; nil: nowhere.
        public var picture: String?
        /// Where the sources' user and password are; nil: they need none, or they stand in the address.
        public var credentials: CredentialsReference?
        /// What opens the footage.
        public var open = openCameraSource

        /// Quantises `model` on `sources`.
        public init(model: String, sources: [String]) {
            self.model = model
            self.sources = sources
        }
    }

    /// What came of it.
    public struct Outcome: Sendable {
        /// Frames that were measured.
        public var frames: Int
        /// What bytes cost on them.
        public var cost: PrecisionCost
        /// Whether the model has an alarm line, which was found in another arithmetic than the daemon now may use.
        public var wasCalibrated: Bool
    }

    private let request: Request

    /// A quantisation to be made.
    public init(_ request: Request) { self.request = request }

    /// Measures, writes, and plays the footage once more in each arithmetic to see what bytes cost.
    public func run() throws -> Outcome {
        let model = try Model(path: request.model, precision: .float32)
        let sources = try request.sources.map {
            try SourceSpecification(parsing: $0).authorised(by: request.credentials)
        }
        try refuseEndless(sources, limit: request.maximumFrames)
        // Before the model is touched and the footage read: is there a place for the picture?
        if let path = request.picture { _ = try AtomicFile(replacing: path) }
        let calibration = try model.calibration()
        let meter = ActivationMeter(model: model)
        var progress = ProgressLine()
        try play(sources, model) { frame in
            guard let frame else { return meter.reset() }
            meter.add(frame.luma)
            progress.show(nil, "measuring: \(counted(meter.frameCount, "frame"))")
        }
        guard meter.frameCount > 0 else {
            throw StartError(
                message: "\(request.sources.map(Redaction.shown).joined(separator: ", ")): no frame to measure")
        }
        let json = try meter.ranges.jsonString()
        try Safetensors.replaceMetadata(path: request.model) { $0[ActivationRanges.metadataKey] = json }
        let outcome = try compare(sources, model, calibration, &progress)
        progress.clear()
        return outcome
    }

    private func compare(
        _ sources: [SourceSpecification], _ floats: Model, _ calibration: Calibration?,
        _ progress: inout ProgressLine
    ) throws -> Outcome {
        // 16 bits are for the picture alone: they cost nothing that could be seen in a number.
        let others: [Precision] = request.picture == nil ? [.int8] : [.float16, .int8]
        let models = try [floats] + others.map { try Model(path: request.model, precision: $0) }
        let players = models.map { PrecisionPlayer(model: $0, method: calibration?.method ?? .mean) }
        var columns = EvenSample<SheetColumn>(capacity: 24)
        var aspect = 1.0
        try play(sources, floats) { frame in
            guard let frame else { return players.forEach { $0.reset() } }
            let rebuilt = players.map { $0.step(frame.luma) }
            aspect = frame.aspect
            if request.picture != nil {
                columns.add {
                    SheetColumn(
                        luma: Array(frame.luma), reconstructions: rebuilt.map { [UInt8](quantising: $0) },
                        errors: players.compactMap { $0.frames.last?.error }, offset: frame.time.seconds)
                }
            }
            progress.show(nil, "comparing: \(counted(players[0].frames.count, "frame"))")
        }
        if let path = request.picture {
            let size = FrameSize(width: floats.topology.size, height: floats.topology.size)
            let sheet = Evidence.sheet(
                columns: columns.picked(4), labels: models.map(\.precision.rawValue), size: size, aspect: aspect,
                caption: request.sources.map { clipName(Redaction.shown($0)) }.joined(separator: ", "))
            try AtomicFile.write(try PNG.encode(sheet, compression: 9), path: path)
        }
        let bytes = players[players.count - 1].frames
        return Outcome(
            frames: bytes.count,
            cost: PrecisionCost(floats: players[0].frames, other: bytes, calibration: calibration),
            wasCalibrated: calibration != nil)
    }

    /// A frame of the footage: borrowed until the next.
    private struct Frame {
        let luma: UnsafeBufferPointer<UInt8>
        /// Since the source's first frame.
        let time: Duration
        let aspect: Double
    }

    /// Gives every frame of every source to `each`, and nil where another picture begins.
    private func play(_ sources: [SourceSpecification], _ model: Model, _ each: (Frame?) -> Void) throws {
        let size = FrameSize(width: model.topology.size, height: model.topology.size)
        for specification in sources {
            let source = request.open(specification)
            var (count, first) = (0, MonotonicTime?.none)
            each(nil)
            try ClipReader(modelSize: size, rate: request.rate).play(source) { step in
                guard case .frame(let slot, let frame, _) = step else {
                    each(nil)
                    return true
                }
                count += 1
                let start = first ?? frame.time
                first = start
                if count > request.skip {
                    each(
                        Frame(
                            luma: UnsafeBufferPointer(slot.luma), time: frame.time - start,
                            aspect: Double(frame.view.size.width) / Double(frame.view.size.height)))
                }
                return count - request.skip != request.maximumFrames
            }
        }
    }
}

/// Plays frames through one model and keeps what each came to.
private final class PrecisionPlayer {
    private(set) var frames: [FrameError] = []
    private let reconstructor: Reconstructor
    private let scorer: Scorer
    private var state: StreamState

    init(model: Model, method: ScoreMethod) {
        let size = FrameSize(width: model.topology.size, height: model.topology.size)
        reconstructor = Reconstructor(model: model)
        scorer = Scorer(size: size, mask: Mask(size: size), method: method)
        state = StreamState(model: model)
    }

    func reset() { state.reset() }

    /// The reconstruction, valid until the next step.
    func step(_ luma: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<Float> {
        let rebuilt = reconstructor.step(luma, &state)
        let score = scorer.score(input: rebuilt.input, output: rebuilt.output)
        frames.append(FrameError(score: score, error: scorer.mean))
        return rebuilt.output
    }
}
