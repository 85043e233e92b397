import Capture
import Publish
import Video

extension Format<Bool> {
    /// `true` or `false`; YAML's older words (yes, on) are refused, since people take them for texts.
    static var flag: Self {
        .scalar("true or false", show: { $0 ? "true" : "false" }) { (text) throws(ValueFault) in
            ["true": true, "false": false][text]
        }
    }
}

extension Format<Int> {
    /// A whole number.
    static var integer: Self {
        .scalar("a whole number", show: { "\($0)" }) { (text) throws(ValueFault) in Quantity.integer(text) }
    }

    /// A number of bytes.
    static var byteCount: Self {
        .scalar("a size such as 512KiB, 64MiB or 2GiB", show: { Quantity.show(byteCount: $0) }) {
            (text) throws(ValueFault) in Quantity.byteCount(text)
        }
    }
}

extension Format<Double> {
    /// A number.
    static var number: Self {
        .scalar("a number", show: { Self.shown($0) }) { (text) throws(ValueFault) in Quantity.number(text) }
    }

    /// Frames a second.
    static var rate: Self {
        .scalar("a number of frames a second, such as 5, 12.5 or 30/m", show: { Self.shown($0) }) {
            (text) throws(ValueFault) in Quantity.rate(text)
        }
    }

    private static func shown(_ value: Double) -> String {
        if let whole = Int(exactly: value) { return "\(whole)" }
        return "\(value)"
    }
}

extension Format<Duration> {
    /// A length of time.
    static var duration: Self {
        .scalar("a duration such as 500ms, 10s, 5m, 24h or 7d", show: { Quantity.show($0) }) {
            (text) throws(ValueFault) in Quantity.duration(text)
        }
    }
}

extension Format<FrameSize> {
    /// Width and height in pixels.
    static var frameSize: Self {
        .scalar("a size in pixels such as 640x480", show: { $0.description }) { (text) throws(ValueFault) in
            Quantity.frameSize(text)
        }
    }
}

extension Format<UInt32> {
    /// A file's permissions.
    static var mode: Self {
        .scalar(
            "an octal file mode such as 0660",
            show: { "0" + String($0, radix: 8) },
            parse: { (text) throws(ValueFault) in Quantity.mode(text) })
    }
}

extension Format<String> {
    /// A path, relative ones resolved against the configuration file's folder.
    static var path: Self {
        let text = Format.text("a path", maximum: 4095)
        return Format(
            wanted: text.wanted,
            read: { node, place in
                guard let path = text.read(node, place) else { return nil }
                let isRooted = ["/", "./", "../"].contains { path.hasPrefix($0) }
                if isRooted ? !path.contains("://") : !Redaction.mayHoldSecret(path) {
                    return place.reading.resolve(path)
                }
                place.report(
                    node.line, "an address stands here, where a path belongs; a camera's address is its source")
                return nil
            },
            show: text.show)
    }

    /// A Unix socket's path: relative ones are resolved first, for the address holds the whole.
    static var socketPath: Self {
        Format(
            wanted: path.wanted,
            read: { node, place in
                guard let socket = path.read(node, place) else { return nil }
                let (count, most) = (socket.utf8.count, ServerSettings.maximumPathByteCount)
                if count <= most { return socket }
                place.report(
                    node.line,
                    "the path has \(count) bytes, and a Unix socket's has at most \(most): name a shorter one")
                return nil
            },
            show: path.show)
    }

    /// A text that is not empty and has no control characters.
    static func text(_ wanted: String, maximum: Int = 1024) -> Self {
        .scalar(wanted, show: { String.quotedForYAML($0) }) { (text) throws(ValueFault) in
            guard !text.isEmpty else { return nil }
            guard text.utf8.count <= maximum else {
                throw ValueFault(message: "the text has \(text.utf8.count) bytes; at most \(maximum) are taken")
            }
            guard text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
                throw ValueFault(message: "the text holds a control character")
            }
            return text
        }
    }

    /// A word of letters, digits and `-`, `_`, `.`.
    static func word(_ wanted: String) -> Self {
        .scalar(wanted, show: { String.quotedForYAML($0) }) { (text) throws(ValueFault) in
            let isWord = (1...253).contains(text.utf8.count) && text.utf8.allSatisfy(\.isWordByte)
            return isWord ? text : nil
        }
    }

    /// One of the words `choices`.
    static func choice(_ choices: [String]) -> Self {
        let list = choices.dropLast().joined(separator: ", ") + " or " + (choices.last ?? "")
        return .scalar("one of \(list)", show: { String.quotedForYAML($0) }) { (text) throws(ValueFault) in
            if choices.contains(text) { return text }
            let hint = Spelling.nearest(to: text, among: choices).map { "; did you mean \($0)?" } ?? ""
            throw ValueFault(message: "\"\(YAMLNode.printable(text))\" is not one of \(list)\(hint)")
        }
    }
}

extension String {
    /// `text` for a YAML file, with double quotes around what YAML would read otherwise.
    static func quotedForYAML(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { $0.isWordByte || $0 == UInt8(ascii: "/") }
        if isPlain, !["", "null"].contains(text), !text.hasPrefix("-") { return text }
        return "\"" + text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined() + "\""
    }
}

extension UInt8 {
    /// A letter, a digit, `-`, `_` or `.`.
    var isWordByte: Bool {
        (48...57).contains(self) || (65...90).contains(self) || (97...122).contains(self) || "-_.".utf8.contains(self)
    }
}

extension Format<[Polygon]> {
    /// Polygons of relative corners; one alone may stand without its outer brackets.
    static var polygons: Self {
        let wanted = "a list of polygons, each of three corners or more, as [[[0, 0.5], [1, 0.5], [1, 1]]]"
        return Format(
            wanted: wanted,
            read: { node, place in
                if node.isNull { return [] }
                guard case .sequence(let items) = node.content else {
                    place.report(node.line, "\(node.shown) is not \(wanted)")
                    return nil
                }
                let isOne = items.first.map { Polygon.Point(node: $0) != nil } ?? false
                let lists = isOne ? [node] : items
                guard lists.count <= 64 else {
                    place.report(node.line, "there are \(lists.count) polygons; at most 64 are taken")
                    return nil
                }
                let polygons = lists.map { Polygon(node: $0, wanted: wanted, place) }
                return polygons.contains(nil) ? nil : polygons.compactMap { $0 }
            },
            show: { polygons in
                let lists = polygons.map { "[" + $0.points.map { "[\($0.x), \($0.y)]" }.joined(separator: ", ") + "]" }
                return "[" + lists.joined(separator: ", ") + "]"
            })
    }
}

extension Polygon {
    fileprivate init?(node: YAMLNode, wanted: String, _ place: ConfigurationReading.Place) {
        guard case .sequence(let items) = node.content else {
            place.report(node.line, "\(node.shown) is not a polygon; write \(wanted)")
            return nil
        }
        guard (3...256).contains(items.count) else {
            place.report(node.line, "a polygon has 3 to 256 corners, this one has \(items.count)")
            return nil
        }
        var points: [Point] = []
        for item in items {
            guard let point = Point(node: item) else {
                place.report(item.line, "\(item.shown) is not a corner; write [x, y], both 0 to 1")
                return nil
            }
            guard (0...1).contains(point.x), (0...1).contains(point.y) else {
                place.report(
                    item.line, "the corner [\(point.x), \(point.y)] lies outside the frame; x and y go from 0 to 1")
                return nil
            }
            points.append(point)
        }
        self.init(points)
    }
}

extension Polygon.Point {
    fileprivate init?(node: YAMLNode) {
        guard case .sequence(let items) = node.content, items.count == 2 else { return nil }
        guard case .scalar(let x, false) = items[0].content, case .scalar(let y, false) = items[1].content else {
            return nil
        }
        guard let x = Quantity.number(x), let y = Quantity.number(y) else { return nil }
        self.init(x: x, y: y)
    }
}
