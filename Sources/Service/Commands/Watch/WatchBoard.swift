import Publish
import Video

/// What `zanzo watch` knows: the daemon's last status, and what came over the socket since.
struct WatchBoard {
    /// A camera's scores and events, as heard.
    struct Heard {
        /// The highest score of each second in which there was one, oldest first; `WatchBoard.seconds` at most.
        var peaks: [(second: Int64, score: Double)] = []
        /// The latest score; nil before the first, and without a threshold.
        var score: Double?
        /// The highest score since `takePeak`.
        var peak: Double?
        /// The last event: its type's words, and when.
        var event: (words: String, time: UTCTime)?
    }

    /// Seconds of scores that are kept.
    static let seconds = 30

    /// The cameras to show; none for all.
    let wanted: [String]
    /// The daemon's last answer; nil before the first.
    private(set) var status: DaemonStatus?
    /// Why the daemon does not answer; nil where it does.
    private(set) var trouble: String?
    private var heard: [String: Heard] = [:]

    /// A board for `wanted` cameras (none for all) that knows nothing yet.
    init(wanted: [String] = []) { self.wanted = wanted }

    /// The cameras to show, in the daemon's order.
    var cameras: [CameraStatus] {
        (status?.cameras ?? []).filter { wanted.isEmpty || wanted.contains($0.name) }
    }

    /// What was heard of a camera.
    func heard(_ camera: String) -> Heard { heard[camera] ?? Heard() }

    /// Takes in the daemon's answer.
    mutating func take(_ status: DaemonStatus) {
        self.status = status
        trouble = nil
        let names = Set(status.cameras.map(\.name))
        heard = heard.filter { names.contains($0.key) }
    }

    /// Takes in that the daemon does not answer: what it said last is not shown as if it still held.
    mutating func lose(_ trouble: String) {
        self.trouble = trouble
        for index in (status?.cameras ?? []).indices {
            status?.cameras[index].state = "unknown"
            status?.cameras[index].framesPerSecondIn = 0
            status?.cameras[index].framesPerSecondScored = 0
            status?.cameras[index].score = nil
        }
        for name in heard.keys { heard[name]?.score = nil }
    }

    /// Takes in a line from the socket; the event, where it is one.
    mutating func take(_ bytes: [UInt8]) -> EventLine? {
        if let line = ScoreLine(bytes) {
            take(line)
            return nil
        }
        guard let line = EventLine(bytes) else { return nil }
        if let camera = line.data.camera, let time = line.utc {
            heard[camera, default: Heard()].event = (EventText.words(line), time)
        }
        return line
    }

    /// The highest score since the last call, for those who look once a second.
    mutating func takePeak(_ camera: String) -> Double? {
        defer { heard[camera]?.peak = nil }
        return heard[camera]?.peak
    }

    private mutating func take(_ line: ScoreLine) {
        var camera = heard[line.camera] ?? Heard()
        camera.score = line.score
        if let score = line.score {
            camera.peak = max(camera.peak ?? score, score)
            let second = line.time.microseconds / 1_000_000
            if let last = camera.peaks.last, last.second == second {
                camera.peaks[camera.peaks.count - 1].score = max(last.score, score)
            } else {
                camera.peaks.append((second, score))
                if camera.peaks.count > Self.seconds { camera.peaks.removeFirst() }
            }
        }
        heard[line.camera] = camera
    }
}
