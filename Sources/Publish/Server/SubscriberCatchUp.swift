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
            switch result {
            case .success(let last): me.value.resume(after, journal: last)
            case .failure(let error): me.value.fail(error, resumeAfter: after)
            }
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
            guard me.value.endReading(number) else { return }
            switch result {
            case .success(let replay): me.value.take(replay)
            case .failure(let error): me.value.fail(error, resumeAfter: me.value.position)
            }
        }
    }

    /// Lines that are in the journal cannot be read now. The client is not told that they are deleted: it keeps its place,
    /// and comes again.
    private func fail(_ error: any Error, resumeAfter sequence: UInt64) {
        guard let error = error as? PublishError else { return }  // the server stops, and tells so itself
        hub.noteUnreadable(error)
        leave(Notice.unreadable(error, resumeAfter: sequence))
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
