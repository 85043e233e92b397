import Anomaly
import Capture
import Model
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

        /// Quantises `model` on `sources`.
        public init(model: String, sources: [String]) {
            self.model = model
            self.sources = sources
        }
    }

    /// What came of it.
    public struct Outcome: Sendable {
        /// Frames that were measured.
        public var frames = 0
        /// The mean of |int8's error / float32's error - 1| over those frames, and the largest.
        public var meanDifference = 0.0, largestDifference = 0.0
    }

    private let request: Request

    /// A quantisation to be made.
    public init(_ request: Request) { self.request = request }

    /// Measures, writes, and plays the footage once more in both arithmetics to see what bytes cost.
    public func run() throws -> Outcome {
        let model = try Model(path: request.model, precision: .float32)
        let meter = ActivationMeter(model: model)
        var progress = ProgressLine()
        try play(model) { luma in
            guard let luma else { return meter.reset() }
            meter.add(luma)
            progress.show(nil, "measuring: \(counted(meter.frameCount, "frame"))")
        }
        guard meter.frameCount > 0 else {
            throw StartError(message: "\(request.sources.joined(separator: ", ")): no frame to measure")
        }
        let json = try meter.ranges.jsonString()
        try Safetensors.replaceMetadata(path: request.model) { $0[ActivationRanges.metadataKey] = json }
        return try compare(model, Model(path: request.model, precision: .int8), &progress)
    }

    private func compare(_ floats: Model, _ bytes: Model, _ progress: inout ProgressLine) throws -> Outcome {
        let pair = [floats, bytes].map { (Reconstructor(model: $0), StateOf(model: $0)) }
        var outcome = Outcome()
        try play(floats) { luma in
            guard let luma else { return pair.forEach { $0.1.state.reset() } }
            let errors = pair.map { reconstructor, holder in
                let rebuilt = reconstructor.step(luma, &holder.state)
                return zip(rebuilt.input, rebuilt.output).reduce(0.0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
            }
            let difference = abs(errors[1] / max(errors[0], .leastNormalMagnitude) - 1)
            outcome.frames += 1
            outcome.meanDifference += difference
            outcome.largestDifference = max(outcome.largestDifference, difference)
            progress.show(nil, "comparing: \(counted(outcome.frames, "frame"))")
        }
        progress.clear()
        outcome.meanDifference /= Double(max(1, outcome.frames))
        return outcome
    }

    /// Gives every frame of every source to `each`, and nil where another picture begins.
    private func play(_ model: Model, _ each: (UnsafeBufferPointer<UInt8>?) -> Void) throws {
        let size = FrameSize(width: model.topology.size, height: model.topology.size)
        for text in request.sources {
            let source = try makeSource(SourceSpecification(parsing: text), time: SystemTime())
            var count = 0
            each(nil)
            try ClipReader(modelSize: size, rate: request.rate).play(source) { step in
                guard case .frame(let slot, _, _) = step else {
                    each(nil)
                    return true
                }
                count += 1
                if count > request.skip { each(UnsafeBufferPointer(slot.luma)) }
                return count - request.skip != request.maximumFrames
            }
        }
    }

    private final class StateOf {
        var state: StreamState
        init(model: Model) { state = StreamState(model: model) }
    }
}
