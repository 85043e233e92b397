import Video

/// When a live stream's frames were taken, on the machine's monotonic clock: the stream's own time stamps, anchored to their
/// arrival.
///
/// Arrival alone is no time. HLS brings four seconds of frames at once, and a network hiccup holds some up and lets them go
/// together; between them the stream's stamps keep the distance that the camera gave them. The anchor is the least delay,
/// arrival less stamp, of late: the frame that came quickest. So a time is never in the future, jitter does not show, and a
/// camera's clock may drift. A stamp that jumps anchors the stream anew at its arrival.
///
/// A clock that runs slower than time (a camera that stamps 25 frames a second and sends 10) delays without end. It is found
/// out after a few windows and not used any more.
struct StreamClock {
    /// How long the least delay counts: two windows, so that a drift is followed and a burst every few seconds is not lost.
    static let window = Duration.seconds(15)
    /// A frame that is older than this at its arrival was stamped by a clock that jumped.
    static let greatestDelay = Duration.seconds(30)
    /// Growth of the least delay from one window to the next that no network explains for long.
    static let suspiciousGrowth = Duration.milliseconds(500)
    /// Windows in a row that may grow so.
    static let patience = 3

    /// Frames whose time was not after the one before.
    private(set) var nonMonotonic: UInt64 = 0

    /// Least delay of this window and of the one before; nil before the first stamp.
    private var least: Duration?
    private var leastBefore: Duration?
    private var windowStart = MonotonicTime.zero
    private var growing = 0
    /// Whether stamps are used; false for a clock that was found out.
    private(set) var isTrusted = true
    private var lastStamp: Duration?
    private var lastTime: MonotonicTime?

    /// A clock for one opening of a stream. One whose container makes up its stamps (MJPEG over HTTP) is not trusted: its
    /// frames were taken when they arrive.
    init(isTrusted: Bool = true) { self.isTrusted = isTrusted }

    /// When the frame with the stream's own stamp `stamp` (nil: it has none) was taken, given that it arrives now.
    mutating func time(of stamp: Duration?, arrival: MonotonicTime) -> MonotonicTime {
        var time = arrival
        if let stamp {
            if let lastStamp, stamp <= lastStamp { nonMonotonic += 1 }
            time = isTrusted ? anchored(stamp, arrival) : arrival
            lastStamp = stamp
        }
        // Two frames at one time would be one frame to whoever counts by time.
        if let lastTime, time <= lastTime { time = lastTime + .nanoseconds(1) }
        lastTime = time
        return time
    }

    private mutating func anchored(_ stamp: Duration, _ arrival: MonotonicTime) -> MonotonicTime {
        let delay = .nanoseconds(arrival.nanoseconds) - stamp
        let known = [least, leastBefore].compactMap { $0 }.min()
        // Back by more than a second, or forward by so much that the frame would be ancient: another time base.
        let jumped =
            lastStamp.map { $0 - stamp > .seconds(1) } ?? false
            || known.map { delay - $0 > Self.greatestDelay } ?? false
        if known == nil || jumped {
            (least, leastBefore, windowStart, growing) = (delay, nil, arrival, 0)
            return arrival
        }
        if arrival - windowStart >= Self.window { turn(delay, arrival) }
        least = least.map { min($0, delay) } ?? delay
        return arrival - (delay - min(least ?? delay, leastBefore ?? delay))
    }

    /// Begins another window.
    private mutating func turn(_ delay: Duration, _ arrival: MonotonicTime) {
        if let least, let leastBefore {
            growing = least - leastBefore > Self.suspiciousGrowth ? growing + 1 : 0
            isTrusted = growing < Self.patience
        }
        (leastBefore, least, windowStart) = (least, nil, arrival)
    }
}
