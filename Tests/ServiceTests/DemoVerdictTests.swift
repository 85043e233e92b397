import Capture
import Testing
import Video

@testable import Service

@Suite struct DemoVerdictTests {
    static let staged = [
        SyntheticAnomaly(.van, start: .seconds(10), duration: .seconds(4)),
        SyntheticAnomaly(.fire, start: .seconds(30), duration: .seconds(4)),
    ]

    static func heard(_ second: Double) -> HeardEvent {
        HeardEvent(id: "e\(second)", startFrame: UInt64(second * 15) + 1, peak: 2, picture: nil)
    }

    @Test(
        arguments: [
            ([11, 31], "2 anomalies, 2 found, 0 missed, 0 false alarms", true),
            ([11, 12, 31], "2 anomalies, 2 found, 0 missed, 0 false alarms", true),
            ([11], "2 anomalies, 1 found, 1 missed, 0 false alarms", false),
            ([11, 20, 31], "2 anomalies, 2 found, 0 missed, 1 false alarms", false),
            ([9, 31], "2 anomalies, 1 found, 1 missed, 1 false alarms", false),
            ([], "2 anomalies, 0 found, 2 missed, 0 false alarms", false),
        ] as [([Double], String, Bool)])
    func countsFoundMissedAndFalse(seconds: [Double], summary: String, isClean: Bool) {
        let verdict = DemoVerdict(anomalies: Self.staged, events: seconds.map(Self.heard), rate: 15)
        #expect(verdict.summary == summary)
        #expect(verdict.isClean == isClean)
        #expect(verdict.table(under: "/").contains("MISSED") == (verdict.found < 2))
        #expect(verdict.table(under: "/").contains("FALSE ALARM") == !verdict.falseAlarms.isEmpty)
    }

    @Test func picturesAreNamedFromWhereOneStands() {
        var event = Self.heard(11)
        event.picture = "/home/eva/zanzo/demo-out/street/start.png"
        let verdict = DemoVerdict(anomalies: Self.staged, events: [event], rate: 15)
        #expect(verdict.table(under: "/home/eva/zanzo").contains(" demo-out/street/start.png\n"))
        #expect(verdict.table(under: "/home/eva/zan").contains(" /home/eva/zanzo/demo-out/street/start.png\n"))
    }

    @Test func delayRunsFromTheAnomalysFirstFrame() {
        let verdict = DemoVerdict(anomalies: Self.staged, events: [Self.heard(10.4)], rate: 15)
        #expect(verdict.rows[0].delay?.seconds == 0.4)
    }
}
