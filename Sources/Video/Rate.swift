/// Frames a second, from one a day to a thousand: the one check of every rate that a person or a file gives.
public struct Rate: Sendable, Hashable, Comparable {
    /// What may be asked for. Below it an interval is longer than any event, above it shorter than any camera's.
    public static let range = 1.0 / 86_400...1000.0
    /// The range as people read it.
    public static let words = "a number of frames a second, 1000 at most and one a day (0.0000116) at least"

    /// Frames a second.
    public let perSecond: Double

    /// `value` frames a second; nil where that is no number, or out of range.
    public init?(perSecond value: Double) {
        guard Self.range.contains(value) else { return nil }
        perSecond = value
    }

    /// Time from one frame to the next.
    public var interval: Duration { Duration(seconds: 1 / perSecond) }

    /// Whether `a` is slower than `b`.
    public static func < (a: Rate, b: Rate) -> Bool { a.perSecond < b.perSecond }
}
