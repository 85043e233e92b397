import Publish
import Testing
import Video

@testable import Service

@Suite struct EventComposerTests {
    @Test(arguments: [true, false])
    func storageSaysHowMuchIsFreeAndHowMuchShouldBe(isLow: Bool) {
        var report = SweepReport()
        report.free = isLow ? 900 << 20 : 2 << 30
        report.floor = 1 << 30
        report.byteCount = 12_345
        report.isLow = isLow
        var composer = EventComposer()
        let event = composer.storage(report, time: UTCTime(microseconds: 0))
        #expect(event.type == .storageLow && event.camera == nil)
        #expect(event.data.reason == (isLow ? "low" : "recovered"))
        #expect(event.data.free == (isLow ? 900 << 20 : 2 << 30))
        #expect(event.data.floor == 1 << 30 && event.data.used == 12_345)
    }
}
