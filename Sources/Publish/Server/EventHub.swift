import Logging
import NIOCore
import NIOPosix
import Synchronization

/// Hands lines from the inbox to the subscribers. Lives on the event loop alone.
final class EventHub {
    let settings: ServerSettings
    let loop: any EventLoop
    let log: Logger
    /// The number of the last line that is known to be published, and so to be in the journal.
    private(set) var last: UInt64

    private let reader: JournalReader
    private let inbox: Inbox
    private let pool: NIOThreadPool
    private let shared: EventServer.Shared
    private var subscribers: [ObjectIdentifier: Subscriber] = [:]
    private var stallCheck: RepeatedTask?
    private var unreadable = 0

    /// A hub without clients.
    ///
    /// - Parameter last: the number of the last line written so far; nil has the journal read for it.
    /// - Throws: where it cannot be read.
    init(
        settings: ServerSettings, reader: JournalReader, last: UInt64? = nil, inbox: Inbox, loop: any EventLoop,
        pool: NIOThreadPool,
        log: Logger, shared: EventServer.Shared
    ) throws(PublishError) {
        self.settings = settings
        self.reader = reader
        self.inbox = inbox
        self.loop = loop
        self.pool = pool
        self.log = log
        self.shared = shared
        if let last { self.last = last } else { self.last = try reader.lastSequence() ?? 0 }
        let hub = NIOLoopBound(self, eventLoop: loop)
        let every = TimeAmount.nanoseconds(max(settings.stallTimeout.nanosecondCount / 4, 1_000_000))
        stallCheck = loop.scheduleRepeatedTask(initialDelay: every, delay: every) { _ in
            for subscriber in hub.value.subscribers.values { subscriber.checkStall() }
        }
    }

    /// Hands on what waits in the inbox: events first, then scores.
    func drain() {
        let contents = inbox.take()
        for line in contents.lines where line.sequence > last {
            let follows = line.sequence == last + 1
            last = line.sequence
            // One buffer for all: NIO's are copy-on-write.
            let buffer = ByteBuffer(bytes: line.bytes)
            for subscriber in subscribers.values { subscriber.hear(line, buffer, follows: follows) }
        }
        if contents.last > last {
            // Lines that found no room in the inbox: subscribers read them from the journal.
            last = contents.last
            for subscriber in subscribers.values { subscriber.fallBehind() }
        }
        for score in contents.scores {
            let buffer = ByteBuffer(bytes: score.bytes)
            for subscriber in subscribers.values { subscriber.hearScore(camera: score.camera, buffer) }
        }
    }

    /// Takes in a client; false where there are too many.
    func join(_ subscriber: Subscriber) -> Bool {
        shared.counters.withLock { $0.accepted += 1 }
        guard subscribers.count < settings.maximumClients else {
            shared.counters.withLock { $0.refused += 1 }
            log.warning("a client was turned away: \(subscribers.count) are connected, which is the limit")
            return false
        }
        subscribers[ObjectIdentifier(subscriber)] = subscriber
        recount()
        return true
    }

    func leave(_ subscriber: Subscriber) {
        subscribers[ObjectIdentifier(subscriber)] = nil
        recount()
    }

    /// Counts anew who is there and who wants scores: clients come, go and subscribe rarely.
    func recount() {
        let (count, scores) = (subscribers.count, subscribers.values.count { $0.wantsScores })
        shared.counters.withLock { $0.clients = count }
        shared.scoreClients.store(scores, ordering: .relaxed)
    }

    /// The journal could not be read for a client. Told in the log at the 1st, 2nd, 4th … time: clients ask again.
    func noteUnreadable(_ error: PublishError) {
        unreadable += 1
        if unreadable.nonzeroBitCount == 1 {
            log.error("\(error): a client cannot resume now, and was told so (\(unreadable) so far)")
        }
    }

    func countCutOff() { shared.counters.withLock { $0.cutOff += 1 } }

    func countDroppedScores(_ count: UInt64) { shared.counters.withLock { $0.droppedScores += count } }

    /// What a replay's reading gives: lines to send, and where the subscriber then stands.
    struct Replay: Sendable {
        var lines: [(sequence: UInt64, bytes: [UInt8])] = []
        var gap: JournalBatch.Gap?
        var position: UInt64
    }

    /// Reads the lines after `position` that a subscriber wants from the journal, on the pool's thread.
    func replay(after position: UInt64, _ subscription: Subscription) -> EventLoopFuture<Replay> {
        let (reader, through, limit) = (reader, last, settings.maximumInlineByteCount)
        let isInline = subscription.snapshots == .inline
        return pool.runIfActive(eventLoop: loop) {
            // Pictures make lines large: few at a time, then.
            let batch = try reader.read(
                after: position, through: through, limit: isInline ? 4 : 512, byteLimit: 256 << 10)
            var replay = Replay(gap: batch.gap, position: batch.lines.last?.sequence ?? position)
            for line in batch.lines where subscription.wants(line.type, line.camera) {
                replay.lines.append(
                    (line.sequence, isInline ? InlineSnapshot.expand(line.bytes, limit: limit) : line.bytes))
            }
            if batch.lines.isEmpty, batch.isComplete {
                // Published lines are in the journal before they are published, and what cannot be read is an error: what
                // is missing now was deleted, or lost in a power cut.
                replay.gap = JournalBatch.Gap(after: position, next: through + 1)
                replay.position = through
            }
            return replay
        }
    }

    /// The number of the journal's last line, read on the pool's thread.
    func lastInJournal() -> EventLoopFuture<UInt64> {
        let reader = reader
        return pool.runIfActive(eventLoop: loop) { try reader.lastSequence() ?? 0 }
    }

    /// Hands on the last lines, tells everyone that it is the end, and closes within a second.
    func shutdown(reason: String) -> EventLoopFuture<Void> {
        stallCheck?.cancel()
        drain()
        let hub = NIOLoopBound(self, eventLoop: loop)
        let leaving = subscribers.values.map { $0.finish(reason: reason) }
        let deadline = loop.scheduleTask(in: .milliseconds(700)) {
            for subscriber in hub.value.subscribers.values { subscriber.abort() }
        }
        return EventLoopFuture.andAllComplete(leaving, on: loop).always { _ in deadline.cancel() }
    }
}

extension Duration {
    /// Whole nanoseconds, for NIO's clocks.
    var nanosecondCount: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
