import Glibc

/// Numbers as people read them in a picture or a table; nothing here depends on a locale.
public enum NumberText {
    /// `value` with `decimals` digits after the point: "0.50", "-1.0". Non-finite values are "nan", "inf", "-inf".
    public static func fixed(_ value: Double, decimals: Int) -> String {
        guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
        let factor = pow(10, Double(decimals))
        let scaled = (abs(value) * factor).rounded()
        guard scaled < 1e18 else { return "\(value)" }
        let whole = Int64(scaled)
        let sign = value < 0 && whole > 0 ? "-" : ""
        guard decimals > 0 else { return "\(sign)\(whole)" }
        let divisor = Int64(factor)
        let fraction = String(whole % divisor)
        let zeros = String(repeating: "0", count: decimals - fraction.count)
        return "\(sign)\(whole / divisor).\(zeros)\(fraction)"
    }

    /// `value` rounded to `digits` significant decimal digits; a non-finite value is returned as it is.
    public static func rounded(_ value: Double, digits: Int) -> Double {
        guard value.isFinite, value != 0 else { return value }
        let exponent = digits - 1 - Int(floor(log10(abs(value))))
        // Powers of ten up to 22 are exact, so that the quotient is the double next to the decimal number.
        guard abs(exponent) <= 22 else { return value }
        let power = pow(10, Double(abs(exponent)))
        return exponent >= 0 ? (value * power).rounded() / power : (value / power).rounded() * power
    }

    /// `value` with about `digits` significant digits and no trailing zeros: "0.0123", "1.5", "20", "1e-05".
    public static func short(_ value: Double, digits: Int = 3) -> String {
        guard value.isFinite else { return fixed(value, decimals: 0) }
        let text = "\(rounded(value, digits: digits))"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    /// Seconds with a sign, as a strip's columns show them: "−1.0s", "+3.2s", "0.0s".
    public static func offset(seconds: Double) -> String {
        let text = fixed(abs(seconds), decimals: 1)
        if text == "0.0" { return "0.0s" }
        return "\(seconds < 0 ? "\u{2212}" : "+")\(text)s"
    }
}
