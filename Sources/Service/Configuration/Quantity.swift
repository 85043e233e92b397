import Video

/// Numbers with units, as people write them: `500ms`, `64MiB`, `640x480`, `0660`.
package enum Quantity {
    private static let durations: [(unit: String, nanoseconds: Int64)] = [
        ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000), ("h", 3_600_000_000_000),
        ("d", 86_400_000_000_000),
    ]

    private static let sizes: [(unit: String, bytes: Int64)] = [
        ("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40),
    ]

    /// A finite decimal number: digits, a point, an exponent. No `inf`, `nan` or hexadecimal.
    static func number(_ text: some StringProtocol) -> Double? {
        guard let last = text.last, text.utf8.count <= 32, "0"..."9" ~= last else { return nil }
        let isPlain = text.utf8.allSatisfy { (48...57).contains($0) || "+-.eE".utf8.contains($0) }
        guard isPlain, let value = Double(String(text)), value.isFinite else { return nil }
        return value
    }

    /// A whole number, digits only with a sign.
    static func integer(_ text: some StringProtocol) -> Int? {
        guard text.utf8.count <= 20, text.first != "+" else { return nil }
        return Int(text)
    }

    /// `500ms`, `10s`, `1.5h`, `7d`; a bare `0` too. At most 100 years.
    package static func duration(_ text: String) -> Duration? {
        if text == "0" { return .zero }
        guard let nanoseconds = amount(text, durations.map { ($0.unit, $0.nanoseconds) }) else { return nil }
        return nanoseconds <= 100 * 365 * 86_400_000_000_000 ? .nanoseconds(nanoseconds) : nil
    }

    /// In the largest unit that gives a whole number.
    package static func show(_ duration: Duration) -> String {
        let nanoseconds = duration.nanoseconds
        guard nanoseconds != 0 else { return "0" }
        for (unit, size) in durations.reversed() where nanoseconds % size == 0 { return "\(nanoseconds / size)\(unit)" }
        return "\(Double(nanoseconds) / 1e6)ms"
    }

    /// Bytes: `512B`, `64MiB`, `2GiB`; a bare `0` too.
    static func byteCount(_ text: String) -> Int? {
        if text == "0" { return 0 }
        guard let bytes = amount(text, sizes.map { ($0.unit, $0.bytes) }) else { return nil }
        return Int(bytes)
    }

    /// In the largest unit that gives a whole number.
    static func show(byteCount: Int) -> String {
        guard byteCount != 0 else { return "0" }
        for (unit, size) in sizes.reversed() where Int64(byteCount) % size == 0 {
            return "\(Int64(byteCount) / size)\(unit)"
        }
        return "\(byteCount)B"
    }

    /// `WIDTHxHEIGHT` in pixels, each 1…65535.
    static func frameSize(_ text: String) -> FrameSize? {
        let parts = text.split(separator: "x", omittingEmptySubsequences: false)
        guard parts.count == 2, let width = UInt16(parts[0]), let height = UInt16(parts[1]) else { return nil }
        guard width > 0, height > 0, parts.allSatisfy({ $0.first != "+" }) else { return nil }
        return FrameSize(width: Int(width), height: Int(height))
    }

    /// Frames a second: `5`, `12.5`, `30/m` for thirty a minute. Nil for what is no `Rate`.
    package static func rate(_ text: String) -> Double? {
        let value =
            text.hasSuffix("/m")
            ? number(text.dropLast(2)).map { $0 / 60 } : number(text.hasSuffix("/s") ? text.dropLast(2) : text[...])
        return value.flatMap { Rate(perSecond: $0) }?.perSecond
    }

    /// A file mode in octal, `660` or `0660`.
    static func mode(_ text: String) -> UInt32? {
        guard (3...4).contains(text.utf8.count), text.utf8.allSatisfy({ (48...55).contains($0) }) else { return nil }
        guard let mode = UInt32(text, radix: 8), mode <= 0o777 else { return nil }
        return mode
    }

    /// Whole numbers and up to three decimals of one of `units`, not below zero.
    private static func amount(_ text: String, _ units: [(unit: String, size: Int64)]) -> Int64? {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let unit = text.dropFirst(digits.count)
        guard let size = units.first(where: { $0.unit == unit })?.size, let value = number(digits) else { return nil }
        let product = value * Double(size)
        guard product < 9e18 else { return nil }
        return Int64(product.rounded())
    }
}
