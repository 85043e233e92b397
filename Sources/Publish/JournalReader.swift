/// Lines of the journal from a place on.
public struct JournalBatch: Sendable, Hashable {
    /// A hole: lines that were asked for and are kept no longer.
    public struct Gap: Sendable, Hashable {
        /// The last number that the reader has.
        public var after: UInt64
        /// The next number that there is.
        public var next: UInt64
    }

    /// The lines, in order, without a hole among them.
    public var lines: [PublishedLine] = []
    /// The hole before the first of the lines; nil where they follow at once.
    public var gap: Gap?
    /// Whether these are all there are: the next ones have not been written yet.
    public var isComplete = true
}

/// Reads the journal's lines again: the file that is written, those set aside, and those that logrotate moved.
///
/// It shares nothing with the writer but the files, and may be used by any thread, also of another process.
public struct JournalReader: Sendable {
    private let names: JournalNames
    private let operations: ReadOperations

    /// A reader of the journal at `path`; nothing is opened yet.
    public init(path: String) { self.init(path: path, operations: ReadOperations()) }

    init(path: String, operations: ReadOperations) {
        names = JournalNames(path)
        self.operations = operations
    }

    /// The number of the journal's last line; nil where it has none.
    ///
    /// - Throws: where a file that may hold it cannot be read.
    public func lastSequence() throws(PublishError) -> UInt64? {
        try JournalFiles(names, operations: operations).lastSequence()
    }

    /// Lines after `sequence` up to `through`, at most `limit` of them and about `byteLimit` bytes.
    ///
    /// Cheap whatever the journal's size: the files' first lines and a binary search lead to the place. Where lines are
    /// no longer kept, the batch begins with the oldest that is, and says so in `gap`. Lines that were in the journal
    /// before the call and are in it still are never missed, however fast its files are set aside; a batch without any
    /// says that there are none.
    ///
    /// - Parameter through: lines up to here are known to have been written; `.max` where nothing is known.
    /// - Throws: where lines are missing that may lie in a file that is there and cannot be read now: they are not said to
    ///   be deleted, and the same reading may be tried again later.
    public func read(
        after sequence: UInt64, through: UInt64 = .max, limit: Int = 256, byteLimit: Int = 1 << 20
    ) throws(PublishError) -> JournalBatch {
        try read(
            after: sequence, through: through, limit: limit, byteLimit: byteLimit,
            from: JournalFiles(names, operations: operations))
    }

    /// Reads from files that are open; more are looked for where lines seem to be missing.
    func read(
        after sequence: UInt64, through: UInt64 = .max, limit: Int = 256, byteLimit: Int = 1 << 20,
        from files: JournalFiles
    ) throws(PublishError) -> JournalBatch {
        precondition(sequence < .max, "nothing comes after the last number")
        var files = files
        while true {
            let batch = try Self.lines(
                of: files.segments, after: sequence, through: through, limit: limit, byteLimit: byteLimit)
            let seemsToMiss = batch.gap != nil || batch.lines.isEmpty
            let end = batch.gap.map { $0.next - 1 } ?? through
            guard seemsToMiss, files.lookAgain(upTo: end) else {
                if let obstacle = Self.obstacle(batch, through, files) { throw obstacle }
                return batch
            }
        }
    }

    /// Why lines that the batch lacks cannot be read; nil where it lacks none, or every file was read.
    private static func obstacle(_ batch: JournalBatch, _ through: UInt64, _ files: JournalFiles) -> PublishError? {
        if let gap = batch.gap { return files.obstacle(before: gap.next) }
        guard batch.lines.isEmpty else { return nil }
        // Nothing new is no news, as long as the newest file says so.
        return through < .max || !files.hasNewest ? files.obstacle(before: through) : nil
    }

    private static func lines(
        of segments: [JournalFiles.Segment], after sequence: UInt64, through: UInt64, limit: Int, byteLimit: Int
    ) throws(PublishError) -> JournalBatch {
        let start = segments.lastIndex { $0.first <= sequence + 1 } ?? 0
        var batch = JournalBatch()
        var size = 0
        do {
            for segment in segments.dropFirst(start) where batch.isComplete {
                let last = batch.lines.last?.sequence ?? sequence
                try segment.file.forEachLine(from: try segment.file.offset(after: last)) { bytes, _ in
                    let last = batch.lines.last?.sequence ?? sequence
                    guard let line = LineScanner.scan(bytes), line.sequence > last else { return true }
                    guard line.sequence <= through else { return false }
                    if line.sequence != last + 1 {
                        guard batch.lines.isEmpty else {
                            batch.isComplete = false
                            return false
                        }
                        batch.gap = JournalBatch.Gap(after: last, next: line.sequence)
                    }
                    guard batch.lines.count < limit, size < byteLimit else {
                        batch.isComplete = false
                        return false
                    }
                    size += line.bytes.count
                    batch.lines.append(line)
                    return true
                }
            }
        } catch {
            // What was read is good; the next reading begins at the fault, and tells of it.
            guard !batch.lines.isEmpty else { throw error }
            batch.isComplete = false
        }
        return batch
    }
}
