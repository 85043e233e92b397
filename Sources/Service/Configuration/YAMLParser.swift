import CYAML

/// Reads one YAML document into a tree of nodes, by libyaml's event parser.
///
/// The file may be anyone's: its size, depth and number of nodes are bounded, and what a configuration never needs
/// (anchors and aliases, with which a few lines stand for gigabytes, tags, several documents, complex keys) is refused.
struct YAMLParser: ~Copyable {
    /// The largest file that is read, in bytes.
    static let maximumByteCount = 1 << 20
    /// How deep values may lie in each other.
    static let maximumDepth = 16
    /// How many values a file may hold.
    static let maximumNodeCount = 100_000

    // libyaml keeps pointers into this struct, so it needs an address that does not move.
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let text: UnsafeBufferPointer<UInt8>
    private var nodeCount = 0

    /// The document in `bytes`; nil where it holds none (nothing, or comments only).
    static func parse(_ bytes: [UInt8]) throws(YAMLFault) -> YAMLNode? {
        guard bytes.count <= maximumByteCount else {
            throw YAMLFault(line: 1, message: "the file has \(bytes.count) bytes; at most \(maximumByteCount) are read")
        }
        try checkText(bytes)
        return try bytes.withUnsafeBufferPointer { (text) throws(YAMLFault) in
            var parser = try YAMLParser(text)
            return try parser.document()
        }
    }

    private init(_ text: UnsafeBufferPointer<UInt8>) throws(YAMLFault) {
        self.text = text
        parser = .allocate(capacity: 1)
        parser.initialize(to: yaml_parser_t())
        guard yaml_parser_initialize(parser) == 1 else {
            throw YAMLFault(line: 1, message: "there is not enough memory to read the file")
        }
        // Set, so that bytes that look like a UTF-16 mark are not taken for one.
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, text.baseAddress, text.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deinitialize(count: 1)
        parser.deallocate()
    }

    /// Refuses bytes that are not UTF-8 and control characters, and says on which line they stand.
    private static func checkText(_ bytes: [UInt8]) throws(YAMLFault) {
        var line = 1
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        while true {
            switch decoder.decode(&iterator) {
            case .emptyInput: return
            case .error:
                throw YAMLFault(line: line, message: "the text is not UTF-8; save the file in that encoding")
            case .scalarValue("\n"): line += 1
            case .scalarValue(let scalar):
                let isControl = scalar.value < 0x20 && scalar != "\t" && scalar != "\r"
                if isControl || (0x7F...0x9F).contains(scalar.value) && scalar.value != 0x85 {
                    throw YAMLFault(
                        line: line,
                        message:
                            "a control character (U+\(String(scalar.value, radix: 16, uppercase: true))) stands here")
                }
            }
        }
    }

    private mutating func document() throws(YAMLFault) -> YAMLNode? {
        _ = try next()  // the stream's start
        guard try next().type == YAML_DOCUMENT_START_EVENT else { return nil }
        let root = try node(try next(), depth: 1)
        _ = try next()  // the document's end
        let after = try next()
        guard after.type == YAML_STREAM_END_EVENT else {
            throw YAMLFault(line: after.line, message: "a second document (---) begins here; one file holds one")
        }
        return root
    }

    private mutating func node(_ event: Event, depth: Int) throws(YAMLFault) -> YAMLNode {
        nodeCount += 1
        guard nodeCount <= Self.maximumNodeCount else {
            throw YAMLFault(line: event.line, message: "the file holds more than \(Self.maximumNodeCount) values")
        }
        guard depth <= Self.maximumDepth else {
            throw YAMLFault(
                line: event.line, message: "values lie more than \(Self.maximumDepth) deep in each other here")
        }
        var content = YAMLNode.Content.scalar(event.text, quoted: event.isQuoted)
        if event.type == YAML_SEQUENCE_START_EVENT {
            var items: [YAMLNode] = []
            while let item = try item(until: YAML_SEQUENCE_END_EVENT) {
                items.append(try node(item, depth: depth + 1))
            }
            content = .sequence(items)
        } else if event.type == YAML_MAPPING_START_EVENT {
            content = .mapping(try entries(depth: depth))
        }
        return YAMLNode(content: content, line: event.line, column: event.column)
    }

    private mutating func entries(depth: Int) throws(YAMLFault) -> [YAMLNode.Entry] {
        var entries: [YAMLNode.Entry] = []
        while let key = try item(until: YAML_MAPPING_END_EVENT) {
            guard key.type == YAML_SCALAR_EVENT else {
                throw YAMLFault(line: key.line, message: "a list or mapping stands where a key should be")
            }
            let value = try node(try next(), depth: depth + 1)
            entries.append(.init(key: key.text, line: key.line, value: value))
        }
        return entries
    }

    private mutating func item(until end: yaml_event_type_t) throws(YAMLFault) -> Event? {
        let event = try next()
        return event.type == end ? nil : event
    }

    /// What the tree needs of one of libyaml's events.
    private struct Event {
        var type: yaml_event_type_t
        var line: Int
        var column: Int
        var text = ""
        var isQuoted = false
    }

    private mutating func next() throws(YAMLFault) -> Event {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw fault() }
        defer { yaml_event_delete(&event) }
        let line = event.start_mark.line + 1
        var result = Event(type: event.type, line: line, column: event.start_mark.column + 1)
        var marks: (anchor: UnsafeMutablePointer<yaml_char_t>?, tag: UnsafeMutablePointer<yaml_char_t>?) = (nil, nil)
        switch event.type {
        case YAML_ALIAS_EVENT:
            throw YAMLFault(
                line: line, message: "aliases (*name) are not read; use camera_defaults for what cameras share")
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            result.text = String(
                decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            result.isQuoted = scalar.style != YAML_PLAIN_SCALAR_STYLE
            marks = (scalar.anchor, scalar.tag)
        case YAML_SEQUENCE_START_EVENT:
            marks = (event.data.sequence_start.anchor, event.data.sequence_start.tag)
        case YAML_MAPPING_START_EVENT:
            marks = (event.data.mapping_start.anchor, event.data.mapping_start.tag)
        default: break
        }
        if marks.anchor != nil {
            throw YAMLFault(
                line: line, message: "anchors (&name) are not read; use camera_defaults for what cameras share")
        }
        if marks.tag != nil { throw YAMLFault(line: line, message: "tags (!name) are not read; write the value alone") }
        return result
    }

    /// libyaml's complaint, with the commonest cause named: a tab where spaces should be.
    private func fault() -> YAMLFault {
        let line = Int(parser.pointee.problem_mark.line) + 1
        guard let problem = parser.pointee.problem else {
            return YAMLFault(line: line, message: "the file can't be read as YAML")
        }
        if lineBeginsWithTab(line) {
            return YAMLFault(line: line, message: "the line is indented with a tab; YAML takes spaces only")
        }
        var message = "not YAML: " + String(cString: problem)
        if let context = parser.pointee.context {
            message += " " + String(cString: context)
            let start = Int(parser.pointee.context_mark.line) + 1
            if start != line { message += " that begins on line \(start)" }
        }
        return YAMLFault(line: line, message: message)
    }

    private func lineBeginsWithTab(_ number: Int) -> Bool {
        let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard lines.indices.contains(number - 1) else { return false }
        let indentation = lines[number - 1].prefix { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        return indentation.contains(UInt8(ascii: "\t"))
    }
}
