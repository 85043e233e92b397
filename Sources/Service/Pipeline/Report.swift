import Anomaly
import Capture
import Video

/// What a camera's threads tell the publisher: the only thing that crosses from the data plane to the control plane.
struct Report: Sendable {
    /// What happened.
    enum Kind: Sendable {
        /// A frame was scored.
        case score
        /// An anomaly began, went on or ended.
        case anomaly(Transition)
        /// Time for a picture: to replace `latest.png` with, to keep, or both.
        case snapshot(latest: Bool, keep: Bool)
        /// The scene changed as a whole, or the picture froze or moved again.
        case scene(SceneChange)
        /// The source was opened and gave its first frame.
        case online(SourceFormat)
        /// The source was lost, or could not be opened.
        case offline(CaptureError)
        /// A file's picture is damaged, and was passed over.
        case damaged(CaptureError)
        /// A file came to its end, or cannot be read any further.
        case ended(CaptureError?)

        /// Whether no frame of the stream follows.
        var endsSession: Bool {
            switch self {
            case .offline, .ended: true
            default: false
            }
        }
    }

    var kind: Kind
    /// The frame's number since the pipeline started.
    var frame: UInt64
    /// When the frame was taken (or the thing noticed).
    var time: MonotonicTime
    /// The same in UTC.
    var utc: UTCTime
    /// The raw score; NaN where nothing was scored.
    var raw: Double = .nan
    /// raw / threshold; NaN where the model has no threshold.
    var score: Double = .nan
    /// The event's highest score so far.
    var peak: Double = .nan
    /// When the event's first frame was over the line.
    var began: MonotonicTime?
    /// Where in the frame; filled in at an anomaly's start and updates only.
    var regions: [Region] = []
    /// The pictures of this moment; nil where the writer had all buffers, or the kind needs none.
    var moment: Moment?
    /// The event's strip, at its end.
    var strip: Strip?
}

/// One thread's way to the publisher: never waits, keeps room for what must not be lost.
///
/// Score lines may fill half of the queue and are then left out; transitions may use it all.
final class Outbox: Sendable {
    private let queue: BoundedQueue<Report>
    private let bell: Doorbell

    init(capacity: Int, bell: Doorbell) {
        queue = BoundedQueue(minimumCapacity: capacity)
        self.bell = bell
    }

    /// Hands over what must not be lost; false where even the reserved half is full.
    func send(_ report: Report) -> Bool {
        defer { bell.ring() }
        return queue.push(report)
    }

    /// Hands over what may be left out; false where it was.
    func offer(_ report: Report) -> Bool {
        guard queue.count < queue.capacity / 2 else { return false }
        return send(report)
    }

    /// The publisher's end.
    func take() -> Report? { queue.pop() }
}
