import Logging
import NIOCore

/// One client of the event socket. Lives on the event loop alone.
///
///     waiting ──(first line, or the grace is over)──▶ catching up ◀──(a line was missed)── live
///                                                        └──(has read up to the last published line)──▶ live
///
/// `position` is the number up to which every wanted line has been queued. Lines come from one of two places, never both:
/// while live, from the hub; while catching up, from the journal. Because a line is journaled before it is published and
/// `position` grows with every line, none is missed and none comes twice. Only the client's own first line may set
/// `position` back, and then no earlier reading of the journal counts any more: see SubscriberCatchUp.swift.
final class Subscriber: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Given to SO_SNDBUF; Linux doubles it.
    static let sendBufferByteCount: ChannelOptions.Types.SocketOption.Value = 24_576
    /// SO_SNDBUF for the last line. Linux calls a Unix socket writable while a quarter of the buffer is used or less,
    /// so that room for the last line takes more than four times as much as was allowed before. The kernel takes
    /// net.core.wmem_max (212,992) where that is less.
    private static let lastBufferByteCount: ChannelOptions.Types.SocketOption.Value = 425_984

    enum Phase { case waiting, catchingUp, live, leaving }

    let hub: EventHub
    /// Lines that are not handed to the channel yet.
    let queue = OutputQueue()
    var phase = Phase.waiting
    var position: UInt64 = 0
    /// The reading of the journal that is under way, among all that were begun.
    var reading: UInt64?
    var readingCount: UInt64 = 0
    private(set) var context: ChannelHandlerContext?
    private(set) var subscription = Subscription()
    private var input: FirstLineReader
    private var graceTimer: Scheduled<Void>?
    private var droppedScores: UInt64 = 0

    init(hub: EventHub) {
        self.hub = hub
        input = FirstLineReader(limit: hub.settings.maximumLineByteCount)
    }

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
        // The client will say no more (`echo … | nc -N -U`), and may still listen.
        guard let event = event as? ChannelEvent, event == .inputClosed, phase != .leaving else { return }
        if let line = input.finish() { takeFirstLine(line) } else { begin() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard phase != .leaving else { return }
        var bytes = unwrapInboundIn(data)
        input.append(&bytes)
        while phase != .leaving, let outcome = input.next() {
            switch outcome {
            case .line(let line): takeFirstLine(line)
            case .tooLong: leave(Notice.error("the first line is longer than \(input.limit) bytes"))
            case .more:
                leave(Notice.error("only one line is taken from a client: connect again for another subscription"))
            }
        }
    }

    private func takeFirstLine(_ line: [UInt8]) {
        do {
            switch try ClientRequest(parsing: line) {
            case .status:
                var answer = hub.settings.status()
                while answer.last == 0x0A { answer.removeLast() }
                leave(answer + [0x0A])
            case .subscribe(let subscription):
                self.subscription = subscription
                hub.recount()
                reading = nil  // what is being read was asked for another subscription
                if let after = subscription.after { resume(after) }
                if phase == .live { phase = .catchingUp }
                begin()
                catchUp()
            }
        } catch {
            leave(Notice.error(error.message))
        }
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
            guard queue.byteCount + buffer.readableBytes <= hub.settings.maximumQueuedByteCount else { return cutOff() }
            position = line.sequence
            enqueue(buffer, line.sequence)
        }
    }

    /// A frame was scored. The first to be dropped when the client does not keep up.
    func hearScore(camera: String, _ buffer: ByteBuffer) {
        guard phase == .live || phase == .catchingUp, subscription.wantsScore(camera) else { return }
        guard queue.byteCount + buffer.readableBytes <= hub.settings.maximumQueuedByteCount / 4 else {
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

    // MARK: Sending

    func send(_ bytes: [UInt8]) { enqueue(ByteBuffer(bytes: bytes), nil) }

    private func enqueue(_ buffer: ByteBuffer, _ sequence: UInt64?) {
        queue.append(buffer, sequence)
        flush()
    }

    func flush() {
        if let context { queue.flush(to: context) }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard context.channel.isWritable, phase != .leaving else { return }
        queue.noteProgress()
        flush()
        catchUp()
    }

    /// Cuts the client off where lines have waited for it for too long.
    func checkStall() {
        guard phase != .leaving, let context, queue.isStalled(hub.settings.stallTimeout, in: context) else { return }
        cutOff()
    }

    // MARK: Leaving

    /// The client does not read: it gets a last line that says from where to resume.
    ///
    /// Its kernel buffer is full, which is why it is cut off; so the buffer is made larger first. What the channel holds
    /// (the rest of a line among it) and the last line then fit, and wait in the kernel for the client even after the
    /// connection is closed.
    private func cutOff() {
        let resumeAfter = queue.firstSequence.map { $0 - 1 } ?? position
        hub.log.notice("a client does not read and was cut off after \(SequenceText.padded(resumeAfter))")
        hub.countCutOff()
        queue.removeAll()
        leave(Notice.tooSlow(resumeAfter: resumeAfter))
    }

    /// The daemon stops: what is queued, then the last line. The future is done when the connection is closed.
    func finish(reason: String) -> EventLoopFuture<Void> {
        guard let context else { return hub.loop.makeSucceededVoidFuture() }
        let closed = context.channel.closeFuture
        if phase != .leaving {
            queue.writeAll(to: context)
            leave(Notice.shutdown(reason: reason, resumeAfter: position))
        }
        return closed
    }

    /// Closes now, whatever waits.
    func abort() { context?.close(promise: nil) }

    /// Sends a last line and closes; the client has `lingering` to take it.
    func leave(_ lastLine: [UInt8]) {
        guard let context, phase != .leaving else { return }
        phase = .leaving
        graceTimer?.cancel()
        hub.recount()
        if !context.channel.isWritable || context.channel.pendingByteCount > 0 {
            try? context.channel.syncOptions?.setOption(
                .socketOption(.so_sndbuf), value: Self.lastBufferByteCount)
        }
        let me = NIOLoopBound(self, eventLoop: hub.loop)
        queue.writeAll(to: context)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: lastLine))).whenComplete { _ in me.value.abort() }
        hub.loop.scheduleTask(in: .nanoseconds(hub.settings.lingering.nanosecondCount)) { me.value.abort() }
    }
}

extension Channel {
    /// Bytes that the channel holds and the kernel has not taken.
    fileprivate var pendingByteCount: Int { (try? syncOptions?.getOption(.bufferedWritableBytes)) ?? 0 }
}
