internal import Glibc
public import Video

/// Something that happened to the picture as a whole, which is no anomaly in the scene.
public enum SceneChange: Sendable, Hashable {
    /// The same scene in another light: one gain and offset explain the change (a lamp, an exposure step).
    case lightingJump
    /// Another scene: the camera was moved, or its input switched.
    case sceneCut
    /// A picture without structure where there was one: a covered lens, the lights out in a room without windows.
    case blank
    /// The picture is the same to the last bit since this time: the camera or its encoder hangs.
    case frozen(since: MonotonicTime)
    /// A frozen picture moves again.
    case unfrozen
}

/// Tells a change of light, a moved or covered camera and a frozen picture from what happens in the scene, by the luma
/// at the model's size. Deterministic; allocates nothing after its start; a few microseconds a frame at 64×64.
///
/// A frame is held against one of up to a second before it, so that a lamp that takes half a second to come up is
/// seen as well. A person or a van that fills up to 40 % of the frame says nothing here (from about 65 % on it is a
/// cut). After a light, cut or blank the next one is told 10 s later at the soonest: each mutes the detector for its
/// warm-up, and someone who flashes a lamp must not keep it mute. What comes in between is left to the score.
///
/// Frozen: a sensor has noise, so no two frames of a real camera are the same to the last bit; but shrinking averages
/// noise away, and an encoder may repeat a still scene exactly until its next key frame. So `frozenAfter` should be
/// longer than the camera's key frame interval. A noise-free synthetic source, or a night camera whose encoder
/// crushes black, can be still for as long as nothing moves: raise `frozenAfter` there.
public struct SceneWatcher: Sendable {
    /// How old the frame may be that a new one is held against.
    static let referenceAge = Duration.seconds(1)
    /// From one report of light, cut or blank to the next, at the least.
    static let reportEvery = Duration.seconds(10)
    /// Repetitions that a frozen picture needs, however long they took: one repeated frame after a hole proves nothing.
    static let frozenFrames = 5

    /// The model's size.
    public let size: FrameSize
    /// How long the picture has to be the same until it counts as frozen.
    public let frozenAfter: Duration

    private var change: FrameChange
    private var previous: [UInt8]  // size.area; its memory never changes size
    private var reference: [UInt8]  // size.area
    private var hasPrevious = false
    private var referenceTime = MonotonicTime.zero
    private var nextReport = MonotonicTime.zero
    private var stillSince = MonotonicTime.zero
    private var stillFrames = 0

    /// Whether the picture is frozen now.
    public private(set) var isFrozen = false

    /// A watcher of luma of `size`.
    public init(size: FrameSize, frozenAfter: Duration = .seconds(10)) {
        precondition(size.area > 0, "a watcher of no pixels")
        self.size = size
        self.frozenAfter = frozenAfter
        change = FrameChange(size: size)
        previous = Array(repeating: 0, count: size.area)
        reference = previous
    }

    /// Forgets every frame: after a reconnect there is nothing to compare with. A frozen picture is no longer one.
    public mutating func reset() {
        hasPrevious = false
        isFrozen = false
        stillFrames = 0
        nextReport = .zero
    }

    /// Looks at a frame's luma (`size.area` codes, full range, row by row), taken at `time`; at most one change a
    /// frame.
    public mutating func observe(luma: UnsafeBufferPointer<UInt8>, time: MonotonicTime) -> SceneChange? {
        precondition(luma.count == size.area, "a frame of another size than the watcher's")
        guard let now = luma.baseAddress else { return nil }
        guard hasPrevious else {
            hasPrevious = true
            keep(now, time)
            return nil
        }
        if isPrevious(now) { return observeSame(now, time) }
        Self.copy(now, to: &previous)
        stillSince = time
        stillFrames = 0
        if isFrozen {
            isFrozen = false
            keep(now, time)
            return .unfrozen
        }
        if time >= nextReport, let kind = change.judge(from: reference, to: now) {
            keep(now, time)
            nextReport = time + Self.reportEvery
            switch kind {
            case .light: return .lightingJump
            case .cut: return .sceneCut
            case .blank: return .blank
            }
        }
        if time - referenceTime >= Self.referenceAge || time < referenceTime { keepReference(now, time) }
        return nil
    }

    private mutating func observeSame(_ now: UnsafePointer<UInt8>, _ time: MonotonicTime) -> SceneChange? {
        stillFrames += 1
        if time - referenceTime >= Self.referenceAge { keepReference(now, time) }
        guard !isFrozen, stillFrames >= Self.frozenFrames, time - stillSince >= frozenAfter else { return nil }
        isFrozen = true
        return .frozen(since: stillSince)
    }

    /// Starts from this frame as the only one known.
    private mutating func keep(_ now: UnsafePointer<UInt8>, _ time: MonotonicTime) {
        Self.copy(now, to: &previous)
        keepReference(now, time)
        stillSince = time
        stillFrames = 0
    }

    private mutating func keepReference(_ now: UnsafePointer<UInt8>, _ time: MonotonicTime) {
        Self.copy(now, to: &reference)
        referenceTime = time
    }

    private func isPrevious(_ now: UnsafePointer<UInt8>) -> Bool {
        previous.withUnsafeBufferPointer { old in
            guard let old = old.baseAddress else { return false }
            // Ends at the first byte that differs: early, where there is noise.
            return memcmp(old, now, size.area) == 0
        }
    }

    private static func copy(_ now: UnsafePointer<UInt8>, to kept: inout [UInt8]) {
        kept.withUnsafeMutableBufferPointer { kept in
            kept.baseAddress?.update(from: now, count: kept.count)
        }
    }
}
