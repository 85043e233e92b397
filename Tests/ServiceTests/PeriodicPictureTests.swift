import Testing
import Video

@testable import Service

@Suite struct PeriodicPictureTests {
    /// Ten seconds at four frames a second: when a picture was asked for, and what for.
    static func snapshots(latest: Duration?, keep: Duration?) throws -> (latest: [Double], kept: [Double]) {
        var settings = DaemonFixture.camera(seconds: 1)
        settings.latestEvery = latest
        settings.snapshotEvery = keep
        let fixture = try CameraFixture(settings)
        var found = (latest: [Double](), kept: [Double]())
        for frame in 0..<40 {
            for report in fixture.process(seconds: Double(frame) / 4, seed: frame) {
                guard case .snapshot(let isLatest, let isKept) = report.kind else { continue }
                report.moment?.giveBack()
                if isLatest { found.latest.append(report.time.nanoseconds.seconds) }
                if isKept { found.kept.append(report.time.nanoseconds.seconds) }
            }
        }
        return found
    }

    @Test func latestPictureAndSnapshotsComeAsOftenAsConfigured() throws {
        let both = try Self.snapshots(latest: .seconds(2), keep: .seconds(3))
        #expect(both.latest == [0, 2, 4, 6, 8])
        #expect(both.kept == [0, 3, 6, 9])
    }

    @Test func eitherCanBeOff() throws {
        let snapshots = try Self.snapshots(latest: nil, keep: .seconds(5))
        #expect(snapshots.latest.isEmpty && snapshots.kept == [0, 5])
        let latest = try Self.snapshots(latest: .milliseconds(2500), keep: nil)
        #expect(latest.latest == [0, 2.5, 5, 7.5] && latest.kept.isEmpty)
        let none = try Self.snapshots(latest: nil, keep: nil)
        #expect(none.latest.isEmpty && none.kept.isEmpty)
    }
}

extension Int64 {
    /// These nanoseconds in seconds; exact for quarters of one.
    fileprivate var seconds: Double { Double(self) / 1e9 }
}
