import Synchronization
import Video

/// What a camera is doing, as people ask it.
enum CameraState: UInt8, Sendable {
    /// Not one frame yet since the start.
    case starting
    /// Frames are coming.
    case online
    /// Frames are coming, but the picture has not changed by one bit: a stuck sensor, encoder or recorder.
    case frozen
    /// The source is lost; it is being opened again.
    case offline
    /// A file or a picture sequence came to its end.
    case ended

    /// The word in `zanzo status` and in events.
    var name: String {
        switch self {
        case .starting: "starting"
        case .online: "online"
        case .frozen: "frozen"
        case .offline: "offline"
        case .ended: "ended"
        }
    }
}

/// A camera's counters and latest readings: written by its capture thread and its worker, read by anyone, never locked.
final class CameraCounters: Sendable {
    /// Frames that the source delivered whole.
    let received = Atomic<UInt64>(0)
    /// Frames left out on purpose, to score `rate` a second.
    let paced = Atomic<UInt64>(0)
    /// Frames scored.
    let scored = Atomic<UInt64>(0)
    /// Frames that the driver or the decoder called corrupt.
    let corrupt = Atomic<UInt64>(0)
    /// Frames missing from the driver's sequence numbers.
    let missed = Atomic<UInt64>(0)
    /// Frames whose time did not increase.
    let nonMonotonic = Atomic<UInt64>(0)
    /// Reports that found the publisher's queue full (score lines only, unless the writer has stood still for minutes).
    let unreported = Atomic<UInt64>(0)
    /// Pictures left out because the writer was behind.
    let unpictured = Atomic<UInt64>(0)
    /// Times the source was opened.
    let sessions = Atomic<UInt64>(0)
    /// When the last whole frame was received, in nanoseconds of the monotonic clock; 0 before the first.
    let lastFrame = Atomic<Int64>(0)
    /// The latest score's bits (a Double), NaN before the first.
    let score = Atomic<UInt64>(Double.nan.bitPattern)
    /// When the last event was published, in microseconds of UTC; 0 before the first.
    let lastEvent = Atomic<Int64>(0)
    private let stateCode = Atomic<UInt8>(CameraState.starting.rawValue)

    var state: CameraState {
        get { CameraState(rawValue: stateCode.load(ordering: .acquiring)) ?? .offline }
        set { stateCode.store(newValue.rawValue, ordering: .releasing) }
    }

    /// Changes the state where it is still `old`: the worker must not paint over a loss that the capture thread has just
    /// noticed.
    func change(from old: CameraState, to new: CameraState) {
        _ = stateCode.compareExchange(
            expected: old.rawValue, desired: new.rawValue, ordering: .acquiringAndReleasing)
    }
}

extension Atomic where Value == UInt64 {
    /// Adds `count` to a counter that no other memory depends on.
    func add(_ count: UInt64 = 1) { wrappingAdd(count, ordering: .relaxed) }

    /// The counter's value now.
    var value: UInt64 { load(ordering: .relaxed) }
}
