import Logging
import NIOCore

/// One client of the event socket. Lives on the event loop alone.
///
///     waiting ──(first line, or the grace is over)──▶ catching up ◀──(a line was missed)── live
///                                                        └──(has read up to the last published line)──▶ live
///
/// `position` is the number up to which every wanted line has been queued. Lines come from one of two places, never both:
/// while live, from the hub; while catching up, from the journal. Because a line is journaled before it is published and
/// `position` grows with every line, none is missed and none comes twice.
final class Subscriber: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Given to SO_SNDBUF; Linux doubles it.
    static let sendBufferByteCount: ChannelOptions.Types.SocketOption.Value = 24_576
    /// SO_SNDBUF for the last line. Linux calls a Unix socket writable while a quarter of the buffer is used or less,
    /// so that room for the last line takes more than four times as much as was allowed before. The kernel takes
    /// net.core.wmem_max (212,992) where that is less.
    private static let lastBufferByteCount: ChannelOptions.Types.SocketOption.Value = 425_984

    private enum Phase { case waiting, catchingUp, live, leaving }

    private let hub: EventHub
    private var context: ChannelHandlerContext?
    private var phase = Phase.waiting
    private var subscription = Subscription()
    private var position: UInt64 = 0
    private var isReading = false
    private var hasSubscribed = false
    private var input = ByteBuffer()
    private var graceTimer: Scheduled<Void>?

    /// Lines that are not handed to the channel yet; `sequence` is nil for what is no event's line.
    private var queue: CircularBuffer<(buffer: ByteBuffer, sequence: UInt64?)> = []
    private var queuedByteCount = 0
    private var isFlushing = false
    private var lastProgress = NIODeadline.now()
    private var droppedScores: UInt64 = 0

    init(hub: EventHub) { self.hub = hub }

    var wantsScores: Bool { subscription.scores && phase != .leaving }

    // MARK: The client comes, speaks and goes

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        guard hub.join(self) else {
            let limit = hub.settings.maximumClients
            return leave(Notice.error("too many clients: \(limit) are connected already; try again later"))
        }
        position = hub.last
        let me = NIOLoopBound(self, eventLoop: hub.loop)
        graceTimer = hub.loop.scheduleTask(in: .nanoseconds(hub.settings.grace.nanosecondCount)) { me.value.begin() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        graceTimer?.cancel()
        phase = .leaving
        queue.removeAll()
        hub.leave(self)
        self.context = nil
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // The client will say no more (`echo … | nc -N -U`), and may still listen. A last line needs no newline.
        guard let event = event as? ChannelEvent, event == .inputClosed else { return }
        if !hasSubscribed, input.readableBytes > 0 { return takeFirstLine(input.readableBytesView) }
        begin()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard phase != .leaving else { return }
        var bytes = unwrapInboundIn(data)
        input.writeBuffer(&bytes)
        if hasSubscribed { return refuseMore() }
        while phase != .leaving, let newline = input.readableBytesView.firstIndex(of: 0x0A) {
            let line = input.readableBytesView[..<newline]
            guard line.count <= hub.settings.maximumLineByteCount else { break }
            input.moveReaderIndex(to: newline + 1)
            takeFirstLine(line)
            if hasSubscribed { return refuseMore() }  // a blank line is none: look at the next one
        }
        if input.readableBytes > hub.settings.maximumLineByteCount {
            leave(Notice.error("the first line is longer than \(hub.settings.maximumLineByteCount) bytes"))
        }
    }

    /// Whatever comes after the first line is a mistake, but for blanks: `nc` in a terminal sends newlines.
    private func refuseMore() {
        guard phase != .leaving else { return }
        guard input.readableBytesView.contains(where: { !Self.isBlank($0) }) else { return input.clear() }
        leave(Notice.error("only one line is taken from a client: connect again for another subscription"))
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || 0x09...0x0D ~= byte }

    private func takeFirstLine(_ line: ByteBufferView) {
        guard line.contains(where: { !Self.isBlank($0) }) else { return }
        hasSubscribed = true
        do {
            switch try ClientRequest(parsing: Array(line)) {
            case .status:
                var answer = hub.settings.status()
                while answer.last == 0x0A { answer.removeLast() }
                leave(answer + [0x0A])
            case .subscribe(let subscription):
                self.subscription = subscription
                hub.recount()
                if let after = subscription.after { resume(after) }
                if phase == .live { phase = .catchingUp }
                begin()
                catchUp()
            }
        } catch {
            leave(Notice.error(error.message))
        }
    }

    private func resume(_ after: UInt64) {
        guard after > hub.last else {
            position = after
            return
        }
        // Not published yet, as far as the hub knows; but a line is in the journal before the hub hears of it, and a
        // client may have read it there.
        isReading = true
        let me = NIOLoopBound(self, eventLoop: hub.loop)
        hub.lastInJournal().whenComplete { result in
            let last = (try? result.get()) ?? 0
            me.value.resume(after, journal: last)
        }
    }

    private func resume(_ after: UInt64, journal last: UInt64) {
        isReading = false
        guard phase != .leaving else { return }
        position = after
        if after > max(last, hub.last) {
            position = hub.last
            send(Notice.resumeAhead(after: after, last: hub.last))
        }
        catchUp()
    }

    /// The client has said what it wants, or has kept silent for long enough.
    private func begin() {
        graceTimer?.cancel()
        guard phase == .waiting else { return }
        phase = .catchingUp
        catchUp()
    }

    // MARK: Lines

    /// An event was published. `follows`: its number is the one after the last that the hub had.
    func hear(_ line: PublishedLine, _ buffer: ByteBuffer, follows: Bool) {
        switch phase {
        case .waiting, .leaving: return
        case .catchingUp: return catchUp()
        case .live:
            guard line.sequence > position else { return }  // the client had it from the journal already
            guard follows, position + 1 == line.sequence else { return fallBehind() }
            guard subscription.wants(line.type, line.camera) else {
                position = line.sequence
                return
            }
            guard queuedByteCount + buffer.readableBytes <= hub.settings.maximumQueuedByteCount else { return cutOff() }
            position = line.sequence
            enqueue(buffer, line.sequence)
        }
    }

    /// A frame was scored. The first to be dropped when the client does not keep up.
    func hearScore(camera: String, _ buffer: ByteBuffer) {
        guard phase == .live || phase == .catchingUp, subscription.wantsScore(camera) else { return }
        guard queuedByteCount + buffer.readableBytes <= hub.settings.maximumQueuedByteCount / 4 else {
            droppedScores += 1
            hub.countDroppedScores(1)
            return
        }
        if droppedScores > 0 {
            send(Notice.scoresDropped(droppedScores))
            droppedScores = 0
        }
        enqueue(buffer, nil)
    }

    /// Lines were published that the hub does not have: they are read from the journal.
    func fallBehind() {
        if phase == .live { phase = .catchingUp }
        catchUp()
    }

    /// Reads the next lines from the journal, once everything read before is on its way.
    private func catchUp() {
        guard phase == .catchingUp, !isReading, queue.isEmpty, context?.channel.isWritable == true else { return }
        guard position < hub.last else {
            // Inline pictures are read from disk, which the loop must not do: those clients stay with the journal.
            if subscription.snapshots == .path { phase = .live }
            return
        }
        isReading = true
        let me = NIOLoopBound(self, eventLoop: hub.loop)
        let asked = subscription
        hub.replay(after: position, asked).whenComplete { result in me.value.take(result, askedFor: asked) }
    }

    private func take(_ result: Result<EventHub.Replay, any Error>, askedFor: Subscription) {
        isReading = false
        guard phase == .catchingUp, case .success(let replay) = result else { return }
        // The client's first line came while the journal was being read for another subscription: read again.
        guard askedFor == subscription else { return catchUp() }
        if let gap = replay.gap { send(Notice.resumeGap(after: gap.after, next: gap.next)) }
        for line in replay.lines { queueOnly(ByteBuffer(bytes: line.bytes), line.sequence) }
        position = replay.position
        flush()
        catchUp()
    }

    // MARK: Sending

    private func send(_ bytes: [UInt8]) { enqueue(ByteBuffer(bytes: bytes), nil) }

    private func enqueue(_ buffer: ByteBuffer, _ sequence: UInt64?) {
        queueOnly(buffer, sequence)
        flush()
    }

    private func queueOnly(_ buffer: ByteBuffer, _ sequence: UInt64?) {
        if queue.isEmpty { lastProgress = .now() }
        queue.append((buffer, sequence))
        queuedByteCount += buffer.readableBytes
    }

    /// Hands lines to the channel while it takes them.
    private func flush() {
        guard let context, !isFlushing else { return }
        // Emptying the channel makes it writable, which would call this again from within.
        isFlushing = true
        defer { isFlushing = false }
        var didWrite = false
        while context.channel.isWritable, let next = queue.popFirst() {
            queuedByteCount -= next.buffer.readableBytes
            context.write(wrapOutboundOut(next.buffer), promise: nil)
            didWrite = true
            // The channel's own count grows with each write; it is emptied here, so that one pass sends all it can.
            if !context.channel.isWritable { context.flush() }
        }
        if didWrite {
            lastProgress = .now()
            context.flush()
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard context.channel.isWritable, phase != .leaving else { return }
        lastProgress = .now()
        flush()
        catchUp()
    }

    /// Cuts the client off where lines have waited for it for too long.
    func checkStall() {
        guard phase != .leaving, let context, !context.channel.isWritable || !queue.isEmpty else { return }
        let limit = TimeAmount.nanoseconds(hub.settings.stallTimeout.nanosecondCount)
        if NIODeadline.now() - lastProgress > limit { cutOff() }
    }

    // MARK: Leaving

    /// The client does not read: it gets a last line that says from where to resume.
    ///
    /// Its kernel buffer is full, which is why it is cut off; so the buffer is made larger first. What the channel holds
    /// (the rest of a line among it) and the last line then fit, and wait in the kernel for the client even after the
    /// connection is closed.
    private func cutOff() {
        let resumeAfter = queue.first { $0.sequence != nil }?.sequence.map { $0 - 1 } ?? position
        hub.log.notice("a client does not read and was cut off after \(SequenceText.padded(resumeAfter))")
        hub.countCutOff()
        queue.removeAll()
        queuedByteCount = 0
        leave(Notice.tooSlow(resumeAfter: resumeAfter))
    }

    /// The daemon stops: what is queued, then the last line. The future is done when the connection is closed.
    func finish(reason: String) -> EventLoopFuture<Void> {
        guard let context else { return hub.loop.makeSucceededVoidFuture() }
        let closed = context.channel.closeFuture
        if phase != .leaving {
            for line in queue { context.write(wrapOutboundOut(line.buffer), promise: nil) }
            queue.removeAll()
            leave(Notice.shutdown(reason: reason, resumeAfter: position))
        }
        return closed
    }

    /// Closes now, whatever waits.
    func abort() { context?.close(promise: nil) }

    /// Sends a last line and closes; the client has `lingering` to take it.
    private func leave(_ lastLine: [UInt8]) {
        guard let context, phase != .leaving else { return }
        phase = .leaving
        graceTimer?.cancel()
        hub.recount()
        if !context.channel.isWritable || context.channel.pendingByteCount > 0 {
            try? context.channel.syncOptions?.setOption(
                .socketOption(.so_sndbuf), value: Self.lastBufferByteCount)
        }
        let me = NIOLoopBound(self, eventLoop: hub.loop)
        for line in queue { context.write(wrapOutboundOut(line.buffer), promise: nil) }
        queue.removeAll()
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: lastLine))).whenComplete { _ in me.value.abort() }
        hub.loop.scheduleTask(in: .nanoseconds(hub.settings.lingering.nanosecondCount)) { me.value.abort() }
    }
}

extension Channel {
    /// Bytes that the channel holds and the kernel has not taken.
    fileprivate var pendingByteCount: Int { (try? syncOptions?.getOption(.bufferedWritableBytes)) ?? 0 }
}
