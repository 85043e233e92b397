import NIOCore

// The client's way from its place in the journal to the live stream.
extension Subscriber {
    /// Goes on after the line `after`, which is the last that the client says it has.
    func resume(_ after: UInt64) {
        guard after > hub.last else {
            position = after
            return
        }
        // Not published yet, as far as the hub knows; but a line is in the journal before the hub hears of it, and a
        // client may have read it there. Nothing is sent until the journal has answered.
        let number = beginReading()
        let me = NIOLoopBound(self, eventLoop: hub.loop)
        hub.lastInJournal().whenComplete { result in
            guard me.value.endReading(number) else { return }
            me.value.resume(after, journal: (try? result.get()) ?? 0)
        }
    }

    private func resume(_ after: UInt64, journal last: UInt64) {
        position = after
        if after > max(last, hub.last) {
            position = hub.last
            send(Notice.resumeAhead(after: after, last: hub.last))
        }
        catchUp()
    }

    /// Lines were published that the hub does not have: they are read from the journal.
    func fallBehind() {
        if phase == .live { phase = .catchingUp }
        catchUp()
    }

    /// Reads the next lines from the journal, once everything read before is on its way.
    func catchUp() {
        guard phase == .catchingUp, reading == nil, queue.isEmpty, context?.channel.isWritable == true else { return }
        guard position < hub.last else {
            // Inline pictures are read from disk, which the loop must not do: those clients stay with the journal.
            if subscription.snapshots == .path { phase = .live }
            return
        }
        let number = beginReading()
        let me = NIOLoopBound(self, eventLoop: hub.loop)
        hub.replay(after: position, subscription).whenComplete { result in
            guard me.value.endReading(number), case .success(let replay) = result else { return }
            me.value.take(replay)
        }
    }

    private func take(_ replay: EventHub.Replay) {
        if let gap = replay.gap { send(Notice.resumeGap(after: gap.after, next: gap.next)) }
        for line in replay.lines { queue.append(ByteBuffer(bytes: line.bytes), line.sequence) }
        position = replay.position
        flush()
        catchUp()
    }

    /// A new reading of the journal; the answer to one before it, which was asked from another place or for another
    /// subscription, counts no longer.
    private func beginReading() -> UInt64 {
        readingCount += 1
        reading = readingCount
        return readingCount
    }

    /// False where the answer counts no longer.
    private func endReading(_ number: UInt64) -> Bool {
        guard reading == number else { return false }
        reading = nil
        return phase == .catchingUp
    }
}
