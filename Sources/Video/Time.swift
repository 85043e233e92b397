/// A point on the machine's monotonic clock (`CLOCK_MONOTONIC`), in nanoseconds.
///
/// Everything that measures a duration uses this clock: daylight saving, NTP steps and a user's `date -s` do not touch
/// it. V4L2 drivers stamp their buffers on the same clock.
public struct MonotonicTime: Hashable, Comparable, Sendable {
    /// Nanoseconds since an arbitrary start (the machine's boot).
    public var nanoseconds: Int64

    /// A point `nanoseconds` after the clock's start.
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// The clock's start.
    public static let zero = MonotonicTime(nanoseconds: 0)

    /// Whether `a` is earlier than `b`.
    public static func < (a: MonotonicTime, b: MonotonicTime) -> Bool { a.nanoseconds < b.nanoseconds }

    /// The point `d` after `a`.
    public static func + (a: MonotonicTime, d: Duration) -> MonotonicTime {
        MonotonicTime(nanoseconds: a.nanoseconds + d.nanoseconds)
    }

    /// The point `d` before `a`.
    public static func - (a: MonotonicTime, d: Duration) -> MonotonicTime {
        MonotonicTime(nanoseconds: a.nanoseconds - d.nanoseconds)
    }

    /// The duration from `b` to `a`; negative where `b` is later.
    public static func - (a: MonotonicTime, b: MonotonicTime) -> Duration {
        .nanoseconds(a.nanoseconds - b.nanoseconds)
    }
}

/// A point in civil time (UTC), in microseconds since 1970: for what people and other programs read, never for durations.
public struct UTCTime: Hashable, Comparable, Sendable {
    /// Microseconds since 1970-01-01T00:00:00Z, leap seconds not counted (as POSIX does).
    public var microseconds: Int64

    /// A point `microseconds` after 1970-01-01T00:00:00Z.
    public init(microseconds: Int64) { self.microseconds = microseconds }

    /// Whether `a` is earlier than `b`.
    public static func < (a: UTCTime, b: UTCTime) -> Bool { a.microseconds < b.microseconds }

    /// The point `d` after `a`.
    public static func + (a: UTCTime, d: Duration) -> UTCTime {
        UTCTime(microseconds: a.microseconds + d.nanoseconds / 1000)
    }
}

extension Duration {
    /// The duration in whole nanoseconds (292 years at most).
    public var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }

    /// The duration in seconds.
    public var seconds: Double { Double(nanoseconds) * 1e-9 }

    /// A duration of `seconds`, rounded to whole nanoseconds.
    public init(seconds: Double) { self = .nanoseconds(Int64((seconds * 1e9).rounded())) }
}

extension UTCTime: CustomStringConvertible {
    /// RFC 3339 in UTC with microseconds: `2026-09-01T02:03:04.123456Z`, by H. Hinnant's days_from_civil turned round
    /// ("chrono-Compatible Low-Level Date Algorithms"), without the C library's locale and time zone.
    public var description: String {
        let day: Int64 = 86_400_000_000
        let days = microseconds >= 0 ? microseconds / day : (microseconds - day + 1) / day
        let rest = microseconds - days * day
        let z = days + 719_468
        let era = (z >= 0 ? z : z - 146_096) / 146_097
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let dayOfMonth = dayOfYear - (153 * shifted + 2) / 5 + 1
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        func digits(_ value: Int64, _ width: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        let seconds = rest / 1_000_000
        return "\(digits(year, 4))-\(digits(month, 2))-\(digits(dayOfMonth, 2))T\(digits(seconds / 3600, 2)):"
            + "\(digits(seconds / 60 % 60, 2)):\(digits(seconds % 60, 2)).\(digits(rest % 1_000_000, 6))Z"
    }
}
