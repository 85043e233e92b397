/// Collects what is wrong while one file is read.
final class ConfigurationReading {
    /// The file's path, as messages show it.
    let file: String
    /// The folder from which the file's relative paths start.
    var folder: String
    /// What was found wrong so far.
    private(set) var problems: [ConfigurationError.Problem] = []

    init(file: String) {
        self.file = file
        folder = Self.folder(of: file)
    }

    /// Where a value stands: the file and the dotted key.
    struct Place {
        let reading: ConfigurationReading
        let key: String

        /// The place of `name` in the mapping that stands here.
        func under(_ name: String) -> Place {
            let name = YAMLNode.printable(name)
            return Place(reading: reading, key: key.isEmpty ? name : key + "." + name)
        }

        /// Notes that something is wrong here.
        func report(_ line: Int, _ message: String) {
            reading.report(line: line, key: key, message)
        }
    }

    /// The top of the file.
    var top: Place { Place(reading: self, key: "") }

    /// Whether nothing more is kept.
    var isFull: Bool { problems.count >= 200 }

    /// Notes that something is wrong; after 200 problems no more are kept, as nobody reads them.
    func report(line: Int, key: String, _ message: String) {
        guard !isFull else { return }
        problems.append(.init(file: file, line: line, key: key, message: message))
    }

    /// The problems in the order of their lines.
    var sortedProblems: [ConfigurationError.Problem] {
        problems.enumerated().sorted { ($0.element.line, $0.offset) < ($1.element.line, $1.offset) }.map(\.element)
    }

    /// `path` as seen from the file's folder; absolute ones as they are.
    func resolve(_ path: String) -> String {
        if path.hasPrefix("/") || folder.isEmpty { return path }
        return folder + "/" + path
    }

    /// Everything before the last slash; empty where there is none.
    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "" }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
