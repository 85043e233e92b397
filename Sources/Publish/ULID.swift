public import Video

/// Identities that sort by time: 48 bits of milliseconds and 80 random bits as 26 characters (github.com/ulid/spec).
public enum ULID {
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    /// A new identity for what happened at `time`.
    public static func make(time: UTCTime, using generator: inout some RandomNumberGenerator) -> String {
        text(
            milliseconds: milliseconds(time), high: UInt16.random(in: 0...UInt16.max, using: &generator),
            low: UInt64.random(in: 0...UInt64.max, using: &generator))
    }

    /// When the thing with this identity happened, to the millisecond; nil for what is not a ULID.
    public static func time(of text: String) -> UTCTime? {
        var value: UInt64 = 0
        let bytes = Array(text.utf8)
        guard bytes.count == 26, bytes[0] <= UInt8(ascii: "7") else { return nil }
        for (index, byte) in bytes.enumerated() {
            guard let digit = alphabet.firstIndex(of: byte) else { return nil }
            if index < 10 { value = value << 5 | UInt64(digit) }
        }
        return UTCTime(microseconds: Int64(value) * 1000)
    }

    static func milliseconds(_ time: UTCTime) -> UInt64 {
        UInt64(min(max(time.microseconds / 1000, 0), (1 << 48) - 1))
    }

    static func text(milliseconds: UInt64, high: UInt16, low: UInt64) -> String {
        // 128 bits as 26 groups of five, the first of only three: time 10 groups, then 80 bits in 16.
        var bytes = [UInt8](repeating: 0, count: 26)
        for index in 0..<10 { bytes[index] = alphabet[Int(milliseconds >> UInt64(45 - 5 * index) & 31)] }
        var random = (high: UInt64(high), low: low)
        for index in stride(from: 25, through: 10, by: -1) {
            bytes[index] = alphabet[Int(random.low & 31)]
            random.low = random.low >> 5 | (random.high & 31) << 59
            random.high >>= 5
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Makes identities that always grow, also within one millisecond and when the clock is set back.
public struct ULIDGenerator: Sendable {
    private var milliseconds: UInt64 = 0
    private var high: UInt16 = 0
    private var low: UInt64 = 0

    /// A generator that has made none yet.
    public init() {}

    /// The next identity: later in order than all before it.
    public mutating func next(
        time: UTCTime, using generator: inout some RandomNumberGenerator
    ) -> String {
        let now = ULID.milliseconds(time)
        if now > milliseconds {
            milliseconds = now
            // The topmost bit stays free, so that counting up within a millisecond never runs over.
            high = UInt16.random(in: 0...UInt16.max >> 1, using: &generator)
            low = UInt64.random(in: 0...UInt64.max, using: &generator)
        } else {
            low &+= 1
            if low == 0 { high &+= 1 }
        }
        return ULID.text(milliseconds: milliseconds, high: high, low: low)
    }
}
