import Glibc
public import Logging
import Synchronization
import Video

/// The append-only record of events, one JSON line each, numbered without gaps across restarts.
///
/// A line is in the file, whole, before its event is published. A crash may leave a torn last line, which the next
/// opening repairs; a full disk leaves nothing half-written, and the number is given to the next line that fits. For that
/// day a reserve is kept beside the file, so that lines go on for a while.
public final class Journal: Sendable {
    let settings: JournalSettings
    let names: JournalNames
    let operations: JournalOperations
    let log: Logger
    private let state: Mutex<State>

    struct State: ~Copyable {
        var file: Int32
        let lock: Int32
        /// Which numbers were given; nil without a state directory.
        var numbers: JournalNumbers?
        var last: UInt64 = 0
        /// Whether the last run's traces were read: before that they are not to be written over.
        var isStarted = false
        var first: UInt64?  // of the current file
        var firstTime: UTCTime?
        var needsRepair = false
        var reserve: JournalReserve
        var open = OpenEvents()
        /// Ends of anomalies that the last run left open; told before anything else.
        var interrupted: [Event] = []
    }

    /// Opens the journal, makes what is missing, repairs a torn last line, finds the last number, and ends the anomalies
    /// that the last run left open.
    ///
    /// - Throws: `busy` where another process writes it, `badSetting` where the path is not a regular file, else what
    ///   the file system said: also where lines cannot be read and nothing else tells the last number.
    public convenience init(
        settings: JournalSettings, log: Logger = Logger(label: "zanzo.journal")
    ) throws(PublishError) {
        try self.init(settings: settings, operations: JournalOperations(), log: log)
    }

    init(settings: JournalSettings, operations: JournalOperations, log: Logger) throws(PublishError) {
        precondition(settings.keep >= 0 && settings.maximumByteCount > 0, "a journal of no size")
        precondition(settings.reserveByteCount >= 64 << 10, "a reserve of no size")
        self.settings = settings
        self.operations = operations
        self.log = log
        names = JournalNames(settings.path)
        try makeDirectories(names.directory)
        let lock = try Self.takeLock(names)
        do {
            let numbers = try settings.stateDirectory.map { directory throws(PublishError) in
                try JournalNumbers(directory: directory, operations: operations, log: log)
            }
            let file = try Self.openFile(names)
            let reserve = JournalReserve(
                path: names.reserve, wholeByteCount: settings.reserveByteCount, operations: operations, log: log)
            state = Mutex(State(file: file, lock: lock, numbers: numbers, reserve: reserve))
        } catch {
            Glibc.close(lock)
            throw error
        }
        try withState { state throws(PublishError) in try start(&state) }
    }

    deinit {
        close()
        state.withLock { state in
            Glibc.close(state.file)
            Glibc.close(state.lock)
        }
    }

    /// Says that no more comes: what is written is on the disk, and the next start's numbers go on without a jump even
    /// after a power cut. A journal that was not closed is as good after a crash. Lines may be appended all the same.
    public func close() {
        state.withLock { state in
            guard state.isStarted, operations.sync(state.file) == 0 else { return }
            state.numbers?.note(state.last, openFrom: state.open.from(state.last))
            state.numbers?.close()
        }
    }

    /// Reads this journal's lines again, for clients that resume.
    public var reader: JournalReader { JournalReader(path: settings.path, operations: operations.reading) }

    /// The number of the last line written; 0 where there is none. After a power cut, the last number that may have been
    /// given before it: no line in the journal need have it.
    public var lastSequence: UInt64 { state.withLock { $0.last } }

    /// How much room there is; fills the reserve again where the disk is no longer full. Cheap enough for once a second.
    public func checkSpace() -> JournalSpace {
        state.withLock { state in
            state.reserve.refill()
            return state.reserve.space
        }
    }

    /// Gives the event its number and writes its line whole; returns once it is in the file (and on the disk, unless
    /// its type is among `unsynced`).
    ///
    /// - Throws: `noSpace` and others: nothing of the line is left in the file, no number is used up, and the same
    ///   event can be appended later.
    public func append(_ event: Event) throws(PublishError) -> PublishedLine {
        try withState { state throws(PublishError) in
            try tellInterrupted(&state)
            return try append(event, &state)
        }
    }

    /// Opens the path anew: logrotate (or someone) has moved the file, and sent SIGHUP.
    ///
    /// - Throws: where the path cannot be opened; lines then go on to the file that is open.
    public func reopen() throws(PublishError) {
        try withState { state throws(PublishError) in try reopen(&state) }
    }

    /// A typed error's way through the lock, whose closure's error type is not inferred as typed.
    private func withState<T: Sendable>(_ body: (inout State) throws(PublishError) -> T) throws(PublishError) -> T {
        try state.withLock { state -> Result<T, PublishError> in
            do throws(PublishError) { return .success(try body(&state)) } catch { return .failure(error) }
        }.get()
    }

    func append(_ event: Event, _ state: inout State) throws(PublishError) -> PublishedLine {
        let operation = "append to \(settings.path)"
        if state.needsRepair {
            try Self.repair(state.file, names, operations, log)
            state.needsRepair = false
        }
        var status = stat()
        guard fstat(state.file, &status) == 0 else { throw PublishError(errno: errno, operation: operation) }
        if status.st_nlink == 0 {
            log.warning("\(settings.path) was deleted: starting a new one")
            try reopen(&state)
            guard fstat(state.file, &status) == 0 else { throw PublishError(errno: errno, operation: operation) }
        }
        let line = event.line(sequence: state.last + 1, host: settings.host)
        if shouldRotate(state, size: Int(status.st_size), adding: line.count, now: event.time), rotate(&state) {
            guard fstat(state.file, &status) == 0 else { throw PublishError(errno: errno, operation: operation) }
        }
        var problem = write(line, event.type, at: status.st_size, &state)
        while problem == ENOSPC || problem == EDQUOT, !state.needsRepair, state.reserve.release() {
            problem = write(line, event.type, at: status.st_size, &state)
        }
        guard problem == 0 else { throw PublishError(errno: problem, operation: operation) }
        state.last += 1
        if state.first == nil { (state.first, state.firstTime) = (state.last, event.time) }
        state.open.note(event, state.last)
        state.numbers?.note(state.last, openFrom: state.open.from(state.last))
        return PublishedLine(sequence: state.last, type: event.type, camera: event.camera, bytes: line)
    }

    /// Writes a line at the file's end and syncs it; 0, or an errno with what was written of it taken back.
    private func write(_ line: [UInt8], _ type: EventType, at end: off_t, _ state: inout State) -> Int32 {
        var problem = operations.writeAll(line, to: state.file)
        // A number whose line may be lost must be covered: else subscribers might meet it twice.
        if problem == 0, !settings.unsynced.contains(type) || state.numbers?.covers(state.last + 1) == false {
            problem = operations.sync(state.file)
        }
        // Should even taking back fail, the next append repairs the file first.
        if problem != 0 { state.needsRepair = ftruncate(state.file, end) != 0 }
        return problem
    }

    private func shouldRotate(_ state: borrowing State, size: Int, adding count: Int, now: UTCTime) -> Bool {
        guard state.first != nil, size > 0 else { return false }
        if size + count > settings.maximumByteCount { return true }
        guard let firstTime = state.firstTime, let maximumAge = settings.maximumAge else { return false }
        return now.microseconds.saturatingSubtract(firstTime.microseconds) > maximumAge.microseconds
    }

    /// Sets the file aside under the number of its first line and starts a new one; false where that failed, and lines
    /// go on to the old file: a journal that grows too long is better than one that stops.
    private func rotate(_ state: inout State) -> Bool {
        guard let first = state.first else { return false }
        let aside = names.rotated(firstSequence: first)
        guard access(aside, F_OK) != 0, rename(settings.path, aside) == 0 else {
            log.error("cannot set \(settings.path) aside as \(aside): \(String(cString: strerror(errno)))")
            state.firstTime = nil  // not tried again for its age with every line
            return false
        }
        do {
            let file = try Self.openFile(names)
            Glibc.close(state.file)
            (state.file, state.first, state.firstTime) = (file, nil, nil)
        } catch {
            rename(aside, settings.path)
            log.error("cannot start a new journal: \(error)")
            return false
        }
        syncDirectory(names.directory)
        prune()
        return true
    }

    /// Deletes the oldest of the files that this journal set aside; others' files (logrotate's) are not touched.
    private func prune() {
        do throws(PublishError) {
            let aside = try operations.reading.names(names.directory).compactMap(names.firstSequence).sorted()
            for first in aside.dropLast(settings.keep) { unlink(names.rotated(firstSequence: first)) }
        } catch {
            log.warning("\(error): no old journal is deleted now; the next rotation tries again")
        }
    }

    private func reopen(_ state: inout State) throws(PublishError) {
        let file = try Self.openFile(names)
        do throws(PublishError) {
            try Self.repair(file, names, operations, log)
            let opened = try JournalFile(descriptor: file, path: names.path, operations: operations.reading)
            let (first, last) = (try opened?.firstLine(), try opened?.lastSequence())
            fsync(state.file)
            Glibc.close(state.file)
            (state.file, state.needsRepair) = (file, false)
            state.noteFirst(first)
            if let last { state.last = max(state.last, last) }
        } catch {
            Glibc.close(file)
            throw error
        }
    }
}

extension Journal.State {
    /// Takes in the first line of the file that is written now.
    mutating func noteFirst(_ line: PublishedLine?) {
        first = line?.sequence
        firstTime = line.flatMap { LineScanner.time($0.bytes[...]) }.flatMap { TimeText.parse(rfc3339: $0) }
    }
}
