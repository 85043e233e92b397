import ArgumentParser
import Capture
import Kernels
import Model
import Video

/// Which frames a benchmark runs.
struct FootageOptions: ParsableArguments {
    /// What the demo's daemon scores.
    static let street = "synthetic:street?seed=7&rate=15&size=640x480"

    @Option(help: "What the camera shows: a video file, a folder of pictures, a strip (one wide PNG of square frames).")
    var frames = FootageOptions.street

    func validate() throws {
        do {
            _ = try SourceSpecification(parsing: frames)
        } catch {
            throw ValidationError("--frames: \(error)")
        }
    }
}

/// The first frames of a source at a model's size, shrunk as the daemon shrinks them, in memory: a benchmark plays them
/// over and over.
final class Footage {
    /// Frames that are kept: as many as stay in a cache beside the weights.
    static let capacity = 64

    /// How many frames of what, as a table's head says it.
    let title: String
    private let count: Int
    private let frameByteCount: Int
    private let bytes: AlignedBuffer<UInt8>

    /// Reads up to `capacity` frames of `size` × `size` pixels.
    ///
    /// Throws what the source throws, and where there is no whole frame in it.
    init(_ source: String, size: Int) throws {
        let specification = try SourceSpecification(parsing: source)
        let frames = try Self.read(specification, FrameSize(width: size, height: size))
        frameByteCount = size * size
        count = frames.count / frameByteCount
        bytes = AlignedBuffer(frames)
        title = "\(counted(count, "frame")) of \(specification)"
        guard count > 0 else { throw ValidationError("--frames \(specification): there is no whole frame in it") }
    }

    /// The frame at `index`, counted on from the first where the footage ends; valid as long as the footage lives.
    subscript(index: Int) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: bytes.base + index % count * frameByteCount, count: frameByteCount)
    }

    /// The frames' luma, one after the other.
    private static func read(_ specification: SourceSpecification, _ size: FrameSize) throws -> [UInt8] {
        let source = makeSource(specification, time: SystemTime())
        let picture = FrameSize(width: 16, height: 16)  // nobody looks at it
        let shrinker = FrameShrinker(modelSize: size, pictureCapacity: picture)
        let slot = FrameSlot(modelSize: size, pictureCapacity: picture)
        var frames: [UInt8] = []
        _ = try source.open()
        defer { source.close() }
        while frames.count < capacity * size.area {
            switch try source.read(timeout: .seconds(10)) {
            case .end: return frames
            case .corrupt, .formatChanged, .waiting: continue
            case .frame(let frame):
                shrinker.shrink(frame.view, into: slot)
                frames += slot.luma
            }
        }
        return frames
    }
}

/// One camera of a batch: where it is in the footage, and its state.
final class BenchCamera {
    private let footage: Footage
    private var state: StreamState
    private var index: Int

    /// A camera that begins `start` frames into the footage.
    init(_ footage: Footage, model: Model, start: Int) {
        self.footage = footage
        state = StreamState(model: model)
        index = start
    }

    func place(in reconstructor: Reconstructor, at place: Int) {
        index += 1
        reconstructor.place(footage[index], &state, at: place)
    }
}
