import Capture
import Synchronization
import Video

/// The daemon's latest state: written once a second by the daemon, read by any subscriber that asks.
final class StatusBoard: Sendable {
    private struct Reading {
        var received: UInt64 = 0
        var scored: UInt64 = 0
    }

    /// An idle worker makes a round four times a second: two looks that are closer together (a reload between two ticks)
    /// may find it where it was, and that says nothing.
    private static let patience = Duration.milliseconds(500)

    private struct Board {
        var status: DaemonStatus
        var readings: [String: Reading] = [:]
        var watches: [String: RateWatch] = [:]
        var lastLook: MonotonicTime?
        var rounds: [UInt64] = []
        var roundsSeen: MonotonicTime?
        var isAlive = true
    }

    private let board: Mutex<Board>
    private let time: any TimeSource
    private let started: MonotonicTime

    init(host: String, time: any TimeSource) {
        self.time = time
        started = time.now()
        board = Mutex(Board(status: DaemonStatus(version: zanzoVersion, host: host)))
    }

    var status: DaemonStatus { board.withLock { $0.status } }

    /// Whether every worker and the writer had moved at the last look.
    var isAlive: Bool { board.withLock { $0.isAlive } }

    /// One line for systemd: `3/4 cameras up, 14.9 fps`, or `3/4 cameras up, 1 learning, 14.9 fps`.
    var summary: String {
        let status = status
        guard !status.cameras.isEmpty else { return "no cameras configured" }
        let up = status.cameras.filter { $0.state == CameraState.online.name }
        let rate = status.cameras.reduce(0) { $0 + $1.framesPerSecondScored }
        let learning = status.cameras.count { $0.learning != nil }
        let learners = learning > 0 ? ", \(learning) learning" : ""
        return "\(up.count)/\(status.cameras.count) cameras up\(learners), \((rate * 10).rounded() / 10) fps"
    }

    /// The status as one JSON line, for the socket.
    func statusLine() -> [UInt8] {
        // Encoding plain numbers and strings fails for non-finite numbers only, and `describe` leaves those out.
        guard let line = try? JSONLine.encode(status) else { return Array("{}\n".utf8) }
        return line + [10]
    }

    /// Takes stock: rates since the last look, and whether every worker and the writer have moved.
    func update(
        cameras: [Camera], learners: [LearningLoop] = [], workers: [InferenceWorker], publisher: Publisher,
        subscribers: Int, sequence: UInt64
    ) {
        let now = time.now()
        let rounds = workers.map { $0.rounds.value } + [publisher.rounds.value]
        board.withLock { board in
            let seconds = board.lastLook.map { (now - $0).seconds } ?? 0
            if board.roundsSeen.map({ now - $0 >= Self.patience }) ?? true {
                board.isAlive = board.rounds.count != rounds.count || zip(board.rounds, rounds).allSatisfy { $0 != $1 }
                (board.rounds, board.roundsSeen) = (rounds, now)
            }
            board.lastLook = now
            var readings: [String: Reading] = [:]
            let watched = cameras.map { camera in
                let reading = Reading(received: camera.counters.received.value, scored: camera.counters.scored.value)
                readings[camera.name] = reading
                var status = describe(camera, now, reading, since: board.readings[camera.name], seconds)
                status.shortfall = Self.shortfall(camera, now, &board.watches[camera.name, default: RateWatch()])
                return status
            }
            board.watches = board.watches.filter { readings[$0.key] != nil }
            board.status.cameras = (watched + learners.map(describe)).sorted { $0.name < $1.name }
            board.readings = readings
            board.status.uptime = (now - started).seconds.rounded()
            board.status.subscribers = subscribers
            board.status.sequence = sequence
            board.status.isAlive = board.isAlive
        }
    }

    private static func shortfall(_ camera: Camera, _ now: MonotonicTime, _ watch: inout RateWatch) -> String? {
        let counters = camera.counters
        guard counters.state == .online else {
            watch.reset()
            return nil
        }
        watch.note(
            RateWatch.Counts(
                received: counters.received.value, scored: counters.scored.value,
                overwritten: camera.ring.counts.overwritten, corrupt: counters.corrupt.value), at: now)
        return watch.shortfall(of: camera.settings.rate)
    }

    private func describe(
        _ camera: Camera, _ now: MonotonicTime, _ reading: Reading, since last: Reading?, _ seconds: Double
    ) -> CameraStatus {
        let counters = camera.counters
        var status = CameraStatus(
            name: camera.name, state: counters.state.name, source: camera.settings.source.redacted,
            model: camera.settings.model)
        let lastFrame = counters.lastFrame.load(ordering: .relaxed)
        if lastFrame != 0 { status.frameAge = tenths((now - MonotonicTime(nanoseconds: lastFrame)).seconds) }
        if let last, seconds > 0 {
            status.framesPerSecondIn = tenths(Double(reading.received &- last.received) / seconds)
            status.framesPerSecondScored = tenths(Double(reading.scored &- last.scored) / seconds)
        }
        status.rate = camera.settings.rate
        let drops = DropCounts(camera)
        status.frames = drops.byReason.merging([
            "received": reading.received, "scored": reading.scored, "paced": counters.paced.value,
            "out_of_order": counters.nonMonotonic.value,
        ]) { $1 }
        status.drops = drops.total
        let score = Double(bitPattern: counters.score.value)
        if score.isFinite { status.score = (score * 1000).rounded() / 1000 }
        status.threshold = camera.plan.threshold
        status.sessions = counters.sessions.value
        let lastEvent = counters.lastEvent.load(ordering: .relaxed)
        if lastEvent != 0 { status.lastEvent = UTCTime(microseconds: lastEvent).description }
        return status
    }

    private func describe(_ learner: LearningLoop) -> CameraStatus {
        let settings = learner.settings
        var status = CameraStatus(
            name: settings.name, state: "learning", source: settings.source.redacted, model: settings.model)
        status.learning = learner.status
        return status
    }

    private func tenths(_ value: Double) -> Double { (value * 10).rounded() / 10 }
}
