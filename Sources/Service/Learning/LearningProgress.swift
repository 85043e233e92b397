import FoundationEssentials

/// How far a training is: a line of JSON on `zanzo train --unattended`'s standard output.
///
/// Unknown keys are passed over, and so is a known one with a value of another kind: a daemon and a trainer of two versions
/// should still understand each other. Only `phase` must be there.
struct LearningProgress: Sendable, Hashable {
    /// What it does: recording, waiting, training, calibrating or done; another word is shown as it is. "done" says that the
    /// model is whole and calibrated: one that was ended in the middle may leave a model as well.
    var phase: String
    /// The share of the phase that is done, 0…1.
    var done: Double?
    /// Seconds until the phase's end.
    var secondsLeft: Double?
    /// The training's loss of late.
    var loss: Double?
    /// The error on footage that is held out.
    var heldOut: Double?
    /// Why it does not get on, though it goes on: a camera that is lost.
    var problem: String?

    /// Reads a line; nil where it is none of these.
    init?(line: some Collection<UInt8>) {
        guard line.first == UInt8(ascii: "{"),
            let words = try? JSONDecoder().decode(Words.self, from: Data(line)), let phase = words.phase,
            (1...20).contains(phase.utf8.count), phase.utf8.allSatisfy({ (97...122).contains($0) })
        else { return nil }
        self.phase = phase
        done = words.done.map { min(1, max(0, $0)) }
        secondsLeft = words.secondsLeft.map { min(1e9, max(0, $0)) }
        loss = words.loss
        heldOut = words.heldOut
        problem = words.problem.map { EventText.printable(String($0.prefix(400))) }
    }

    /// Whether this is farther than `other`: trouble that comes then is new trouble.
    func isBeyond(_ other: LearningProgress?) -> Bool {
        guard let other else { return true }
        return (rank, done ?? 0) > (other.rank, other.done ?? 0)
    }

    /// Whether the processor and not the camera decides how long it takes.
    var isComputing: Bool { rank >= 2 }

    private var rank: Int { ["recording", "waiting", "training", "calibrating", "done"].firstIndex(of: phase) ?? 0 }

    private struct Words: Decodable {
        enum Keys: String, CodingKey {
            case phase, done, loss, problem
            case secondsLeft = "seconds_left"
            case heldOut = "held_out"
        }

        var (phase, problem): (String?, String?)
        var (done, secondsLeft, loss, heldOut): (Double?, Double?, Double?, Double?)

        init(from decoder: any Decoder) throws {
            let words = try decoder.container(keyedBy: Keys.self)
            phase = try? words.decode(String.self, forKey: .phase)
            problem = try? words.decode(String.self, forKey: .problem)
            done = Self.number(words, .done)
            secondsLeft = Self.number(words, .secondsLeft)
            loss = Self.number(words, .loss)
            heldOut = Self.number(words, .heldOut)
        }

        private static func number(_ words: KeyedDecodingContainer<Keys>, _ key: Keys) -> Double? {
            (try? words.decode(Double.self, forKey: key)).flatMap { $0.isFinite ? $0 : nil }
        }
    }
}
