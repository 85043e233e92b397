/// The journal's files, held open: what has been found once stays readable when it is renamed or deleted.
///
/// The writer may set files aside at any moment, and yet no file is missed between others. The file that is written is
/// opened before the directory is listed. What was set aside before the listing is in it, under a name that the writer
/// changes no more; what is set aside after it is the file that is open already, or newer than all that is listed. So the
/// files join, from the oldest to the newest that is listed or open, and only deletion makes a hole. (Opening names from
/// a listing alone misses the file that had the live name then and has another now.)
///
/// logrotate changes the other names too, once in a long while: `lookAgain` finds what has moved.
struct JournalFiles {
    /// A file that holds event lines.
    struct Segment {
        let file: JournalFile
        /// The number of its first line.
        let first: UInt64
    }

    /// In the order of their first lines, each file once.
    private(set) var segments: [Segment] = []
    private let names: JournalNames
    private let list: (String) -> [String]
    private var seen: Set<[UInt64]> = []
    /// Open, and without an event line when they were last looked at.
    private var empty: [JournalFile] = []

    /// Opens the files that there are.
    ///
    /// - Parameter list: the names in a directory; replaced in tests that move files at the worst moment.
    init(_ names: JournalNames, list: @escaping (String) -> [String] = directoryEntries) {
        self.names = names
        self.list = list
        look()
    }

    /// The number of the last line; nil where there is none.
    var lastSequence: UInt64? { segments.compactMap { $0.file.lastSequence() }.max() }

    /// Looks for more files; true where one holds lines up to `sequence`.
    ///
    /// A file that is held is never found again, so that whoever asks until it is false comes to an end.
    mutating func lookAgain(upTo sequence: UInt64) -> Bool {
        let known = segments.count { $0.first <= sequence }
        look()
        return segments.count { $0.first <= sequence } > known
    }

    private mutating func look() {
        hold(names.name)
        // Not the live name again: by now it may be another file's, with files in between that are not listed.
        for name in list(names.directory) where name != names.name && names.isSegment(name) { hold(name) }
        // A file may have grown, up to its end, before the next one was listed.
        for segment in segments { segment.file.measure() }
        for file in empty { file.measure() }
        var stillEmpty: [JournalFile] = []
        for file in empty {
            if let line = file.firstLine() {
                segments.append(Segment(file: file, first: line.sequence))
            } else {
                stillEmpty.append(file)
            }
        }
        empty = stillEmpty
        segments.sort { $0.first < $1.first }
    }

    private mutating func hold(_ name: String) {
        guard let file = JournalFile(path: "\(names.directory)/\(name)"), seen.insert(file.identity).inserted
        else { return }
        empty.append(file)
    }
}
