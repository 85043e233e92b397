import Video

/// A file's time stamps as durations since its opening: never falling, going on where the file is looped.
struct FileStamps {
    private(set) var origin = MonotonicTime.zero
    private(set) var utc = UTCTime(microseconds: 0)
    private var rate: Double?
    private var count: Int64 = 0
    private var first: Double?
    private var offset = Duration.zero
    private var last: Duration?

    mutating func begin(rate: Double?, time: any TimeSource) {
        self = FileStamps()
        self.rate = rate
        (origin, utc) = (time.now(), time.utc())
    }

    /// The next pass begins one frame after the last one's end.
    mutating func startAgain() {
        first = nil
        if let last { offset = last }
    }

    /// The stamp of a frame whose own is `seconds` (nil: it has none). `rate`, where one was asked for, overrides it.
    mutating func next(_ seconds: Double?, nominalRate: Double) -> Duration {
        defer { count += 1 }
        if let rate { return Duration(seconds: Double(count) / rate) }
        let step = Duration(seconds: 1 / nominalRate)
        var stamp = last.map { $0 + step } ?? .zero
        if let seconds {
            let isNewPass = first == nil && last != nil
            let begin = first ?? seconds
            first = begin
            let own =
                offset + (isNewPass || offset > .zero ? step : .zero)
                + Duration(seconds: max(-1e6, min(1e6, seconds - begin)))
            if last.map({ own > $0 }) ?? true { stamp = own }
        }
        last = stamp
        return stamp
    }
}
