import Capture
import Glibc
public import Service
import Training
import Video

/// What the commands take as footage: whatever a camera's configuration may name, and a frame store.
public let openFootage: SourceOpener = { specification in
    guard case .file(let path) = specification.kind, TrainingFiles.isFootage(path) else {
        return openCameraSource(specification)
    }
    return FrameStoreSource(path: path)
}

/// A frame store as a source: what `zanzo train --record` kept, to calibrate and quantise on. Its frames have been shrunk
/// once; a model of the same size gets them as they are.
final class FrameStoreSource: FrameSource {
    let isLive = false
    private(set) var counters = SourceCounters()

    private let path: String
    private var store: FrameStore?
    /// The next frame: its clip and its number in it.
    private var next = (clip: 0, frame: 0)
    private var isNewClip = false

    init(path: String) { self.path = path }

    func open() throws(CaptureError) -> SourceFormat {
        close()
        let store: FrameStore
        do throws(FrameStoreError) {
            store = try FrameStore(path: path)
        } catch {
            throw CaptureError(.notACamera, "open \(path)", "it \(error.message)")
        }
        guard let first = store.clips.first else {
            throw CaptureError(.notACamera, "open \(path)", "there is no whole frame in it")
        }
        self.store = store
        return Self.format(store, first)
    }

    func close() { (store, next, isNewClip) = (nil, (0, 0), false) }

    func read(timeout: Duration) throws(CaptureError) -> Reading {
        guard let store else { throw CaptureError(.disconnected, "read \(path)", "it is not open") }
        guard next.clip < store.clips.count else { return .end }
        let clip = store.clips[next.clip]
        if isNewClip {
            isNewClip = false
            return .formatChanged(Self.format(store, clip))
        }
        let luma = store.luma(clip, next.frame)
        let view = PixelView(
            planes: (luma.baseAddress, nil, nil), strides: (store.size, 0, 0),
            size: FrameSize(width: store.size, height: store.size), format: .gray8, range: .full)
        let since = Duration(seconds: Double(next.frame) / clip.rate)
        let utc = UTCTime(microseconds: clip.start) + since
        next.frame += 1
        if next.frame == clip.count { (next, isNewClip) = ((next.clip + 1, 0), true) }
        counters.frames += 1
        return .frame(SourceFrame(view: view, time: MonotonicTime.zero + .microseconds(utc.microseconds), utc: utc))
    }

    private static func format(_ store: FrameStore, _ clip: FrameStore.Clip) -> SourceFormat {
        SourceFormat(
            name: "frame store", size: FrameSize(width: store.size, height: store.size), rate: clip.rate)
    }
}
