import NIOCore

/// Lines on their way to one client that its channel has not taken yet, and since when it takes none.
///
/// Little is handed to the channel at a time: what waits here can still be thrown away when the client is cut off.
final class OutputQueue {
    /// `sequence` is nil for what is no event's line.
    private var lines: CircularBuffer<(buffer: ByteBuffer, sequence: UInt64?)> = []
    /// Bytes in the lines that wait.
    private(set) var byteCount = 0
    private var lastProgress = NIODeadline.now()
    private var isFlushing = false

    var isEmpty: Bool { lines.isEmpty }

    /// The number of the first event that waits; nil where none does.
    var firstSequence: UInt64? { lines.first { $0.sequence != nil }?.sequence }

    func append(_ buffer: ByteBuffer, _ sequence: UInt64?) {
        if lines.isEmpty { noteProgress() }
        lines.append((buffer, sequence))
        byteCount += buffer.readableBytes
    }

    func removeAll() {
        lines.removeAll()
        byteCount = 0
    }

    /// Hands lines to the channel while it takes them.
    func flush(to context: ChannelHandlerContext) {
        // Emptying the channel makes it writable, which would call this again from within.
        guard !isFlushing else { return }
        isFlushing = true
        defer { isFlushing = false }
        var didWrite = false
        while context.channel.isWritable, let next = lines.popFirst() {
            byteCount -= next.buffer.readableBytes
            context.write(NIOAny(next.buffer), promise: nil)
            didWrite = true
            // The channel's own count grows with each write; it is emptied here, so that one pass sends all it can.
            if !context.channel.isWritable { context.flush() }
        }
        if didWrite {
            noteProgress()
            context.flush()
        }
    }

    /// Hands all lines to the channel, whether it takes them or not: the connection ends.
    func writeAll(to context: ChannelHandlerContext) {
        for line in lines { context.write(NIOAny(line.buffer), promise: nil) }
        removeAll()
    }

    /// The client took something.
    func noteProgress() { lastProgress = .now() }

    /// Whether lines have waited for longer than `limit` without the client taking anything.
    func isStalled(_ limit: Duration, in context: ChannelHandlerContext) -> Bool {
        guard !context.channel.isWritable || !isEmpty else { return false }
        return NIODeadline.now() - lastProgress > .nanoseconds(limit.nanosecondCount)
    }
}
