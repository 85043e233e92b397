public import Capture
import Video

/// Makes the source that a specification describes; nothing is opened yet. `Offline` has one that knows frame stores too.
public typealias SourceOpener = @Sendable (SourceSpecification) -> any FrameSource

/// What a camera's configuration may name, and nothing else.
public let openCameraSource: SourceOpener = { makeSource($0, time: SystemTime()) }

extension SourceSpecification {
    /// Whether it may go on for ever: a camera, an address, a synthetic scene without a length.
    package var isEndless: Bool {
        switch kind {
        // Nobody knows whether an HTTP address is a camera or a file.
        case .v4l2, .stream: true
        case .synthetic(let settings): settings.length == nil
        case .file, .pictures: false
        }
    }
}

/// Why footage without an end can't be read to its end.
func refuseEndless(_ sources: [SourceSpecification], limit: Int?) throws(StartError) {
    guard limit == nil, let camera = sources.first(where: \.isEndless) else { return }
    throw StartError(message: "\(camera): is a camera without an end; say how many frames of it: --frames 18000")
}
