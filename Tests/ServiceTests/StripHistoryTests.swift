import Testing
import Video

@testable import Service

@Suite struct StripHistoryTests {
    static let size = FrameSize(width: 2, height: 2)

    /// Plays `before` frames, then an event of `during` frames, ten a second; every frame's luma is its number.
    static func strip(before: Int, during: Int) -> (seconds: [Double], luma: [UInt8], isEvent: [Bool]) {
        var history = StripHistory(modelSize: size)
        let slot = FrameSlot(modelSize: size, pictureCapacity: size)
        let output = UnsafeMutableBufferPointer<Float>.allocate(capacity: size.area)
        defer { output.deallocate() }
        output.initialize(repeating: 0)
        for frame in 0..<(before + during) {
            slot.time = MonotonicTime(nanoseconds: Int64(frame) * 100_000_000)
            slot.luma.update(repeating: UInt8(truncatingIfNeeded: frame))
            let rebuilt = UnsafeBufferPointer(output)
            if frame < before {
                history.note(slot, output: rebuilt)
            } else if frame == before {
                history.begin(slot, output: rebuilt)
            } else {
                history.noteDuringEvent(slot, output: rebuilt)
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
        guard let last = event.last else { return }
        #expect(last >= Double(during) / 10 * 0.75 - 0.5)
        let gaps = zip(event.dropFirst(), event).map { $0 - $1 }
        #expect((gaps.max() ?? 0) - (gaps.min() ?? 0) < 1e-9)
    }
}
