import Files
import Logging
import Video

/// How late it is, as far as the ages of pictures are concerned: pictures are deleted for their age by it, and what is
/// deleted is gone.
///
/// The machine's clock alone is no witness. A dead battery, a wrong answer from a time server or a person's `date -s` may
/// set it months ahead, and every picture would be too old at once. So this time goes on by the monotonic clock, and takes
/// over what the machine's clock says where the two differ by a day at most. Where they differ by more, the machine's
/// clock has to stand for a day of running time before it is believed. Until then pictures grow old only as fast as time
/// really passes, and the limits on size and free space, which take the oldest first, go on as ever.
///
/// It is remembered across restarts. So a box without a battery, which wakes in 1970 and gets its time from the network a
/// minute later, is not in doubt: the time that it gets is near the one that is remembered. One that was off for a month
/// is, for a day: then it deletes what has grown too old meanwhile.
struct SweepClock: Equatable {
    /// Microseconds by which the two clocks may differ.
    static let tolerance: Int64 = 86_400_000_000
    /// Microseconds that the machine's clock must stand before it is believed all the same.
    static let trial: Int64 = 86_400_000_000

    /// The time that is certain.
    private(set) var time: UTCTime
    /// Microseconds of running time for which the machine's clock has been in doubt; nil where it is not.
    private(set) var doubt: Int64?

    /// - Parameters:
    ///   - now: what the machine's clock says.
    ///   - newest: when the newest picture was taken: the only witness where nothing is remembered; nil without one.
    init(now: UTCTime, newest: UTCTime?) { time = newest ?? now }

    /// What `text` gave; nil for anything else.
    init?(_ text: String) {
        let parts = text.split(separator: " ")
        guard parts.count == 2, let time = TimeText.parse(rfc3339: parts[0]), parts[1].last == "\n" else { return nil }
        self.time = time
        let seconds = parts[1].dropLast()
        if seconds != "-" {
            guard let count = Int64(seconds), 0...86_400 ~= count else { return nil }
            doubt = count * 1_000_000
        }
    }

    /// Time and doubt as one line.
    var text: String { "\(TimeText.rfc3339(time)) \(doubt.map { String($0 / 1_000_000) } ?? "-")\n" }

    /// Goes on by `elapsed` microseconds; the machine's clock says `now`.
    mutating func advance(by elapsed: Int64, now: UTCTime) {
        time = UTCTime(microseconds: time.microseconds.saturatingAdd(elapsed))
        let ahead = now.microseconds.saturatingSubtract(time.microseconds)
        if -Self.tolerance...Self.tolerance ~= ahead {
            (time, doubt) = (now, nil)
        } else {
            doubt = doubt.map { $0.saturatingAdd(elapsed) } ?? 0
            if let doubt, doubt >= Self.trial { (time, self.doubt) = (now, nil) }
        }
    }
}

/// What sweeps remember from one to the next, and beyond a restart.
struct SweepMemory {
    /// The file in the state directory in which the time is remembered.
    static let name = "snapshots.clock"
    /// Microseconds after which it is written anew.
    private static let interval: Int64 = 600_000_000

    private let path: String?
    private let log: Logger
    private let operations: ReadOperations
    private var clock: SweepClock?
    private var saved: SweepClock?
    private var lastSweep: MonotonicTime?
    private var problem: PublishError?
    private var isUnreadable = false

    init(directory: String?, operations: ReadOperations = ReadOperations(), log: Logger) {
        self.operations = operations
        path = directory.map { "\($0)/\(Self.name)" }
        self.log = log
    }

    /// The time by which pictures grow old, now that the machine's clock says `now`; nil where what is remembered cannot be
    /// read, and so nothing is known.
    mutating func time(_ now: UTCTime, _ monotonic: MonotonicTime, newest: UTCTime?) -> UTCTime? {
        var clock: SweepClock
        do throws(PublishError) {
            if let known = self.clock {
                clock = known
            } else {
                clock = try remembered() ?? SweepClock(now: now, newest: newest)
            }
        } catch {
            if !isUnreadable {
                log.error("\(error): no picture is deleted for its age until it can be read, or is deleted")
            }
            isUnreadable = true
            return nil
        }
        isUnreadable = false
        let wasInDoubt = clock.doubt != nil
        let elapsed = lastSweep.map { monotonic.nanoseconds.saturatingSubtract($0.nanoseconds) / 1000 } ?? 0
        clock.advance(by: max(0, elapsed), now: now)
        (self.clock, lastSweep) = (clock, monotonic)
        tell(clock, wasInDoubt: wasInDoubt, now)
        save(clock)
        return clock.time
    }

    /// Whether a problem is another than the last sweep's: the same one is not told every minute.
    mutating func isNews(_ problem: PublishError?) -> Bool {
        defer { self.problem = problem }
        return problem != self.problem
    }

    private func tell(_ clock: SweepClock, wasInDoubt: Bool, _ now: UTCTime) {
        guard wasInDoubt != (clock.doubt != nil) else { return }
        if wasInDoubt {
            return log.notice("snapshots: the clock says \(now), and is believed: old pictures are deleted by it")
        }
        log.warning(
            """
            snapshots: the clock says \(now), and by what is remembered it is \(clock.time): no picture is deleted for its \
            age by a clock that jumped, before it has stood for 24 hours; set it right if it is wrong (max_size and \
            min_free still hold)
            """)
    }

    private func remembered() throws(PublishError) -> SweepClock? {
        guard let path, let file = try JournalFile(path: path, operations: operations) else { return nil }
        return SweepClock(String(decoding: try file.read(at: 0, count: 64), as: UTF8.self))
    }

    private mutating func save(_ clock: SweepClock) {
        guard let path else { return }
        if let saved, (saved.doubt == nil) == (clock.doubt == nil),
            clock.time.microseconds.saturatingSubtract(saved.time.microseconds).magnitude < Self.interval.magnitude
        {
            return
        }
        // A full disk is no fault here: it is tried again with every sweep, and the newest picture is a witness, too.
        if (try? AtomicFile.write(Array(clock.text.utf8), path: path)) != nil { saved = clock }
    }
}
