import Video

/// Picks the frames to score: `rate` a second out of whatever the camera gives.
///
/// Follows the frames' own times, so a file read faster than real time is thinned alike. The due time moves on by whole
/// intervals, so 15 of 30 frames are every second one and 10 of 25 are 2 of 5, without drift; after a pause it starts
/// anew instead of taking a burst.
struct Pacer {
    private let interval: Duration?
    private let tolerance: Duration
    private var due: MonotonicTime?

    /// Takes `rate` frames a second; every frame where it is nil.
    init(rate: Double?) {
        interval = rate.map { Duration(seconds: 1 / $0) }
        // Cameras jitter: a frame that comes this little early is meant for the due time.
        tolerance = Duration(seconds: 0.1 / (rate ?? 1))
    }

    /// Whether the frame taken at `time` is to be scored.
    mutating func isDue(_ time: MonotonicTime) -> Bool {
        guard let interval else { return true }
        guard let due, time - due < interval + interval, due - time < interval + interval else {
            due = time + interval  // the first frame, one after a pause, or a clock that jumped back
            return true
        }
        guard time + tolerance >= due else { return false }
        self.due = due + interval
        return true
    }
}
