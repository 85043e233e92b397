/// Which frames each iteration trains on. Follows from the seed and the iteration's number alone, so that a resumed run
/// sees what an uninterrupted one would have seen.
struct WindowSampler: Sendable {
    /// A window of consecutive frames of one span, and how its stream came to it.
    struct Window: Sendable, Hashable {
        /// Index into the spans.
        var span: Int
        /// The first frame, counted from the clip's start.
        var start: Int
        /// Whether the frames before it were this stream's last window, so that its state may be carried on.
        var isCarried: Bool
        /// The iteration in which the stream's present run of carried windows began: its light stays the same so long.
        var runStart: Int
    }

    /// How windows are chosen.
    enum Order: Sendable, Hashable {
        /// Each from a random place of a random clip, as the article does.
        case random
        /// Streams side by side that walk through the footage; a carried state is dropped with this probability.
        case streams(dropping: Double)
    }

    private let spans: [Footage.Span]
    /// Spans that have a window.
    private let usable: [Int]
    private let order: Order
    private let batch: Int
    private let length: Int
    private let seed: UInt64
    /// For streams: windows a stream and epoch.
    let iterationsPerEpoch: Int
    private var epoch = -1
    private var plan: [Window] = []

    /// Windows of `length` frames, `batch` an iteration; nil where no span has that many frames.
    init?(spans: [Footage.Span], order: Order, batch: Int, length: Int, seed: UInt64) {
        precondition(batch > 0 && length > 0, "windows of nothing")
        (self.spans, self.order, self.batch, self.length, self.seed) = (spans, order, batch, length, seed)
        usable = spans.indices.filter { spans[$0].frames.count >= length }
        guard !usable.isEmpty else { return nil }
        let windows = usable.reduce(0) { $0 + Self.windows(in: spans[$1].frames.count, length) }
        iterationsPerEpoch = max(1, windows / batch)
    }

    /// The windows of an iteration, one a stream: [batch].
    mutating func windows(at iteration: Int) -> [Window] {
        switch order {
        case .random:
            var random = SeededGenerator(keys: seed, 1, UInt64(iteration))
            return (0..<batch).map { _ in
                let span = usable[random.index(below: usable.count)]
                let frames = spans[span].frames
                let start = frames.lowerBound + random.index(below: frames.count - length + 1)
                return Window(span: span, start: start, isCarried: false, runStart: iteration)
            }
        case .streams(let drop):
            let number = iteration / iterationsPerEpoch
            if epoch != number { begin(epoch: number, dropping: drop) }
            let at = iteration % iterationsPerEpoch * batch
            return Array(plan[at..<at + batch])
        }
    }

    /// Windows that an epoch has of a span, wherever in the span its first one begins.
    private static func windows(in count: Int, _ length: Int) -> Int {
        count >= 2 * length - 1 ? (count - length + 1) / length : 1
    }

    /// Lays all windows of an epoch in order, from another frame of each span and another place in all than in the epoch
    /// before, and deals them to the streams, each a stretch.
    private mutating func begin(epoch number: Int, dropping drop: Double) {
        epoch = number
        var random = SeededGenerator(keys: seed, 2, UInt64(number))
        var places: [(span: Int, start: Int)] = []
        for span in usable {
            let frames = spans[span].frames
            let count = Self.windows(in: frames.count, length)
            let phase = random.index(below: frames.count - count * length + 1)
            places += (0..<count).map { (span, frames.lowerBound + phase + $0 * length) }
        }
        let turn = random.index(below: places.count)
        plan = []
        plan.reserveCapacity(iterationsPerEpoch * batch)
        for step in 0..<iterationsPerEpoch {
            for stream in 0..<batch {
                let index = stream * places.count / batch + step
                let place = places[(turn + index) % places.count]
                let before = places[(turn + index + places.count - 1) % places.count]
                let follows = place.span == before.span && place.start == before.start + length
                let isKept = random.uniform() >= drop
                let isCarried = step > 0 && follows && isKept
                let now = number * iterationsPerEpoch + step
                plan.append(
                    Window(
                        span: place.span, start: place.start, isCarried: isCarried,
                        runStart: isCarried ? plan[plan.count - batch].runStart : now))
            }
        }
    }
}
