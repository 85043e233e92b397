import Video

/// The synthetic street as a camera: paced as a live one, or as fast as it is read.
///
/// A live one (`options.realTime`) takes frame n at its first opening + n / rate by the injected clock, loses frames
/// where it is not read in time (counted in `missed`, as a driver's sequence numbers would show), and goes on with the
/// time when it is opened again. A fast one loses nothing and stamps its frames as if they had been taken at that rate.
final class SyntheticSource: FrameSource {
    /// Frames a live source keeps for a reader who is late, as a V4L2 driver's queue does.
    private static let queueLength: UInt64 = 4

    let isLive: Bool
    let cancellation = Cancellation()
    private(set) var counters = SourceCounters()

    private let settings: SyntheticSettings
    private let script: SyntheticScript
    private let rate: Double
    private let size: FrameSize
    private let time: any TimeSource
    private var scene: SyntheticScene?
    private var isOpen = false
    /// The next frame to give.
    private var index: UInt64 = 0
    /// When frame 0 is taken; set by the first opening.
    private var origin: (time: MonotonicTime, utc: UTCTime)?
    /// Frames skipped since the last one given.
    private var missed = 0

    init(settings: SyntheticSettings, options: SourceOptions, time: any TimeSource) {
        self.settings = settings
        self.time = time
        var script = settings.script
        if options.loop, script.period == nil { script.period = SyntheticScript.demoLength }
        self.script = script
        rate = max(0.01, min(1000, options.rate ?? SyntheticSettings.defaultRate))
        size = options.size ?? SyntheticSettings.defaultSize
        isLive = options.realTime
    }

    func open() throws(CaptureError) -> SourceFormat {
        guard (1...8192).contains(size.width), (1...8192).contains(size.height) else {
            throw CaptureError(.unsupported, "open \(settings)", "size \(size) is not within 1x1 and 8192x8192")
        }
        let origin = self.origin ?? (time.now(), time.utc())
        self.origin = origin
        if isLive {
            let since = time.now() - origin.time
            if fault(at: since, where: { $0 == .sourceLoss }) != nil {
                throw CaptureError(.unavailable, "open \(settings)", "the script has taken the camera away")
            }
            index = max(index, firstIndex(from: since))
        } else if let loss = fault(at: offset(index), where: { $0 == .sourceLoss }) {
            index = firstIndex(from: loss.start + loss.duration)
        }
        isOpen = true
        missed = 0
        return format(sceneForNext())
    }

    func close() { isOpen = false }

    func read(timeout: Duration) throws(CaptureError) -> Reading {
        guard isOpen, let origin else {
            throw CaptureError(.disconnected, "read \(settings)", "it is not open")
        }
        if isLive { skipWhatIsTooLate(time.now() - origin.time) }
        if let stall = fault(at: offset(index), where: { $0 == .stall }) {
            index = max(index + 1, firstIndex(from: stall.start + stall.duration))
            if !isLive { throw timedOut(timeout) }
        }
        if let length = settings.length, offset(index) >= length { return .end }
        if isLive {
            guard time.sleep(until: origin.time + offset(index), atMost: timeout, unless: cancellation) else {
                throw cancellation.isCancelled ? .cancelled("read \(settings)") : timedOut(timeout)
            }
        }
        return try nextReading(origin)
    }

    private func nextReading(_ origin: (time: MonotonicTime, utc: UTCTime)) throws(CaptureError) -> Reading {
        let since = offset(index)
        if fault(at: since, where: { $0 == .sourceLoss }) != nil {
            close()
            throw CaptureError(.disconnected, "read \(settings)", "the script has taken the camera away")
        }
        if fault(at: since, where: { $0 == .corrupt }) != nil {
            counters.corrupt += 1
            index += 1
            return .corrupt(nil)
        }
        let before = scene?.size
        let scene = sceneForNext()
        if scene.size != before { return .formatChanged(format(scene)) }
        var (shown, light) = (index, 1.0)
        if let freeze = fault(at: since, where: { $0 == .freeze }) { shown = firstIndex(from: freeze.start) }
        for fault in settings.faults where fault.covers(offset(shown)) {
            if case .lightingJump(let factor) = fault.kind { light *= factor }
        }
        let frame = SourceFrame(
            view: scene.draw(shown, light: light), time: origin.time + since, utc: origin.utc + since, missed: missed)
        counters.frames += 1
        index += 1
        missed = 0
        return .frame(frame)
    }

    /// A reader who comes too late finds the newest frames only.
    private func skipWhatIsTooLate(_ since: Duration) {
        let due = firstIndex(from: since)
        guard due > index + Self.queueLength else { return }
        let lost = due - Self.queueLength - index
        index += lost
        missed += Int(lost)
        counters.missed += lost
    }

    private func offset(_ index: UInt64) -> Duration { .nanoseconds(Int64((Double(index) / rate * 1e9).rounded())) }

    /// The first frame at or after `since`.
    private func firstIndex(from since: Duration) -> UInt64 {
        UInt64(max(0, (since.seconds * rate - 1e-6).rounded(.up)))
    }

    private func fault(at since: Duration, where matches: (SyntheticFault.Kind) -> Bool) -> SyntheticFault? {
        settings.faults.first { $0.covers(since) && matches($0.kind) }
    }

    /// The scene in the size that the next frame has; made anew where that changes.
    private func sceneForNext() -> SyntheticScene {
        var wanted = size
        for fault in settings.faults where fault.covers(offset(index)) {
            if case .resize(let width, let height) = fault.kind { wanted = FrameSize(width: width, height: height) }
        }
        if let scene, scene.size == wanted { return scene }
        let made = SyntheticScene(size: wanted, rate: rate, seed: settings.seed, script: script)
        scene = made
        return made
    }

    private func format(_ scene: SyntheticScene) -> SourceFormat {
        SourceFormat(name: "synthetic", size: scene.size, rate: rate)
    }

    private func timedOut(_ timeout: Duration) -> CaptureError {
        CaptureError(.timedOut, "read \(settings)", "no frame for \(timeout.seconds) s")
    }
}
