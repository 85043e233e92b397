extension Canvas {
    /// Where a text lies relative to its point.
    public enum Anchor: Sendable, Hashable {
        /// The point is the text's left end.
        case left
        /// The point is the text's middle.
        case centre
        /// The point is the text's right end.
        case right
    }

    /// The width and height in pixels of one line of text at `scale`.
    public static func measure(_ text: String, scale: Int = 1) -> (width: Int, height: Int) {
        let count = text.unicodeScalars.count
        let width = count == 0 ? 0 : (count * Font.advance - (Font.advance - Font.width)) * scale
        return (width, Font.height * scale)
    }

    /// `text`, or its beginning and an ellipsis where it is wider than `width` pixels at `scale`.
    public static func fit(_ text: String, width: Int, scale: Int = 1) -> String {
        guard measure(text, scale: scale).width > width else { return text }
        let places = max(0, (width / scale + Font.advance - Font.width) / Font.advance)
        guard places > 0 else { return "" }
        var kept = String.UnicodeScalarView()
        kept.append(contentsOf: text.unicodeScalars.prefix(places - 1))
        return String(kept) + "…"
    }

    /// Draws one line of text whose top is `y`, in the built-in font (ASCII and a few signs), scaled by a whole number.
    public mutating func text(
        _ text: String, x: Int, y: Int, colour: Colour, scale: Int = 1, anchor: Anchor = .left
    ) {
        let width = Self.measure(text, scale: scale).width
        var left =
            switch anchor {
            case .left: x
            case .centre: x - width / 2
            case .right: x - width
            }
        for character in text.unicodeScalars {
            let columns = Font.columns(of: character)
            for column in 0..<Font.width {
                let bits = columns >> UInt64(8 * (Font.width - 1 - column)) & 0xFF
                for row in 0..<Font.height where bits >> UInt64(row) & 1 == 1 {
                    rectangle(
                        x: left + column * scale, y: y + row * scale, width: scale, height: scale, colour: colour)
                }
            }
            left += Font.advance * scale
        }
    }
}
