import Glibc

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
public struct JournalReader: Sendable, Hashable {
    private let names: JournalNames

    /// A reader of the journal at `path`; nothing is opened yet.
    public init(path: String) { names = JournalNames(path) }

    /// The number of the journal's last line; nil where it has none.
    public func lastSequence() -> UInt64? { segments().compactMap { $0.file.lastSequence() }.max() }

    /// Lines after `sequence` up to `through`, at most `limit` of them and about `byteLimit` bytes.
    ///
    /// Cheap whatever the journal's size: the files' first lines and a binary search lead to the place. Where lines are
    /// no longer kept, the batch begins with the oldest that is, and says so in `gap`.
    public func read(
        after sequence: UInt64, through: UInt64 = .max, limit: Int = 256, byteLimit: Int = 1 << 20
    ) -> JournalBatch {
        var batch = JournalBatch()
        // A file may be set aside between the listing and the opening, which looks like a hole: look again, then believe.
        for _ in 0..<3 {
            batch = readOnce(after: sequence, through: through, limit: limit, byteLimit: byteLimit)
            if batch.gap == nil { break }
        }
        return batch
    }

    private func readOnce(after sequence: UInt64, through: UInt64, limit: Int, byteLimit: Int) -> JournalBatch {
        precondition(sequence < .max, "nothing comes after the last number")
        let segments = segments()
        let start = segments.lastIndex { $0.first <= sequence + 1 } ?? 0
        var batch = JournalBatch()
        var last = sequence
        var size = 0
        for segment in segments.dropFirst(start) {
            let offset = segment.file.offset(after: last)
            segment.file.forEachLine(from: offset) { bytes, _ in
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
                last = line.sequence
                batch.lines.append(line)
                return true
            }
            if !batch.isComplete { break }
        }
        return batch
    }

    private struct Segment {
        let file: JournalFile
        let first: UInt64
    }

    /// The files that hold event lines, in the order of their first lines, each once.
    private func segments() -> [Segment] {
        var seen: Set<[UInt64]> = []
        var found: [Segment] = []
        for name in directoryEntries(names.directory) where names.isSegment(name) {
            guard let file = JournalFile(path: "\(names.directory)/\(name)"), seen.insert(file.identity).inserted,
                let first = file.firstLine()
            else { continue }
            found.append(Segment(file: file, first: first.sequence))
        }
        return found.sorted { $0.first < $1.first }
    }
}
