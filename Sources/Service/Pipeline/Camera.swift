import Anomaly
import Capture
import Model
import Synchronization
import Video

/// A model ready to score with: the network, and the line above which a score is an anomaly.
struct ScoringPlan: Sendable {
    /// The network, shared by every camera that uses the same file.
    let model: Model
    /// `sha256:…` of the model's file.
    let identity: String
    /// How a frame's error becomes one number.
    let method: ScoreMethod
    /// Raw scores at or over it count; nil where the model was never calibrated: frames are rebuilt, not judged.
    let threshold: Double?
    /// How good the model became, as its file says; nil where it says nothing.
    let training: TrainingSummary?
    /// What should be known before the model and the threshold are trusted: lines for people.
    let doubts: [String]
    /// When an anomaly starts and ends: the camera's settings, fitted to what the model's normal scores are like.
    let detector: DetectorSettings
}

/// One camera: what its capture thread, its worker and the publisher share. Everything is allocated here, once.
final class Camera: Sendable {
    let settings: CameraConfiguration
    let plan: ScoringPlan
    let ring: FrameRing
    let counters = CameraCounters()
    /// From the capture thread to the publisher.
    let captureOutbox: Outbox
    /// From the worker to the publisher.
    let scoringOutbox: Outbox
    /// Buffers for evidence pictures.
    let moments: Pool<Moment>
    /// Buffers for periodic snapshots.
    let periodicMoments: Pool<Moment>
    /// Buffers for strips.
    let strips: Pool<Strip>
    /// Rung by the worker when it frees a slot: a lossless source waits for it.
    let spaceBell = Doorbell()
    /// Set once: the camera's threads wind up.
    let isStopping = Atomic<Bool>(false)
    /// Why it is being stopped; written before `isStopping`.
    let stopReason = Mutex<EndReason>(.stopped)
    /// Ends the source's blocked calls; nil before the first opening.
    let cancellation = Mutex<Cancellation?>(nil)
    /// The last session whose source was lost or came to its end, set by the capture thread; 0 before the first.
    let lostSession = Atomic<UInt64>(0)
    /// The last of those that the worker has ended: what ran in it is over, and reported.
    let endedSession = Atomic<UInt64>(0)
    /// Set by the worker when it has handed over its last report.
    let isDrained = Atomic<Bool>(false)

    /// Frames that may wait for the worker: a hiccup of a third of a second at 15 a second, and the slots in use.
    static let slotCount = 6
    static let momentCount = 3
    static let stripCount = 2
    static let reportCapacity = 256

    init(settings: CameraConfiguration, plan: ScoringPlan, pictureWidth: Int, publisherBell: Doorbell) {
        self.settings = settings
        self.plan = plan
        let modelSize = FrameSize(width: plan.model.topology.size, height: plan.model.topology.size)
        // Tall pictures (a camera on its side) fit as well: the shrinker keeps the aspect ratio within this box.
        let capacity = FrameSize(width: pictureWidth, height: pictureWidth * 3 / 4)
        ring = FrameRing(count: Self.slotCount, modelSize: modelSize, pictureCapacity: capacity)
        captureOutbox = Outbox(capacity: 64, bell: publisherBell)
        scoringOutbox = Outbox(capacity: Self.reportCapacity, bell: publisherBell)
        moments = Pool(count: Self.momentCount) { Moment(modelSize: modelSize, pictureCapacity: capacity) }
        periodicMoments = Pool(count: 1) { Moment(modelSize: modelSize, pictureCapacity: capacity) }
        strips = Pool(count: Self.stripCount) { Strip(capacity: StripHistory.capacity, modelSize: modelSize) }
    }

    /// Bytes of a camera's buffers, and of its place in a worker's step.
    static func byteCount(plan: ScoringPlan, pictureWidth: Int) -> Int {
        let area = plan.model.topology.size * plan.model.topology.size
        let picture = FrameSlot.pictureByteCount(FrameSize(width: pictureWidth, height: pictureWidth * 3 / 4))
        let moments = (momentCount + 1) * (2 * area + picture)
        // The history has columns of its own: as many again, and its marks.
        let strips = (stripCount + 2) * StripHistory.capacity * 2 * area
        return slotCount * (area + picture) + moments + strips
    }

    var name: String { settings.name }

    /// Asks the camera's threads to wind up, ending a running event for `reason`.
    func stop(_ reason: EndReason) {
        stopReason.withLock { $0 = reason }
        isStopping.store(true, ordering: .releasing)
        spaceBell.ring()
        cancellation.withLock { $0?.cancel() }
    }

    var shouldStop: Bool { isStopping.load(ordering: .acquiring) }
}
