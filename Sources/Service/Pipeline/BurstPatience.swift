import Video

/// How long a capture thread may let a live stream's sender wait because the ring is full.
///
/// Frames that come a segment at a time (HLS, a relay that buffers) fill any ring of a sensible size; the worker needs a moment
/// to take them. So the thread waits, and TCP holds the sender. But a box that is too slow is no burst: there, waiting would
/// only make every frame late. Hence a budget: it is spent by waiting, comes back at half the speed of time, and once it is
/// empty the oldest frames are overwritten and counted. So a stream lags by `capacity` at most, and a worker that needs less
/// than half of the time loses nothing.
struct BurstPatience {
    /// The most that can be waited in a row.
    static let capacity = Duration.seconds(4)

    private var left = BurstPatience.capacity
    private var last: MonotonicTime?

    /// How long may be waited at `now`.
    mutating func available(at now: MonotonicTime) -> Duration {
        if let last, now > last { left = min(Self.capacity, left + (now - last) / 2) }
        last = now
        return left
    }

    /// Notes a wait of `duration` that ends at `now`; nothing came back meanwhile.
    mutating func spend(_ duration: Duration, until now: MonotonicTime) {
        left = max(.zero, left - duration)
        last = now
    }
}
