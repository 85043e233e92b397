/// When an anomaly starts, goes on and ends. Scores are relative: 1.0 is the alarm line.
///
/// Counts of frames stand where the number of observations is what matters (one bad frame is no anomaly, at any rate);
/// durations where the world's own time matters. The defaults fit cameras scored 2 to 15 times a second.
public struct DetectorSettings: Sendable, Hashable, Codable {
    /// An anomaly starts after `startFrames` of the last `startWindow` scored frames were at or over 1.0. Frames; 3.
    /// A flash, a torn frame or an insect before the lens lasts one frame or two.
    public var startFrames = 3
    /// The window for `startFrames`. Frames; 5. Wider than `startFrames`, as a thing at the edge of being noticed
    /// flickers over and under the line. At 15 a second an anomaly is noticed after 0.2 s at the soonest, at 2 a
    /// second after 1 s.
    public var startWindow = 5
    /// The score under which a frame counts as quiet. Relative; 0.8. Under 1.0, so that a score that trembles around
    /// the alarm line gives one event rather than many.
    public var releaseLevel = 0.8
    /// Quiet frames in a row that an end needs (with `mergeGap`). Frames; 5. One quiet frame is no end, at any rate.
    public var releaseFrames = 5
    /// Quiet time that an end needs (with `releaseFrames`). Duration; 3 s. Anomalies that are less than this apart are
    /// one event: someone who passes behind a lamp post is not two people. An end is known this much after it happened.
    public var mergeGap = Duration.seconds(3)
    /// The longest event. Duration; 5 min. What stands there for longer is how the scene looks now (a parked van, the
    /// lamp that was switched on): the event ends with `tooLong`, and the detector stays silent until it was quiet
    /// again.
    public var maximumLength = Duration.seconds(300)
    /// Time between one update of a running event and the next, at the least. Duration; 10 s. Quiet frames give none.
    public var updateEvery = Duration.seconds(10)
    /// Updates an event may have. Count; 20; 0 for none. Bounds what one long event may send.
    public var maximumUpdates = 20
    /// Frames not judged after a start, a gap or a changed scene (with `warmUpTime`). Frames; 16. The network's state
    /// starts at zero, and the first frames are rebuilt badly however normal they are.
    public var warmUpFrames = 16
    /// Time not judged after a start, a gap or a changed scene (with `warmUpFrames`). Duration; 2 s. A camera that
    /// has just been opened, or whose lamp has just been switched on, first finds its exposure.
    public var warmUpTime = Duration.seconds(2)

    /// The defaults.
    public init() {}

    /// The first setting that can't work, and what it may be; nil where all is well. Names are the properties'.
    public var problem: String? {
        if !(1...64).contains(startWindow) { return "startWindow is \(startWindow) frames; it may be 1 to 64" }
        if !(1...startWindow).contains(startFrames) {
            return "startFrames is \(startFrames); it may be 1 to startWindow, which is \(startWindow)"
        }
        if !(releaseLevel > 0 && releaseLevel <= 1) {
            return "releaseLevel is \(releaseLevel); it may be over 0 and up to 1, the alarm line"
        }
        if !(1...10_000).contains(releaseFrames) { return "releaseFrames is \(releaseFrames); it may be 1 to 10000" }
        if !(0...10_000).contains(warmUpFrames) { return "warmUpFrames is \(warmUpFrames); it may be 0 to 10000" }
        if !(0...10_000).contains(maximumUpdates) { return "maximumUpdates is \(maximumUpdates); it may be 0 to 10000" }
        let day = Duration.seconds(86_400)
        if !(.zero...day).contains(mergeGap) { return "mergeGap is \(mergeGap); it may be 0 s to 24 h" }
        if !(.zero...day).contains(warmUpTime) { return "warmUpTime is \(warmUpTime); it may be 0 s to 24 h" }
        if !(.seconds(1)...day * 7).contains(maximumLength) {
            return "maximumLength is \(maximumLength); it may be 1 s to 7 days"
        }
        if !(.milliseconds(100)...day).contains(updateEvery) {
            return "updateEvery is \(updateEvery); it may be 0.1 s to 24 h"
        }
        return nil
    }
}
