import Anomaly
import FoundationEssentials
import Video

/// An anomaly of which the journal has a start, and no end.
struct OpenEvent {
    /// The number of the first line of it that there is.
    let first: UInt64
    /// The last line of it.
    var line: [UInt8]

    /// The end that nobody told: what is known of the event is what its last line says.
    ///
    /// - Returns: nil for a line that is not whole.
    func end(time: UTCTime, id: String) -> Event? {
        guard let last = EventLine(line), let camera = last.data.camera, let event = last.data.event else { return nil }
        var data = EventData(camera: camera)
        data.threshold = last.data.threshold
        data.peak = last.data.peak
        data.frame = last.data.frame
        data.model = last.data.model
        // How long it went on after that, nobody knows; of an event without an update nothing is known at all.
        if last.eventType != .anomalyStart { data.duration = last.data.duration }
        data.reason = EndReason.interrupted.rawValue
        data.message = "zanzod ended without a stop while the anomaly ran: what came after its last line is not known"
        return Event(id: id, type: .anomalyEnd, camera: camera, event: event, time: time, data: data)
    }
}

/// The anomalies that run, by the journal's own lines: how a start finds those that a crash has left without an end.
struct OpenEvents {
    /// Without a word from the last run (an older version's, a lost state directory), this much of the newest lines is
    /// looked at, so that a start stays quick.
    static let byteCount = 64 << 20

    private var starts: [String: UInt64] = [:]
    /// Lines from here on were not looked at, because they could not be read, or hold anomalies whose ends are not told yet.
    private var unknownFrom: UInt64?

    /// A line is in the journal now.
    mutating func note(_ event: Event, _ sequence: UInt64) {
        guard let id = event.event else { return }
        switch event.type {
        case .anomalyStart: starts[id] = sequence
        case .anomalyEnd: starts[id] = nil
        default: break
        }
    }

    /// The lines from `sequence` on are for the next start to look at (again).
    mutating func noteUnknown(from sequence: UInt64) { unknownFrom = sequence }

    /// Every line that was not looked at has been dealt with.
    mutating func noteKnown() { unknownFrom = nil }

    /// The number from which on all lines of anomalies that run lie, where `last` is the last line's.
    func from(_ last: UInt64) -> UInt64 { min(starts.values.min() ?? last + 1, unknownFrom ?? .max) }

    /// Finds the anomalies that have not ended, in the order of their first lines.
    ///
    /// - Parameters:
    ///   - files: the journal's.
    ///   - from: no line before this is one of theirs; nil where that is not known.
    /// - Throws: where lines that would count cannot be read.
    static func find(in files: JournalFiles, from: UInt64?) throws(PublishError) -> [OpenEvent] {
        let isWhole = files.hasNewest && (from.map { from in files.segments.contains { $0.first <= from } } ?? true)
        if !isWhole, let obstacle = files.obstacle(before: .max) { throw obstacle }
        var open: [String: OpenEvent] = [:]
        for (file, offset) in try places(files, from) {
            try file.forEachLine(from: offset) { line, _ in
                guard let type = LineScanner.type(line), type.starts(with: anomaly), let id = LineScanner.event(line),
                    let sequence = LineScanner.sequence(line), sequence >= from ?? 0
                else { return true }
                if type.elementsEqual(end) {
                    open[id] = nil
                } else {
                    open[id] = OpenEvent(first: open[id]?.first ?? sequence, line: Array(line))
                }
                return true
            }
        }
        return open.values.sorted { $0.first < $1.first }
    }

    private static let anomaly = Array("dev.zanzo.anomaly.".utf8)
    private static let end = Array(EventType.anomalyEnd.rawValue.utf8)

    /// Where to look, the oldest first.
    private static func places(
        _ files: JournalFiles, _ from: UInt64?
    ) throws(PublishError) -> [(file: JournalFile, offset: Int)] {
        var places: [(file: JournalFile, offset: Int)] = []
        var left = byteCount
        for segment in files.segments.reversed() {
            if let from {
                places.insert((segment.file, try segment.file.offset(after: max(from, 1) - 1)), at: 0)
                if segment.first <= from { break }
            } else {
                let offset = max(0, segment.file.byteCount - left)
                places.insert((segment.file, offset == 0 ? 0 : try segment.file.lastLineEnd(before: offset)), at: 0)
                left -= segment.file.byteCount
                if left <= 0 { break }
            }
        }
        return places
    }
}
