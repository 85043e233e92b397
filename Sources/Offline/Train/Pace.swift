import Video

/// How fast training goes on this machine, by its first steps.
struct Pace {
    /// Steps that are measured at most; the first is left out.
    static let steps = 40
    /// Time after which the speed counts as known.
    private static let enough = Duration.seconds(3)
    /// The share of the time that steps have: the rest is for judging, checkpoints and the report.
    private static let shareOfSteps = 0.9

    private let time: any TimeSource
    private var begin: MonotonicTime?
    private var last = MonotonicTime.zero
    private var count = 0

    init(time: any TimeSource) { self.time = time }

    /// A step has been made.
    mutating func note() {
        last = time.now()
        if begin == nil { begin = last } else { count += 1 }
    }

    var isKnown: Bool { count > 0 && (begin.map { last - $0 >= Self.enough } ?? false) }

    /// Seconds a step; a second where only one could be made.
    var secondsPerStep: Double {
        guard let begin, count > 0 else { return 1 }
        return max(1e-6, (last - begin).seconds / Double(count))
    }

    /// Steps that `minutes` have room for, at least 20.
    static func iterations(minutes: Double, secondsPerStep: Double) -> Int {
        max(20, Int(min(1e8, minutes * 60 * shareOfSteps / secondsPerStep)))
    }
}
