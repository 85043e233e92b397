import Capture
import Files
import Glibc
import Pictures
import Publish
import Video

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

    /// Frames a strip: 64 × 256 is as wide as a PNG reader can be expected to take.
    private var framesPerStrip: Int { max(1, PNG.maximumSide / request.size) }

    private let request: Request

    /// A recording to be made.
    public init(_ request: Request) { self.request = request }

    /// Records; returns the number of frames written.
    public func run() throws -> Int {
        guard mkdir(request.output, 0o755) == 0 || errno == EEXIST else {
            throw StartError(message: "\(request.output): \(errorText(errno))")
        }
        let specification = try SourceSpecification(parsing: request.source).authorised(by: request.credentials)
        let source = makeSource(specification, time: SystemTime())
        let size = FrameSize(width: request.size, height: request.size)
        var strip: [[UInt8]] = []
        var progress = ProgressLine()
        var (count, skipped) = (0, 0)
        try ClipReader(modelSize: size, rate: request.rate).play(source) { step in
            guard case .frame(let slot, _, _) = step else { return true }
            if skipped < request.skip {
                skipped += 1
                return true
            }
            strip.append(Array(slot.luma))
            count += 1
            progress.show(request.frames.map { Double(count) / Double($0) }, "\(count) frames")
            if strip.count == framesPerStrip { try write(&strip, upTo: count) }
            return count != request.frames
        }
        progress.clear()
        // A single frame would be no strip: who reads it could not tell its size.
        guard strip.count != 1 else { return count - 1 }
        if !strip.isEmpty { try write(&strip, upTo: count) }
        return count
    }

    /// Writes `strip-FIRST.png`, named by its first frame, and empties it.
    private func write(_ strip: inout [[UInt8]], upTo count: Int) throws {
        let (size, frames) = (request.size, strip.count)
        var canvas = Canvas(width: size * frames, height: size)
        for (index, luma) in strip.enumerated() {
            luma.withUnsafeBufferPointer {
                canvas.draw(luma: $0, source: (size, size), x: index * size, y: 0, width: size, height: size)
            }
        }
        let name = StripFile.name(first: count - frames)
        try AtomicFile.write(try PNG.encode(canvas), path: request.output + "/" + name)
        strip = []
    }
}
