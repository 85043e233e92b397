import CLinux
package import Capture
package import Video

/// Plays a source from its start to its end, without a drop, and shrinks the frames that are due: what `replay`,
/// `calibrate`, `record` and `train` share.
package struct ClipReader {
    private let modelSize: FrameSize
    private let rate: Double?

    /// Frames of `modelSize`, `rate` a second; all of them where it is nil.
    package init(modelSize: FrameSize, rate: Double?) {
        self.modelSize = modelSize
        self.rate = rate
    }

    /// What comes of a source, in order.
    package enum Step {
        /// A due frame: its shrunk luma is in the slot, `index` counts every whole frame from 1.
        case frame(FrameSlot, source: SourceFrame, index: UInt64)
        /// Another size in mid-stream, or another clip: what follows is another picture.
        case restart
    }

    /// Gives every step to `each`, until that returns false or the source ends. Damaged frames are left out, and
    /// what a file or folder says of them goes to standard error. Returns how
    /// many whole frames were read, due or not.
    ///
    /// Throws what the source throws, or what `each` does.
    @discardableResult
    package func play(_ source: any FrameSource, each: (Step) throws -> Bool) throws -> UInt64 {
        let capacity = FrameSize(width: 16, height: 16)  // nobody looks at the colour picture
        let shrinker = FrameShrinker(modelSize: modelSize, pictureCapacity: capacity)
        let slot = FrameSlot(modelSize: modelSize, pictureCapacity: capacity)
        var pacer = Pacer(rate: rate)
        var index: UInt64 = 0
        _ = try source.open()
        defer { source.close() }
        while true {
            switch try source.read(timeout: .seconds(10)) {
            case .end: return index
            case .corrupt(let error):
                if let error { zanzo_complain("zanzo: \(error); passed over\n") }
            case .waiting: continue
            case .formatChanged:
                guard try each(.restart) else { return index }
            case .frame(let frame):
                index += 1
                guard pacer.isDue(frame.streamTime) else { continue }
                shrinker.shrink(frame.view, into: slot)
                guard try each(.frame(slot, source: frame, index: index)) else { return index }
            }
        }
    }
}

extension SourceSpecification {
    /// The same source; where it is a strip or a folder of pictures, which carry no time, they are taken to be `rate`
    /// frames a second.
    package func withPictures(at rate: Double) -> SourceSpecification {
        var specification = self
        switch kind {
        case .pictures: specification.options.rate = rate
        case .file(let path) where Directory.names(in: path) != nil: specification.options.rate = rate
        default: break
        }
        return specification
    }
}
