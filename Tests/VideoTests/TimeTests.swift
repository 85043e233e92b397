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

extension TimeTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000000Z"), (951_782_400_000_001, "2000-02-29T00:00:00.000001Z"),
            (1_788_228_184_123_456, "2026-09-01T02:03:04.123456Z"), (-1, "1969-12-31T23:59:59.999999Z"),
            (4_107_542_399_999_999, "2100-02-28T23:59:59.999999Z"),
            (4_107_542_400_000_000, "2100-03-01T00:00:00.000000Z"),
        ])
    func utcIsWrittenAsRFC3339(microseconds: Int64, text: String) {
        #expect(UTCTime(microseconds: microseconds).description == text)
    }
}
