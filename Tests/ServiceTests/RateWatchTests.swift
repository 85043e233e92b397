import Testing
import Video

@testable import Service

@Suite("Why a camera is scored less often than it should be")
struct RateWatchTests {
    /// What is said after a minute of a camera that counts so much a second, wanted five times a second.
    private func said(received: Int, scored: Int, overwritten: Int = 0, corrupt: Int = 0, seconds: Int = 60) -> String?
    {
        var watch = RateWatch()
        for second in 0...seconds {
            watch.note(
                RateWatch.Counts(
                    received: UInt64(received * second), scored: UInt64(scored * second),
                    overwritten: UInt64(overwritten * second), corrupt: UInt64(corrupt * second)),
                at: MonotonicTime(nanoseconds: Int64(second) * 1_000_000_000))
        }
        return watch.shortfall(of: 5)
    }

    @Test func allIsWell() {
        #expect(said(received: 25, scored: 5) == nil)
        #expect(said(received: 25, scored: 4) == nil)
        #expect(said(received: 25, scored: 1, seconds: 20) == nil, "too early to say")
    }

    @Test func theReasonIsNamed() {
        #expect(said(received: 25, scored: 2, overwritten: 3)?.contains("too slow") == true)
        #expect(said(received: 4, scored: 2, corrupt: 3)?.contains("damaged") == true)
        #expect(said(received: 2, scored: 2)?.contains("the source gives 2.0") == true)
        #expect(said(received: 25, scored: 1)?.contains("uneven") == true)
    }

    @Test("Bursts every ten seconds are no shortfall, and what is over is forgotten")
    func bursts() {
        var watch = RateWatch()
        for second in 0...100 {
            let scored = UInt64(second / 10 * 50)
            watch.note(
                .init(received: scored * 2, scored: scored),
                at: MonotonicTime(nanoseconds: Int64(second) * 1_000_000_000))
            if second >= 40 { #expect(watch.shortfall(of: 5) == nil, "second \(second)") }
        }
        watch.reset()
        #expect(watch.shortfall(of: 5) == nil)
    }
}
