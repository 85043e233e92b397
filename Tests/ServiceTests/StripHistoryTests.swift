import Testing
import Video

@testable import Service

@Suite struct StripHistoryTests {
    static let size = FrameSize(width: 2, height: 2)

    /// Plays `before` frames, then an event of `during` frames, ten a second; every frame's luma is its number. The
    /// event's frame `peak` has the highest score.
    static func strip(
        before: Int, during: Int, peak: Int = 0
    ) -> (seconds: [Double], luma: [UInt8], isEvent: [Bool]) {
        var history = StripHistory(modelSize: size)
        let slot = FrameSlot(modelSize: size, pictureCapacity: size)
        let output = UnsafeMutableBufferPointer<Float>.allocate(capacity: size.area)
        defer { output.deallocate() }
        output.initialize(repeating: 0)
        for frame in 0..<(before + during) {
            slot.time = MonotonicTime(nanoseconds: Int64(frame) * 100_000_000)
            slot.luma.update(repeating: UInt8(truncatingIfNeeded: frame))
            let rebuilt = UnsafeBufferPointer(output)
            let score = frame == before + peak ? 9.0 : 1.5
            if frame < before {
                history.note(slot, output: rebuilt)
            } else if frame == before {
                history.begin(slot, score: score, output: rebuilt)
            } else {
                history.noteDuringEvent(slot, score: score, output: rebuilt)
            }
        }
        let copy = Strip(capacity: StripHistory.capacity, modelSize: size)
        history.copy(to: copy)
        let range = 0..<copy.count
        return (
            range.map { copy.columns[$0].time.nanoseconds }.map { Double($0) / 1e9 - Double(before) / 10 },
            range.map { copy.luma($0)[0] }, range.map { copy.columns[$0].isDuringEvent }
        )
    }

    @Test func aShortEventHasFourColumnsBeforeItHalfASecondApart() {
        let strip = Self.strip(before: 100, during: 11)
        #expect(strip.isEvent == [false, false, false, false, true, true, true])
        #expect(zip(strip.seconds, [-2, -1.5, -1, -0.5, 0, 0.5, 1]).allSatisfy { abs($0 - $1) < 1e-9 })
        #expect(strip.luma == [80, 85, 90, 95, 100, 105, 110])
    }

    @Test(arguments: [0, 1, 7, 100], [1, 30, 200, 3_000])
    func columnsSpanTheWholeEventEvenly(before: Int, during: Int) {
        let strip = Self.strip(before: before, during: during)
        #expect(strip.seconds.count <= StripHistory.capacity)
        #expect(strip.seconds == strip.seconds.sorted())
        let event = zip(strip.seconds, strip.isEvent).filter(\.1).map(\.0)
        #expect(event.first == 0)
        #expect(abs((event.last ?? 0) - Double(during - 1) / 10) < 1e-9, "the last frame is there")
        // All but the last column are evenly apart, and the last is no further.
        let gaps = zip(event.dropFirst(), event).map { $0 - $1 }
        let even = gaps.dropLast()
        #expect((even.max() ?? 0) - (even.min() ?? 0) < 1e-9)
        #expect((gaps.last ?? 0) <= (even.first ?? 1) + 1e-9)
    }

    /// Neither falls on a column that the stride takes, and the event is so long that columns were given up.
    @Test(arguments: [1, 3, 42, 123, 198, 199])
    func thePeakAndTheLastFrameAreShown(peak: Int) {
        let strip = Self.strip(before: 20, during: 200, peak: peak)
        #expect(strip.luma.contains(UInt8(20 + peak)))
        #expect(strip.luma.last == 219)
        #expect(Set(strip.luma).count == strip.luma.count, "no frame twice")
        #expect(strip.luma == strip.luma.sorted() && strip.luma.count <= StripHistory.capacity)
    }
}
