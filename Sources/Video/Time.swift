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
        MonotonicTime(nanoseconds: a.nanoseconds.saturatingAdd(d.nanoseconds))
    }

    /// The point `d` before `a`.
    public static func - (a: MonotonicTime, d: Duration) -> MonotonicTime {
        MonotonicTime(nanoseconds: a.nanoseconds.saturatingSubtract(d.nanoseconds))
    }

    /// The duration from `b` to `a`; negative where `b` is later.
    public static func - (a: MonotonicTime, b: MonotonicTime) -> Duration {
        .nanoseconds(a.nanoseconds.saturatingSubtract(b.nanoseconds))
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
        UTCTime(microseconds: a.microseconds.saturatingAdd(d.microseconds))
    }
}

extension Duration {
    /// The duration in whole nanoseconds; what is longer than 292 years is 292 years.
    public var nanoseconds: Int64 { inUnits(perSecond: 1_000_000_000) }

    /// The duration in seconds.
    public var seconds: Double { Double(nanoseconds) / 1e9 }

    /// A duration of `seconds`, rounded to whole nanoseconds; 292 years at most, and none for what is no number.
    public init(seconds: Double) { self = .nanoseconds(Int64(saturating: (seconds * 1e9).rounded())) }
}

extension UTCTime: CustomStringConvertible {
    /// RFC 3339 in UTC with microseconds: `2026-09-01T02:03:04.123456Z`.
    public var description: String { TimeText.rfc3339(self) }
}
