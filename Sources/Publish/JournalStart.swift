import Logging
import Video

// What a journal finds of the run before.
extension Journal {
    /// Makes the file whole, finds the last number, and ends what the last run left open.
    func start(_ state: inout State) throws(PublishError) {
        try Self.repair(state.file, names, operations, log)
        let live = try JournalFile(descriptor: state.file, path: names.path, operations: operations.reading)
        state.noteFirst(try live?.firstLine())
        // The file's own last line may be missing (set aside just before a crash): the others know better.
        let files = JournalFiles(names, operations: operations.reading)
        let found = Result { () throws(PublishError) in try files.lastSequence() }
        let openFrom = state.numbers?.remembered().openFrom
        if state.numbers != nil {
            state.last = try state.numbers?.start(found) ?? 0
        } else {
            state.last = try found.get() ?? 0
        }
        state.isStarted = true
        findInterrupted(files, openFrom, &state)
        // A full disk is no reason not to start: they are told as soon as there is room, and before anything else.
        do { try tellInterrupted(&state) } catch { log.error("\(error)") }
    }

    private func findInterrupted(_ files: JournalFiles, _ openFrom: UInt64?, _ state: inout State) {
        do throws(PublishError) {
            var random = SystemRandomNumberGenerator()
            var identities = ULIDGenerator()
            let time = operations.now()
            let open = try OpenEvents.find(in: files, from: openFrom)
            state.interrupted = open.compactMap { event in
                event.end(time: time, id: identities.next(time: time, using: &random))
            }
            // Until their ends are written, a crash of this run must find them again.
            if let first = open.first?.first { state.open.noteUnknown(from: first) }
        } catch {
            state.open.noteUnknown(from: openFrom ?? 0)
            log.warning(
                "\(error): anomalies that the last run left open cannot be ended now; the next start tries again")
        }
    }

    /// Writes the ends that the last run owes.
    func tellInterrupted(_ state: inout State) throws(PublishError) {
        guard !state.interrupted.isEmpty else { return }
        let count = state.interrupted.count
        while let event = state.interrupted.first {
            _ = try append(event, &state)
            state.interrupted.removeFirst()
        }
        state.open.noteKnown()
        state.numbers?.note(state.last, openFrom: state.open.from(state.last))
        log.notice("\(count) anomalies that the last run left open are ended (\"interrupted\")")
    }
}
