import Pictures

/// Writes JSON in a chosen order of keys, on one line.
///
/// Envelopes keep the order of docs/events.md, and so can be read by people and cut by `LineScanner`. A number that is
/// not finite has no JSON form: it is left out, so that it never breaks a line.
struct JSONText {
    private(set) var bytes: [UInt8] = []
    private var needsComma = false

    static func object(_ body: (inout JSONText) -> Void) -> [UInt8] {
        var text = JSONText()
        text.braces(body)
        return text.bytes
    }

    mutating func string(_ key: String, _ value: String?) {
        guard let value else { return }
        self.key(key)
        quote(value)
    }

    mutating func number(_ key: String, _ value: UInt64?) {
        guard let value else { return }
        self.key(key)
        bytes += String(value).utf8
    }

    /// A number rounded to `digits` significant digits.
    mutating func number(_ key: String, _ value: Double?, digits: Int) {
        guard let value, value.isFinite else { return }
        self.key(key)
        bytes += NumberText.short(value, digits: digits).utf8
    }

    mutating func bool(_ key: String, _ value: Bool?) {
        guard let value else { return }
        self.key(key)
        bytes += (value ? "true" : "false").utf8
    }

    mutating func object(_ key: String, _ body: (inout JSONText) -> Void) {
        self.key(key)
        braces(body)
    }

    /// An array whose elements `element` writes, one call each.
    mutating func array<T>(_ key: String, _ values: [T]?, _ element: (inout JSONText, T) -> Void) {
        guard let values else { return }
        self.key(key)
        bytes.append(UInt8(ascii: "["))
        for (index, value) in values.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            element(&self, value)
        }
        bytes.append(UInt8(ascii: "]"))
        needsComma = true
    }

    mutating func braces(_ body: (inout JSONText) -> Void) {
        bytes.append(UInt8(ascii: "{"))
        needsComma = false
        body(&self)
        bytes.append(UInt8(ascii: "}"))
        needsComma = true
    }

    /// A number as an array's element; one that is not finite is null there, so that places keep their meaning.
    mutating func element(_ value: Double, digits: Int) {
        bytes += (value.isFinite ? NumberText.short(value, digits: digits) : "null").utf8
    }

    /// A string as an array's element.
    mutating func quote(_ value: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\""): bytes += "\\\"".utf8
            case UInt8(ascii: "\\"): bytes += "\\\\".utf8
            case 0x0A: bytes += "\\n".utf8
            case 0x0D: bytes += "\\r".utf8
            case 0x09: bytes += "\\t".utf8
            case 0..<0x20, 0x7F:
                bytes += "\\u00".utf8
                bytes.append(Self.hex[Int(byte >> 4)])
                bytes.append(Self.hex[Int(byte & 15)])
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func key(_ key: String) {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
        quote(key)
        bytes.append(UInt8(ascii: ":"))
    }

    private static let hex = Array("0123456789abcdef".utf8)
}
