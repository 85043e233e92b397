import Video

/// Whether a camera is scored as often as it is wanted, over the last while, and why where it is not.
struct RateWatch {
    /// What a camera has counted.
    struct Counts: Hashable {
        var received: UInt64 = 0
        var scored: UInt64 = 0
        var overwritten: UInt64 = 0
        var corrupt: UInt64 = 0
    }

    /// Long enough for two segments of ten seconds, short enough to see that it is better again.
    static let span = Duration.seconds(30)
    /// A camera is late where less than this share of the wanted frames is scored.
    static let tolerance = 0.75

    private var looks: [(time: MonotonicTime, counts: Counts)] = []

    /// Notes the counts at `time`: once a second, or whenever someone looks.
    mutating func note(_ counts: Counts, at time: MonotonicTime) {
        looks.append((time, counts))
        // One look from before the span stays: it is where the span is counted from.
        while looks.count > 2, time - looks[1].time >= Self.span { looks.removeFirst() }
    }

    /// Forgets what was: the camera was away, and what it missed meanwhile is no shortfall.
    mutating func reset() { looks = [] }

    /// Why fewer than `rate` frames a second are scored; nil where they are, or where it was not watched for a span yet.
    func shortfall(of rate: Double) -> String? {
        guard let first = looks.first, let last = looks.last, last.time - first.time >= Self.span else { return nil }
        let seconds = (last.time - first.time).seconds
        func count(_ path: KeyPath<Counts, UInt64>) -> Double {
            Double(last.counts[keyPath: path] &- first.counts[keyPath: path])
        }
        let scored = count(\.scored)
        guard scored < Self.tolerance * rate * seconds else { return nil }
        let missing = rate * seconds - scored
        let share = "\(tenths(scored / seconds)) of \(tenths(rate)) frames a second are scored"
        if count(\.overwritten) >= missing / 2 {
            return "\(share): this machine is too slow, \(Int(count(\.overwritten))) frames were dropped in the last "
                + "\(Int(saturating: seconds)) s; lower rate:, or watch fewer cameras"
        }
        if count(\.corrupt) >= missing / 2 {
            return
                "\(share): \(Int(count(\.corrupt))) frames of the last \(Int(saturating: seconds)) s are damaged; look at the network "
                + "and the camera"
        }
        if count(\.received) < Self.tolerance * rate * seconds {
            return
                "\(share): the source gives \(tenths(count(\.received) / seconds)); set a higher frame rate in the camera, "
                + "or a lower rate:"
        }
        return "\(share): the source's frames come at uneven times"
    }

    private func tenths(_ value: Double) -> Double { (value * 10).rounded() / 10 }
}
