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

        /// Whether an event is over by it.
        var isEnd: Bool {
            if case .anomaly(.end) = self { true } else { false }
        }

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
/// Score lines may fill half of the queue and are then left out; what must not be lost may use all but a few places. Those are
/// kept for an event's end: once a start finds no room there is at most one event left to end, so that its end always does.
final class Outbox: Sendable {
    private let queue: BoundedQueue<Report>
    private let bell: Doorbell

    init(capacity: Int, bell: Doorbell) {
        queue = BoundedQueue(minimumCapacity: capacity)
        self.bell = bell
    }

    /// Places that only an event's end may take.
    static let placesForEnds = 4

    /// Hands over what must not be lost; false where the queue is full, which an event's end never finds.
    func send(_ report: Report) -> Bool {
        defer { bell.ring() }
        guard report.kind.isEnd || queue.count < queue.capacity - Self.placesForEnds else { return false }
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
