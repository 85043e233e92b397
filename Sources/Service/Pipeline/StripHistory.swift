import Video

/// The frames of one event's `strip.png`: luma and reconstruction, side by side, from before its start to its end.
final class Strip: Pooled, @unchecked Sendable {
    // Sendable is unchecked: the pool's flag (or being the history's own) gives a strip to one thread at a time.

    /// One column's place in time.
    struct Column {
        var time = MonotonicTime.zero
        var isDuringEvent = false
        /// raw / threshold; NaN before the event.
        var score = Double.nan
    }

    let capacity: Int
    let modelSize: FrameSize
    private(set) var columns: [Column]
    /// Width over height of the camera's picture.
    var aspect = 1.0
    /// Columns in use.
    var count = 0
    private let pixels: UnsafeMutableBufferPointer<UInt8>
    let loan = Loan()

    init(capacity: Int, modelSize: FrameSize) {
        self.capacity = capacity
        self.modelSize = modelSize
        columns = Array(repeating: Column(), count: capacity)
        pixels = .allocate(capacity: capacity * 2 * modelSize.area)
        pixels.initialize(repeating: 0)
    }

    deinit { pixels.deallocate() }

    /// Luma of column `index`, `modelSize.area` bytes.
    func luma(_ index: Int) -> UnsafeMutableBufferPointer<UInt8> { plane(2 * index) }

    /// Reconstruction of column `index`, `modelSize.area` bytes.
    func reconstruction(_ index: Int) -> UnsafeMutableBufferPointer<UInt8> { plane(2 * index + 1) }

    private func plane(_ index: Int) -> UnsafeMutableBufferPointer<UInt8> {
        UnsafeMutableBufferPointer(rebasing: pixels[index * modelSize.area..<(index + 1) * modelSize.area])
    }

    /// Writes column `index` from a frame and its reconstruction.
    func set(
        _ index: Int, _ column: Column, luma input: UnsafeMutableBufferPointer<UInt8>,
        output: UnsafeBufferPointer<Float>
    ) {
        columns[index] = column
        _ = luma(index).update(fromContentsOf: input)
        reconstruction(index).quantise(output)
    }

    /// Copies column `from` of `other` over column `to`.
    func copy(_ from: Int, of other: Strip, to index: Int) {
        columns[index] = other.columns[from]
        _ = luma(index).update(fromContentsOf: other.luma(from))
        _ = reconstruction(index).update(fromContentsOf: other.reconstruction(from))
    }
}

/// Keeps what a strip will need, in fixed memory, however long the event is.
///
/// Before an event: the last few columns, `spacing` apart, in a ring. During it: a column every `stride`; when they are
/// full, every second one is given up and the stride doubles, so the columns always span the whole event evenly. Beside
/// them the frame of the highest score and the last frame are kept: what a strip must show whatever the stride.
struct StripHistory {
    static let leading = 4
    static let during = 10
    /// Columns a strip may have: before the event, during it, its peak and its last frame.
    static let capacity = leading + during + 2

    /// Width over height of the camera's picture, as of the latest frame.
    var aspect = 1.0
    private let spacing: Duration
    private let before: Strip
    private var beforeNext = 0
    private var beforeCount = 0
    private var beforeLast: MonotonicTime?
    private let event: Strip
    private var stride: Duration
    private var eventLast = MonotonicTime.zero
    /// Two columns: the frame of the highest score, and the last one.
    private let marks: Strip
    private static let (peak, last) = (0, 1)

    init(modelSize: FrameSize, spacing: Duration = .milliseconds(500)) {
        self.spacing = spacing
        stride = spacing
        before = Strip(capacity: Self.leading, modelSize: modelSize)
        event = Strip(capacity: Self.leading + Self.during, modelSize: modelSize)
        marks = Strip(capacity: 2, modelSize: modelSize)
    }

    /// Notes a frame outside an event.
    mutating func note(_ slot: FrameSlot, output: UnsafeBufferPointer<Float>) {
        if let last = beforeLast, slot.time - last < spacing { return }
        before.set(beforeNext, .init(time: slot.time), luma: slot.luma, output: output)
        beforeLast = slot.time
        beforeNext = (beforeNext + 1) % Self.leading
        beforeCount = min(beforeCount + 1, Self.leading)
    }

    /// Begins an event: its first columns are those from before it, oldest first.
    mutating func begin(_ slot: FrameSlot, score: Double, output: UnsafeBufferPointer<Float>) {
        event.count = 0
        for age in Swift.stride(from: beforeCount, to: 0, by: -1) {
            event.copy((beforeNext - age + Self.leading) % Self.leading, of: before, to: event.count)
            event.count += 1
        }
        stride = spacing
        append(slot, score, output)
        marks.copy(event.count - 1, of: event, to: Self.peak)
        marks.copy(event.count - 1, of: event, to: Self.last)
    }

    /// Notes a frame during an event.
    mutating func noteDuringEvent(_ slot: FrameSlot, score: Double, output: UnsafeBufferPointer<Float>) {
        let column = Strip.Column(time: slot.time, isDuringEvent: true, score: score)
        marks.set(Self.last, column, luma: slot.luma, output: output)
        if score > marks.columns[Self.peak].score { marks.copy(Self.last, of: marks, to: Self.peak) }
        if slot.time - eventLast < stride { return }
        if event.count == event.capacity { thin() }
        if slot.time - eventLast >= stride { append(slot, score, output) }
    }

    /// Copies the event's strip as it stands, with its peak and its last frame where they belong in time.
    func copy(to strip: Strip) {
        strip.count = 0
        strip.aspect = aspect
        for index in 0..<event.count {
            if isMissing(Self.peak, before: index) { add(Self.peak, of: marks, to: strip) }
            add(index, of: event, to: strip)
        }
        if isAfter(strip, Self.peak) { add(Self.peak, of: marks, to: strip) }
        if isAfter(strip, Self.last) { add(Self.last, of: marks, to: strip) }
    }

    /// Forgets everything: the stream was interrupted.
    mutating func reset() {
        (beforeCount, beforeNext, beforeLast) = (0, 0, nil)
    }

    /// Whether a mark lies between the event's column `index` and the one before it.
    private func isMissing(_ mark: Int, before index: Int) -> Bool {
        index > 0 && event.columns[index - 1].time < marks.columns[mark].time
            && marks.columns[mark].time < event.columns[index].time
    }

    /// Whether a mark is later than all columns of `strip`.
    private func isAfter(_ strip: Strip, _ mark: Int) -> Bool {
        strip.count > 0 && strip.columns[strip.count - 1].time < marks.columns[mark].time
    }

    private func add(_ index: Int, of source: Strip, to strip: Strip) {
        strip.copy(index, of: source, to: strip.count)
        strip.count += 1
    }

    private mutating func append(_ slot: FrameSlot, _ score: Double, _ output: UnsafeBufferPointer<Float>) {
        let column = Strip.Column(time: slot.time, isDuringEvent: true, score: score)
        event.set(event.count, column, luma: slot.luma, output: output)
        event.count += 1
        eventLast = slot.time
    }

    /// Gives up every second column of the event's own, and doubles the stride.
    private mutating func thin() {
        guard let first = (0..<event.count).first(where: { event.columns[$0].isDuringEvent }) else { return }
        var kept = first
        for index in Swift.stride(from: first, to: event.count, by: 2) {
            if index != kept { event.copy(index, of: event, to: kept) }
            kept += 1
        }
        event.count = kept
        eventLast = event.columns[kept - 1].time
        stride = stride + stride
    }
}
