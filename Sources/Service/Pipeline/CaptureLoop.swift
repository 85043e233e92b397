import Capture
import Model
import Synchronization
import Video

/// A camera's capture thread: opens the source, hands its frames to the ring, and opens it again when it is lost.
///
/// `run` is the retry loop; `runOnce` is the story of one stream from opening to loss.
final class CaptureLoop {
    private let camera: Camera
    private var source: any FrameSource { didSet { taken = SourceCounters() } }
    /// What was already taken over of the source's counts.
    private var taken = SourceCounters()
    private let make: (SourceSpecification) -> any FrameSource
    private let time: any TimeSource
    private let workerBell: Doorbell
    private let shrinker: FrameShrinker
    private var backoff: Backoff
    private var pacer: Pacer
    private var index: UInt64 = 0
    private var lastTime = MonotonicTime(nanoseconds: .min)
    private var patience = BurstPatience()
    /// Whether this opening of the source has given a frame.
    private var hasFrame = false
    /// What the publisher was told last, so that a camera that stays away is reported once.
    private var reportedOffline = false

    /// A loop for `camera`; `make` gives the source of a specification.
    init(
        camera: Camera, time: any TimeSource, workerBell: Doorbell,
        make: @escaping (SourceSpecification) -> any FrameSource
    ) {
        self.camera = camera
        self.make = make
        self.time = time
        self.workerBell = workerBell
        source = make(camera.settings.sourceAtItsRate)
        // Another jitter for each camera, the same at each start.
        backoff = Backoff(seed: camera.name.utf8.reduce(0) { $0 &* 31 &+ UInt64($1) })
        pacer = Pacer(rate: camera.settings.rate)
        let size = camera.plan.model.topology.size
        shrinker = FrameShrinker(
            modelSize: FrameSize(width: size, height: size),
            pictureCapacity: camera.ring.pictureCapacity)
    }

    /// Captures until the camera is stopped or a file ends. Never gives up on a live source.
    func run() {
        while !camera.shouldStop {
            do throws(CaptureError) {
                try runOnce()
                break
            } catch {
                takeCounts()  // an opening may have seen nothing but damaged pictures
                if camera.shouldStop { break }
                if isBeyondRepair(error) {
                    finish(error)
                    break
                }
                lose(error)
                wait(backoff.next())
            }
        }
        source.close()
    }

    /// A file that fails in its middle would fail there again and again, and be scored from its start each time.
    private func isBeyondRepair(_ error: CaptureError) -> Bool {
        hasFrame && !source.isLive && !error.isTransient && !camera.settings.source.options.loop
    }

    /// One stream: returns at a file's end or when stopped, throws when the source is lost.
    private func runOnce() throws(CaptureError) {
        if camera.settings.credentials != nil { source = make(try authorised()) }
        camera.cancellation.withLock { $0 = source.cancellation }
        if camera.shouldStop { return }
        defer { source.close() }
        hasFrame = false
        let format = try source.open()
        camera.counters.sessions.add()
        var first: MonotonicTime?
        var lastGood = time.now()
        while !camera.shouldStop {
            defer { takeCounts() }
            switch try source.read(timeout: camera.settings.timeout) {
            case .frame(let frame):
                if first == nil { welcome(format, frame) }
                let (now, start) = (time.now(), first)
                first = start ?? now
                (lastGood, hasFrame) = (now, true)
                backoff.hold(for: now - (start ?? now))
                accept(frame)
            case .corrupt(let error):
                if let error { tell(.damaged(error), time.now(), time.utc()) }
                if source.isLive, time.now() - lastGood > camera.settings.timeout { throw onlyDamage }
            case .waiting:
                break
            case .formatChanged:
                // Another size in mid-stream, or another clip: what the model remembers is of another picture.
                camera.counters.sessions.add()
            case .end:
                finish()
                return
            }
        }
    }

    /// A camera whose every picture is damaged is not online.
    private var onlyDamage: CaptureError {
        CaptureError(
            .disconnected, "read \(camera.settings.source.redacted)",
            "every picture of the last \(camera.settings.timeout.components.seconds) s is damaged")
    }

    /// The source with user and password, read anew at each opening: a password that was changed is used at once.
    private func authorised() throws(CaptureError) -> SourceSpecification {
        do {
            return try camera.settings.sourceForOpening()
        } catch {
            throw CaptureError(.authentication, "read the credentials of \(camera.name)", "\(error)")
        }
    }

    /// The first good frame of a stream: the camera is there.
    private func welcome(_ format: SourceFormat, _ frame: SourceFrame) {
        reportedOffline = false
        camera.counters.state = .online
        tell(.online(format), frame.time, frame.utc)
    }

    private func accept(_ frame: SourceFrame) {
        let counters = camera.counters
        index += 1
        counters.lastFrame.store(frame.time.nanoseconds, ordering: .relaxed)
        lastTime = frame.time
        guard pacer.isDue(frame.streamTime) else { return counters.paced.add() }
        waitForSpace()
        camera.ring.publish { slot in
            shrinker.shrink(frame.view, into: slot)
            slot.time = frame.time
            slot.utc = frame.utc
            slot.index = index
            slot.session = counters.sessions.value
        }
        workerBell.ring()
    }

    /// Takes over what the source has counted since the last look: it alone sees the stream's own time stamps.
    private func takeCounts() {
        let (now, counters) = (source.counters, camera.counters)
        counters.received.add(now.frames - taken.frames)
        counters.corrupt.add(now.corrupt - taken.corrupt)
        counters.missed.add(now.missed - taken.missed)
        counters.nonMonotonic.add(now.nonMonotonic - taken.nonMonotonic)
        taken = now
    }

    /// Waits for a free slot as long as the source allows. A file is read as fast as it is scored, and not a frame of it is
    /// dropped; a burst of a stream waits its turn; a device is never kept waiting.
    private func waitForSpace() {
        guard !camera.ring.hasFreeSlot, source.slack != .zero else { return }
        // The bell rings in real time, whatever clock the frames have.
        let clock = SystemTime()
        let start = clock.now()
        let limit = source.slack.map { min($0, patience.available(at: start)) }
        while !camera.ring.hasFreeSlot, !camera.shouldStop {
            let waited = clock.now() - start
            if let limit, waited >= limit { break }
            camera.spaceBell.wait(
                timeout: min(.milliseconds(100), (limit ?? .seconds(1)) - (limit == nil ? .zero : waited)))
        }
        let end = clock.now()
        if limit != nil { patience.spend(end - start, until: end) }
    }

    /// Lets the worker end what is running, so that an event's end comes before the news that the camera is gone. A worker
    /// that is busy for longer than a second is not waited for.
    private func endSession() {
        let lost = camera.counters.sessions.value
        camera.lostSession.store(lost, ordering: .releasing)
        workerBell.ring()
        for _ in 0..<10 where camera.endedSession.load(ordering: .acquiring) < lost && !camera.shouldStop {
            camera.spaceBell.wait(timeout: .milliseconds(100))
        }
    }

    private func lose(_ error: CaptureError) {
        camera.counters.state = .offline
        endSession()
        guard !reportedOffline else { return }
        reportedOffline = tell(.offline(error), time.now(), time.utc())
    }

    /// A file's end, or what it ended by.
    private func finish(_ error: CaptureError? = nil) {
        while camera.ring.readyCount > 0, !camera.shouldStop { camera.spaceBell.wait(timeout: .milliseconds(100)) }
        camera.counters.state = .ended
        endSession()
        tell(.ended(error), lastTime, time.utc())
    }

    @discardableResult
    private func tell(_ kind: Report.Kind, _ at: MonotonicTime, _ utc: UTCTime) -> Bool {
        let sent = camera.captureOutbox.send(Report(kind: kind, frame: index, time: at, utc: utc))
        if !sent { camera.counters.unreported.add() }
        return sent
    }

    /// Waits before the next try, in short steps: a stop does not wait for a minute's back-off.
    private func wait(_ duration: Duration) {
        let deadline = time.now() + duration
        while !camera.shouldStop, time.now() < deadline {
            time.sleep(until: min(deadline, time.now() + .milliseconds(100)))
        }
    }
}
