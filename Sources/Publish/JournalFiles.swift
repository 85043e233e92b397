/// The journal's files, held open: what has been found once stays readable when it is renamed or deleted.
///
/// The writer may set files aside at any moment, and yet no file is missed between others. The file that is written is
/// opened before the directory is listed. What was set aside before the listing is in it, under a name that the writer
/// changes no more; what is set aside after it is the file that is open already, or newer than all that is listed. So the
/// files join, from the oldest to the newest that is listed or open, and only deletion makes a hole. (Opening names from
/// a listing alone misses the file that had the live name then and has another now.)
///
/// logrotate changes the other names too, once in a long while: `lookAgain` finds what has moved.
///
/// A file that is there and cannot be read (no descriptor left, a fault of the disk) is not taken for a deleted one: it
/// is remembered, and whoever misses lines asks whether they may lie in it.
struct JournalFiles {
    /// A file that holds event lines.
    struct Segment {
        let file: JournalFile
        /// The number of its first line.
        let first: UInt64
    }

    /// A file that may hold lines, or the directory itself, and why that cannot be told.
    private struct Unreadable {
        /// The number of its first line, by its name; nil where the name does not say.
        let first: UInt64?
        let error: PublishError
    }

    /// In the order of their first lines, each file once.
    private(set) var segments: [Segment] = []
    private let names: JournalNames
    private let operations: ReadOperations
    private let list: (String) throws(PublishError) -> [String]
    private var seen: Set<[UInt64]> = []
    /// Open, and without an event line when they were last looked at.
    private var empty: [JournalFile] = []
    private var unreadable: [Unreadable] = []
    /// The file that was written when it was last looked for.
    private var live: [UInt64]?

    /// Opens the files that there are.
    ///
    /// - Parameter list: the names in a directory, instead of `operations.names`; replaced in tests that move files at the
    ///   worst moment.
    init(
        _ names: JournalNames, operations: ReadOperations = ReadOperations(),
        list: ((String) throws(PublishError) -> [String])? = nil
    ) {
        self.names = names
        self.operations = operations
        self.list = list ?? operations.names
        look()
    }

    /// Whether the file that is written is open and holds lines: the newest line there is lies in it then.
    var hasNewest: Bool { segments.contains { $0.file.identity == live } }

    /// The number of the last line; nil where there is none.
    ///
    /// - Throws: where a file that may hold it cannot be read.
    func lastSequence() throws(PublishError) -> UInt64? {
        // Numbers grow: where the file that is written has lines, no older one is needed.
        let isEnough = hasNewest
        if !isEnough, let problem = unreadable.first { throw problem.error }
        var last: UInt64?
        for segment in segments {
            do {
                if let found = try segment.file.lastSequence() { last = max(last ?? 0, found) }
            } catch {
                if !isEnough || segment.file.identity == live { throw error }
            }
        }
        return last
    }

    /// Why lines before `next` cannot be found; nil where every file that may hold them was read.
    func obstacle(before next: UInt64) -> PublishError? {
        unreadable.first { $0.first.map { $0 < next } ?? true }?.error
    }

    /// Looks for more files; true where one holds lines up to `sequence`.
    ///
    /// A file that is held is never found again, so that whoever asks until it is false comes to an end.
    mutating func lookAgain(upTo sequence: UInt64) -> Bool {
        let known = segments.count { $0.first <= sequence }
        look()
        return segments.count { $0.first <= sequence } > known
    }

    private mutating func look() {
        (unreadable, live) = ([], nil)
        live = hold(names.name)
        // Not the live name again: by now it may be another file's, with files in between that are not listed.
        do {
            for name in try list(names.directory) where name != names.name && names.isSegment(name) { hold(name) }
        } catch {
            remember(error, first: nil)
        }
        // A file may have grown, up to its end, before the next one was listed.
        for segment in segments {
            do { try segment.file.measure() } catch { remember(error, first: segment.first) }
        }
        var stillEmpty: [JournalFile] = []
        for file in empty {
            do {
                try file.measure()
                if let line = try file.firstLine() {
                    segments.append(Segment(file: file, first: line.sequence))
                } else {
                    stillEmpty.append(file)
                }
            } catch {
                stillEmpty.append(file)
                remember(error, first: nil)
            }
        }
        empty = stillEmpty
        segments.sort { $0.first < $1.first }
    }

    /// Opens a file that is not open yet; its identity, nil where it is not there or cannot be opened.
    @discardableResult
    private mutating func hold(_ name: String) -> [UInt64]? {
        do {
            guard let file = try JournalFile(path: "\(names.directory)/\(name)", operations: operations)
            else { return nil }
            if seen.insert(file.identity).inserted { empty.append(file) }
            return file.identity
        } catch {
            remember(error, first: names.firstSequence(of: name))
            return nil
        }
    }

    private mutating func remember(_ error: PublishError, first: UInt64?) {
        unreadable.append(Unreadable(first: first, error: error))
    }
}
