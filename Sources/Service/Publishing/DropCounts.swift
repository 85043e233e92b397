/// Frames that a camera lost, by reason; what was left out on purpose (to score `rate` a second) is not among them.
struct DropCounts: Hashable, Sendable {
    /// Overwritten in the ring before the worker came to them: the box is too slow for its cameras.
    var overwritten: UInt64 = 0
    /// Called corrupt by the driver or the decoder.
    var corrupt: UInt64 = 0
    /// Missing from the driver's sequence numbers: lost on the bus or in the camera.
    var missed: UInt64 = 0

    init() {}

    /// The camera's counts since its start.
    init(_ camera: Camera) {
        overwritten = camera.ring.counts.overwritten
        corrupt = camera.counters.corrupt.value
        missed = camera.counters.missed.value
    }

    var isEmpty: Bool { self == DropCounts() }

    /// Frames lost in all.
    var total: UInt64 { overwritten + corrupt + missed }

    static func - (a: DropCounts, b: DropCounts) -> DropCounts {
        var difference = DropCounts()
        difference.overwritten = a.overwritten - b.overwritten
        difference.corrupt = a.corrupt - b.corrupt
        difference.missed = a.missed - b.missed
        return difference
    }

    /// By reason, as in an event's `dropped`.
    var byReason: [String: UInt64] { ["overwritten": overwritten, "corrupt": corrupt, "missed": missed] }
}
