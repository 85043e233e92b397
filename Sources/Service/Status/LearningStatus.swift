/// How far a camera is that learns its model, as `zanzo status` shows it.
public struct LearningStatus: Sendable, Hashable, Codable {
    /// What is done now: starting, recording, waiting, training, calibrating or done.
    public var phase: String
    /// The share of the phase that is done, 0…1; nil where it is not known.
    public var done: Double?
    /// Seconds until the phase's end; nil where that is not known.
    public var secondsLeft: Double?
    /// Seconds of footage that are recorded first.
    public var recordFor: Double
    /// The training's loss of late.
    public var loss: Double?
    /// The error on footage that is held out of the training.
    public var heldOut: Double?
    /// Times that the training was started since the daemon's start; it goes on where it was.
    public var attempts = 0
    /// Why the last try failed, or why this one does not get on (a camera that is lost); nil where it goes on well.
    public var problem: String?
    /// Seconds until the next try; nil where one runs.
    public var nextTry: Double?

    /// A camera whose training does `phase`.
    public init(phase: String, recordFor: Double) {
        self.phase = phase
        self.recordFor = recordFor
    }

    enum CodingKeys: String, CodingKey {
        case phase, done, loss, attempts, problem
        case secondsLeft = "left_s"
        case recordFor = "record_s"
        case heldOut = "held_out"
        case nextTry = "next_try_s"
    }
}
