public import Anomaly
public import Video

/// By what a camera is scored, beside its model: the trainer has to lay the alarm line with the same.
public struct ScoringSettings: Sendable, Hashable, Codable {
    /// Where the score is taken; everywhere if empty.
    public var regions: [Polygon] = []
    /// Where it is not taken, even within regions.
    public var masks: [Polygon] = []
    /// When an anomaly starts and ends.
    public var detector = DetectorSettings()

    /// The whole frame, and the defaults.
    public init() {}

    /// A camera's.
    public init(_ camera: CameraConfiguration) {
        (regions, masks, detector) = (camera.settings.regions, camera.settings.masks, camera.settings.detector)
    }

    /// Which pixels of a model's frame of `size` count.
    public func mask(size: FrameSize) -> Mask { Mask(size: size, regions: regions, masks: masks) }
}
