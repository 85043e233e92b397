import FoundationEssentials
import Testing
import Video

@testable import Publish

@Suite struct EventTests {
    @Test func aLineIsTheDesignsCloudEvent() {
        var data = EventData()
        data.score = 1.66123
        data.threshold = 0.012101
        data.raw = 0.0201
        data.frame = 88121
        data.regions = [EventRegion(box: [0.4, 0.5, 0.1, 0.20001], score: 2.904)]
        data.model = "sha256:12ab"
        data.snapshot = "/var/lib/zanzo/porch/start.png"
        let event = Event(
            id: "01K40000000000000000000000", type: .anomalyStart, camera: "porch", event: "01K4EVENT", time: someTime,
            data: data)
        #expect(
            text(event.line(sequence: 1042, host: "box")) == """
                {"specversion":"1.0","id":"01K40000000000000000000000","source":"/zanzo/box/porch",\
                "type":"dev.zanzo.anomaly.start.v1","subject":"porch/01K4EVENT",\
                "time":"2026-09-01T02:03:04.123456Z","sequence":"00000000000000001042",\
                "data":{"camera":"porch","event":"01K4EVENT","score":1.661,"threshold":0.0121,"raw":0.0201,\
                "frame":88121,"regions":[{"box":[0.4,0.5,0.1,0.2],"score":2.9}],"model":"sha256:12ab",\
                "snapshot":"/var/lib/zanzo/porch/start.png"}}

                """)
    }

    @Test func anEventOfTheDaemonHasNoCameraAndNoSubject() {
        let line = event(1, type: .configReloaded, camera: nil).line(sequence: 1, host: "my box/ä")
        #expect(text(line).contains(#""source":"/zanzo/my%20box%2F%C3%A4","type""#))
        #expect(!text(line).contains("subject"))
    }

    @Test(arguments: EventType.allCases)
    func everyTypeIsReadBackWhole(type: EventType) throws {
        var data = EventData()
        data.message = "a \"quote\", a \\, a\nline, \u{1}, ä and 残像, ,\"type\":\"dev.zanzo.fake\""
        data.dropped = ["missed": 3, "a\"b": 1]
        data.cameras = ["porch", "gate"]
        data.free = 12
        let sent = Event(id: "X", type: type, camera: "porch", event: "E", time: someTime, data: data)
        let bytes = sent.line(sequence: 7, host: "box")
        #expect(bytes.filter { $0 == 0x0A }.count == 1 && bytes.last == 0x0A, "one line")
        let line = try #require(EventLine(bytes))
        #expect(line.eventType == type && line.data == sent.data && line.utc == someTime)
        #expect(line.sequence == "00000000000000000007" && line.subject == "porch/E")
        let scanned = try #require(LineScanner.scan(bytes[...]))
        #expect(scanned == PublishedLine(sequence: 7, type: type, camera: "porch", bytes: bytes))
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity, 1e300, -0.0, 5.5e-300, 123_456_789])
    func oddNumbersNeverBreakALine(number: Double) throws {
        var data = EventData()
        (data.score, data.threshold, data.raw, data.peak, data.duration) = (number, number, number, number, number)
        data.regions = [EventRegion(box: [0, 0, 1, 1], score: number.isFinite ? number : 1)]
        let sent = Event(id: "X", type: .anomalyEnd, camera: "c", event: nil, time: someTime, data: data)
        let line = try #require(EventLine(sent.line(sequence: 1, host: "h")))
        if number.isFinite { #expect(line.data.score != nil) } else { #expect(line.data.score == nil) }
    }

    @Test(arguments: [
        "", "{", "{}", "garbage", #"{"a":1,"sequence":"12"}"#, #"{"a":1,"sequence":"0000000000000000000x"}"#,
        #"{"a":1,"sequence":"18446744073709551615"}"#, #"{"a":1,"sequence":"00000000000000000012"#,
        #"["a",1,"sequence":"00000000000000000012"]"#,
    ])
    func foreignLinesAreNotEvents(line: String) {
        #expect(LineScanner.scan(Array(line.utf8)[...]) == nil)
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000000Z"), (1_788_228_184_123_456, "2026-09-01T02:03:04.123456Z"),
        (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"), (-1, "1969-12-31T23:59:59.999999Z"),
        (4_107_542_399_999_999, "2100-02-28T23:59:59.999999Z"), (4_107_542_400_000_000, "2100-03-01T00:00:00.000000Z"),
    ])
    func timesAreRFC3339(microseconds: Int64, text: String) {
        let time = UTCTime(microseconds: microseconds)
        #expect(TimeText.rfc3339(time) == text)
        #expect(TimeText.parse(rfc3339: text) == time)
        #expect(TimeText.parse(date: TimeText.date(time), clock: TimeText.clock(time)) == time)
    }

    @Test func timesBeyondRFC3339StayWritable() {
        #expect(TimeText.rfc3339(UTCTime(microseconds: .max)) == "9999-12-31T23:59:59.999999Z")
        #expect(TimeText.rfc3339(UTCTime(microseconds: .min)) == "0000-01-01T00:00:00.000000Z")
        for text in ["", "2026-13-01T00:00:00.000000Z", "2026-01-01 00:00:00.000000Z", "2026-01-01T00:00:00Z"] {
            #expect(TimeText.parse(rfc3339: text) == nil)
        }
    }

    @Test func identitiesSortByTimeAndGrowWithinAMillisecond() {
        var random = SystemRandomNumberGenerator()
        var generator = ULIDGenerator()
        var all: [String] = []
        for step in 0..<2000 {
            // The clock stands still for a while, then is set back.
            let offset = Int64(step < 1000 ? step / 100 * 1000 : -5_000_000)
            all.append(generator.next(time: UTCTime(microseconds: someTime.microseconds + offset), using: &random))
        }
        #expect(all == all.sorted() && Set(all).count == all.count)
        #expect(all.allSatisfy { $0.utf8.count == 26 })
        #expect(ULID.time(of: all[0]) == UTCTime(microseconds: someTime.microseconds / 1000 * 1000))
        #expect(ULID.time(of: "01ARZ3NDEKTSV4RRFFQ69G5FAV") == UTCTime(microseconds: 1_469_922_850_259_000))
        #expect(ULID.time(of: "81ARZ3NDEKTSV4RRFFQ69G5FAV") == nil && ULID.time(of: "start.png") == nil)
    }

    @Test func theRandomPartUsesAllItsBits() {
        #expect(ULID.text(milliseconds: (1 << 48) - 1, high: .max, low: .max) == "7ZZZZZZZZZZZZZZZZZZZZZZZZZ")
        #expect(ULID.text(milliseconds: 0, high: 0, low: 1) == "00000000000000000000000001")
        #expect(ULID.text(milliseconds: 0, high: 1, low: 0) == "0000000000000G000000000000")
    }
}
