/// How long to wait before a camera is tried again: from 0.5 s doubling to 60 s, each ± 20 %, so that a refused
/// connection never becomes a tight loop and twenty cameras behind one dead switch do not come back in step.
public struct Backoff: Sendable {
    /// The first pause.
    public static let shortest = Duration.milliseconds(500)
    /// The longest pause, before jitter.
    public static let longest = Duration.seconds(60)
    /// Frames for so long prove a stream, however long the pause before it was.
    static let proof = Duration.seconds(5)

    private var base = Backoff.shortest
    /// The last pause.
    private var last = Duration.zero
    private var state: UInt64

    /// A policy whose jitter follows from `seed`: use another for each camera.
    public init(seed: UInt64) { state = seed }

    /// The pause after one more failure.
    public mutating func next() -> Duration {
        // SplitMix64: small, seeded, and good enough for a jitter.
        state &+= 0x9E37_79B9_7F4A_7C15
        let word = mix(state)
        let jitter = 0.8 + 0.4 * Double(word >> 11) * 0x1p-53
        let pause = base * jitter
        base = min(base * 2, Self.longest)
        last = pause
        return pause
    }

    /// Notes that a stream has given frames for `duration` so far. One that has outlived the pause before it, or has held for a
    /// while, is a good one, and the next pause is the shortest again. One that dies sooner, frame or no frame, makes the next
    /// pause longer: a camera that falls over twice a second would fill the journal.
    public mutating func hold(for duration: Duration) { if duration >= min(last, Self.proof) { reset() } }

    /// Starts from the shortest pause again.
    public mutating func reset() { base = Self.shortest }
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): 64 well-mixed bits for any 64-bit key.
@inline(__always)
func mix(_ key: UInt64) -> UInt64 {
    var z = key
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
}
