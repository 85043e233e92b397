import FoundationEssentials
import Glibc
public import Logging
import Pictures
import Synchronization
import Video

/// The append-only record of events, one JSON line each, numbered without gaps across restarts.
///
/// A line is in the file, whole, before its event is published. A crash may leave a torn last line, which the next
/// opening repairs; a full disk leaves nothing half-written, and the number is given to the next line that fits.
public final class Journal: Sendable {
    private let settings: JournalSettings
    private let names: JournalNames
    private let operations: JournalOperations
    private let log: Logger
    private let state: Mutex<State>

    private struct State {
        var file: Int32
        let lock: Int32
        let sequenceFile: Int32?
        var last: UInt64
        var first: UInt64?  // of the current file
        var firstTime: UTCTime?
        var needsRepair = false
    }

    /// Opens the journal, makes what is missing, repairs a torn last line and finds the last number.
    ///
    /// - Throws: `busy` where another process writes it, `badSetting` where the path is not a regular file, else what
    ///   the file system said.
    public convenience init(
        settings: JournalSettings, log: Logger = Logger(label: "zanzo.journal")
    ) throws(PublishError) {
        try self.init(settings: settings, operations: JournalOperations(), log: log)
    }

    init(settings: JournalSettings, operations: JournalOperations, log: Logger) throws(PublishError) {
        precondition(settings.keep >= 0 && settings.maximumByteCount > 0, "a journal of no size")
        self.settings = settings
        self.operations = operations
        self.log = log
        names = JournalNames(settings.path)
        try makeDirectories(names.directory)
        let lock = try Self.takeLock(names)
        var sequenceFile: Int32?
        do {
            var remembered: UInt64 = 0
            if let directory = settings.stateDirectory {
                try makeDirectories(directory)
                let file = try SequenceFile.open(directory)
                sequenceFile = file
                remembered = SequenceFile.read(file) ?? 0
            }
            let file = try Self.openFile(names)
            Self.repair(file, names, log)
            var state = State(file: file, lock: lock, sequenceFile: sequenceFile, last: 0)
            Self.lookAtFirstLine(&state)
            // The file's own last line may be missing (set aside just before a crash): the others know better.
            state.last = max(remembered, JournalReader(path: settings.path).lastSequence() ?? 0)
            self.state = Mutex(state)
        } catch {
            close(lock)
            if let sequenceFile { close(sequenceFile) }
            throw error
        }
    }

    deinit {
        state.withLock { state in
            close(state.file)
            if let sequenceFile = state.sequenceFile { close(sequenceFile) }
            close(state.lock)
        }
    }

    /// Reads this journal's lines again, for clients that resume.
    public var reader: JournalReader { JournalReader(path: settings.path) }

    /// The number of the last line written; 0 where there is none.
    public var lastSequence: UInt64 { state.withLock { $0.last } }

    /// Gives the event its number and writes its line whole; returns once it is in the file (and on the disk, unless
    /// its type is among `unsynced`).
    ///
    /// - Throws: `noSpace` and others: nothing of the line is left in the file, no number is used up, and the same
    ///   event can be appended later.
    public func append(_ event: Event) throws(PublishError) -> PublishedLine {
        // The closure's error type is not inferred as typed; a Result carries it.
        try state.withLock { state -> Result<PublishedLine, PublishError> in
            Result { () throws(PublishError) in try append(event, &state) }
        }.get()
    }

    /// Opens the path anew: logrotate (or someone) has moved the file, and sent SIGHUP.
    ///
    /// - Throws: where the path cannot be opened; lines then go on to the file that is open.
    public func reopen() throws(PublishError) {
        try state.withLock { state -> Result<Void, PublishError> in
            Result { () throws(PublishError) in try reopen(&state) }
        }.get()
    }

    private func append(_ event: Event, _ state: inout State) throws(PublishError) -> PublishedLine {
        let operation = "append to \(settings.path)"
        if state.needsRepair {
            Self.repair(state.file, names, log)
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
        var problem = operations.writeAll(line, to: state.file)
        if problem == 0, !settings.unsynced.contains(event.type) { problem = operations.sync(state.file) }
        guard problem == 0 else {
            // Take back what was written of it. Should even that fail, the next append repairs the file first.
            state.needsRepair = ftruncate(state.file, status.st_size) != 0
            throw PublishError(errno: problem, operation: operation)
        }
        state.last += 1
        if state.first == nil { (state.first, state.firstTime) = (state.last, event.time) }
        if let file = state.sequenceFile { SequenceFile.write(state.last, to: file) }
        return PublishedLine(sequence: state.last, type: event.type, camera: event.camera, bytes: line)
    }

    private func shouldRotate(_ state: State, size: Int, adding count: Int, now: UTCTime) -> Bool {
        guard state.first != nil, size > 0 else { return false }
        if size + count > settings.maximumByteCount { return true }
        guard let firstTime = state.firstTime else { return false }
        return now.microseconds - firstTime.microseconds > settings.maximumAge.nanoseconds / 1000
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
            close(state.file)
            (state.file, state.first, state.firstTime) = (file, nil, nil)
        } catch {
            rename(aside, settings.path)
            log.error("cannot start a new journal: \(error)")
            return false
        }
        Self.syncDirectory(names)
        prune()
        return true
    }

    /// Deletes the oldest of the files that this journal set aside; others' files (logrotate's) are not touched.
    private func prune() {
        let aside = directoryEntries(names.directory).compactMap(names.firstSequence).sorted()
        for first in aside.dropLast(settings.keep) { unlink(names.rotated(firstSequence: first)) }
    }

    private func reopen(_ state: inout State) throws(PublishError) {
        let file = try Self.openFile(names)
        Self.repair(file, names, log)
        fsync(state.file)
        close(state.file)
        (state.file, state.first, state.firstTime, state.needsRepair) = (file, nil, nil, false)
        Self.lookAtFirstLine(&state)
        if let found = JournalFile(descriptor: file)?.lastSequence() { state.last = max(state.last, found) }
    }

    private static func lookAtFirstLine(_ state: inout State) {
        guard let line = JournalFile(descriptor: state.file)?.firstLine() else { return }
        state.first = line.sequence
        state.firstTime = LineScanner.time(line.bytes[...]).flatMap { TimeText.parse(rfc3339: $0) }
    }

    private static func takeLock(_ names: JournalNames) throws(PublishError) -> Int32 {
        let operation = "lock \(names.path)"
        let lock = open(names.lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o640)
        guard lock >= 0 else { throw PublishError(errno: errno, operation: operation) }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            let number = errno
            close(lock)
            guard number == EWOULDBLOCK else { throw PublishError(errno: number, operation: operation) }
            throw PublishError(
                code: .busy, operation: operation,
                message: "another zanzod writes this journal: stop it, or give this one another path")
        }
        return lock
    }

    private static func openFile(_ names: JournalNames) throws(PublishError) -> Int32 {
        let operation = "open \(names.path)"
        // Non-blocking, so that a FIFO laid there does not hang the start; a regular file does not mind.
        let file = open(names.path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o640)
        guard file >= 0 else { throw PublishError(errno: errno, operation: operation) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(file)
            throw PublishError(
                code: .badSetting, operation: operation, message: "the journal must be a regular file, and this is not")
        }
        syncDirectory(names)
        return file
    }

    private static func syncDirectory(_ names: JournalNames) {
        let directory = open(names.directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { return }
        fsync(directory)
        close(directory)
    }

    /// Makes the file end with a whole line. A last line that lacks only its newline gets it; what is torn is kept aside
    /// for a person to look at, and cut off.
    private static func repair(_ descriptor: Int32, _ names: JournalNames, _ log: Logger) {
        guard let file = JournalFile(descriptor: descriptor), file.byteCount > 0 else { return }
        let end = file.lastLineEnd(before: file.byteCount)
        guard end < file.byteCount else { return }
        let rest = file.read(at: end, count: min(file.byteCount - end, JournalFile.maximumLineByteCount))
        if LineScanner.sequence(rest[...]) != nil, (try? JSONDecoder().decode(EventLine.self, from: Data(rest))) != nil
        {
            if JournalOperations().writeAll([0x0A], to: descriptor) == 0 { return }
        }
        let isKept = (try? atomicWrite(rest, path: names.torn)) != nil
        let place = isKept ? "it is kept in \(names.torn)" : "it can't be kept in \(names.torn), and is cut off"
        log.warning("\(names.path): its last line is torn (\(rest.count) bytes); \(place)")
        ftruncate(descriptor, off_t(end))
        fsync(descriptor)
    }
}
