import Capture

/// One value of a YAML document, and where it stands: every complaint about a configuration names a line.
struct YAMLNode: Hashable, Sendable {
    /// What stands there.
    enum Content: Hashable, Sendable {
        /// A word, a number, a quoted text: its meaning is the reader's business, not YAML's.
        case scalar(String, quoted: Bool)
        /// A list.
        case sequence([YAMLNode])
        /// Keys and values, in the file's order; a key that stands twice is here twice, and the reader's to refuse.
        case mapping([Entry])
    }

    /// A key of a mapping and its value.
    struct Entry: Hashable, Sendable {
        /// The key's text.
        var key: String
        /// The line on which the key stands, from 1.
        var line: Int
        /// The value.
        var value: YAMLNode
    }

    /// What stands there.
    var content: Content
    /// The line on which it begins, from 1.
    var line: Int
    /// The column in which it begins, in characters from 1.
    var column: Int

    /// Whether there is no value: nothing at all, or YAML's plain `null` and `~`.
    var isNull: Bool {
        guard case .scalar(let text, quoted: false) = content else { return false }
        return text.isEmpty || text == "~" || text == "null"
    }

    /// How a message calls it: the text itself, or what kind of thing it is. Long texts are cut.
    var shown: String {
        switch content {
        case .scalar where isNull: "nothing"
        case .scalar(let text, _): "\"\(Self.printable(text))\""
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }

    /// `text` as one line of at most 64 characters without any that are not seen: it may come from a hostile file. An address,
    /// which may stand in a wrong place, is shown without its secrets.
    static func printable(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        let text = Redaction.shown(text)
        for scalar in text.unicodeScalars.prefix(64) {
            let isUnseen = [.control, .format, .lineSeparator].contains(scalar.properties.generalCategory)
            result.append(isUnseen ? "?" : scalar)
        }
        return String(result) + (text.unicodeScalars.count > 64 ? "…" : "")
    }
}

/// Why a text is not a document that Zanzo reads.
struct YAMLFault: Error, Hashable, Sendable {
    /// The line, from 1.
    var line: Int
    /// What is wrong there.
    var message: String
}
