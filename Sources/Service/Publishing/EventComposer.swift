import Anomaly
import Model
import Pictures
import Publish
import Video

/// Where an event's pictures lie; nil where one could not be written.
struct EvidencePaths {
    /// `start.png`: frame, reconstruction and error.
    var snapshot: String?
    /// `frame.png`: the frame in colour.
    var picture: String?
    /// `strip.png`: frames around the event.
    var strip: String?
}

/// Words the reports as events.
struct EventComposer {
    private var generator = SystemRandomNumberGenerator()

    /// A new event's identity: a ULID, sortable by the time it began.
    mutating func makeID(_ time: UTCTime) -> String { ULID.make(time: time, using: &generator) }

    mutating func anomaly(
        _ transition: Transition, _ report: Report, _ running: EventDesk.RunningEvent, _ evidence: EvidencePaths,
        _ camera: Camera
    ) -> Event {
        var data = EventData(camera: camera.name)
        data.event = running.id
        data.frame = report.frame
        data.threshold = camera.plan.threshold
        data.peak = report.peak
        data.model = camera.plan.identity
        data.snapshot = evidence.snapshot
        data.picture = evidence.picture
        data.strip = evidence.strip
        if !report.score.isNaN { data.score = report.score }
        if !report.raw.isNaN { data.raw = report.raw }
        if let began = report.began { data.duration = Self.duration(report.time - began) }
        if !report.regions.isEmpty {
            data.regions = report.regions.map { region in
                EventRegion(
                    box: [region.x, region.y, region.width, region.height], score: region.score)
            }
        }
        let type: EventType
        switch transition {
        case .start: type = .anomalyStart
        case .update: type = .anomalyUpdate
        case .end(let reason):
            type = .anomalyEnd
            data.reason = reason.rawValue
        }
        return make(type, data, report.utc)
    }

    /// An anomaly that never ended: what was unusual is the scene now.
    mutating func becameNormal(_ report: Report, _ camera: Camera) -> Event {
        var data = EventData(camera: camera.name)
        data.reason = EndReason.tooLong.rawValue
        data.message = "an anomaly went on for its maximum length: the scene has changed; if it stays so, train again"
        return make(.sceneChanged, data, report.utc)
    }

    mutating func scene(_ change: SceneChange, _ report: Report, _ camera: Camera) -> Event {
        var data = EventData(camera: camera.name)
        data.frame = report.frame
        switch change {
        case .frozen(let since):
            data.duration = Self.duration(report.time - since)
            data.message = "every frame is the same to the bit: the camera, its encoder or a recorder is stuck"
            return make(.cameraFrozen, data, report.utc)
        case .unfrozen:
            data.reason = "unfrozen"
            return make(.cameraOnline, data, report.utc)
        case .lightingJump: data.reason = "lighting"
        case .sceneCut: data.reason = "cut"
        case .blank: data.reason = "blank"
        }
        return make(.sceneChanged, data, report.utc)
    }

    mutating func online(_ format: String, _ report: Report, _ camera: Camera) -> Event {
        var data = EventData(camera: camera.name)
        data.message = format
        return make(.cameraOnline, data, report.utc)
    }

    mutating func offline(_ reason: String, _ report: Report, _ camera: Camera) -> Event {
        var data = EventData(camera: camera.name)
        data.frame = report.frame
        data.reason = reason
        return make(.cameraOffline, data, report.utc)
    }

    mutating func dropped(_ counts: DropCounts, _ camera: Camera, time: UTCTime) -> Event {
        var data = EventData(camera: camera.name)
        data.dropped = counts.byReason
        return make(.framesDropped, data, time)
    }

    mutating func storage(_ report: SweepReport, time: UTCTime) -> Event {
        var data = EventData(camera: nil)
        data.reason = report.isLow ? "low" : "recovered"
        data.message =
            report.isLow
            ? "free space is under its floor (snapshots: min_free): periodic snapshots pause until there is more"
            : "there is enough free space again"
        data.free = report.free.map { UInt64(clamping: $0) }
        data.floor = UInt64(clamping: report.floor)
        data.used = UInt64(clamping: report.byteCount)
        return make(.storageLow, data, time)
    }

    mutating func journalSpace(_ space: JournalSpace, time: UTCTime) -> Event {
        var data = EventData(camera: nil)
        data.reason = space.isLow ? "low" : "recovered"
        data.message =
            space.isLow
            ? "the journal's disk is full: events go on for a while from \(space.reserve >> 10) KiB kept in reserve"
            : "there is enough free space for the journal again"
        data.free = space.free.map { UInt64(clamping: $0) }
        data.floor = UInt64(clamping: space.floor)
        return make(.storageLow, data, time)
    }

    /// A camera starts with this plan.
    mutating func modelLoaded(_ camera: String, _ plan: ScoringPlan, time: UTCTime) -> Event {
        var data = EventData(camera: camera)
        data.model = plan.identity
        data.threshold = plan.threshold
        data.error = plan.training?.error
        if !plan.doubts.isEmpty { data.message = plan.doubts.joined(separator: "; ") }
        return make(.modelLoaded, data, time)
    }

    /// A new configuration is in force, which touched these cameras.
    mutating func reloaded(_ cameras: [String], time: UTCTime) -> Event {
        var data = EventData(camera: nil)
        data.cameras = cameras.sorted()
        data.message =
            cameras.isEmpty ? "no camera changed" : "changed: " + cameras.sorted().joined(separator: ", ")
        return make(.configReloaded, data, time)
    }

    /// A new configuration was refused, and why.
    mutating func rejected(_ reason: String, time: UTCTime) -> Event {
        var data = EventData(camera: nil)
        data.message = reason
        return make(.configRejected, data, time)
    }

    private mutating func make(_ type: EventType, _ data: EventData, _ time: UTCTime) -> Event {
        Event(id: makeID(time), type: type, camera: data.camera, event: data.event, time: time, data: data)
    }

    /// Four significant digits are as much as frames a fraction of a second apart can say.
    private static func duration(_ duration: Duration) -> Double { NumberText.rounded(duration.seconds, digits: 4) }
}
