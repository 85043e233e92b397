import Testing
import Video

@Suite struct TimeTests {
    @Test func durationsAreExactInNanoseconds() {
        let start = MonotonicTime(nanoseconds: 5)
        #expect((start + .milliseconds(3) - start).nanoseconds == 3_000_000)
        #expect(Duration(seconds: 0.2).nanoseconds == 200_000_000)
        #expect((start - .seconds(1)).nanoseconds == 5 - 1_000_000_000)
    }

    @Test func simulatedTimeNeverRunsBackwards() {
        let time = SimulatedTime(start: MonotonicTime(nanoseconds: 1_000))
        let utc = time.utc()
        time.sleep(until: MonotonicTime(nanoseconds: 500))
        #expect(time.now().nanoseconds == 1_000)
        time.advance(by: .seconds(2))
        #expect(time.now().nanoseconds == 2_000_001_000)
        #expect(time.utc().microseconds - utc.microseconds == 2_000_000)
    }

    @Test func systemTimeSleepsToItsDeadline() {
        let time = SystemTime()
        let deadline = time.now() + .milliseconds(2)
        time.sleep(until: deadline)
        #expect(time.now() >= deadline)
    }
}
