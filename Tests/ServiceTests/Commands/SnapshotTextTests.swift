import Publish
import Testing
import Video

@testable import Service

@Suite struct SnapshotTextTests {
    static let snapshot = Snapshot(
        path: "/p/porch/snapshots/2026-09-01/01K4ZZZZZZZZZZZZZZZZZZZZZZ/start.png", camera: "porch", kind: .event,
        event: "01K4ZZZZZZZZZZZZZZZZZZZZZZ", time: UTCTime(microseconds: 1_788_228_184_123_456), byteCount: 34_567)

    @Test func aPathIsNothingElse() throws {
        #expect(try SnapshotText.line(Self.snapshot, .path) == Self.snapshot.path)
    }

    @Test func aRowStandsUnderItsHead() throws {
        let row = try SnapshotText.line(Self.snapshot, .row)
        #expect(row == "2026-09-01 02:03:04  porch           event     33.8 KiB  \(Self.snapshot.path)")
        let columns = SnapshotText.head.split(separator: "PATH", omittingEmptySubsequences: false)[0].count
        #expect(row.dropFirst(columns) == Self.snapshot.path)
    }

    @Test func jsonNamesEverything() throws {
        let line = try SnapshotText.line(Self.snapshot, .json)
        #expect(
            line == """
                {"bytes":34567,"camera":"porch","event":"01K4ZZZZZZZZZZZZZZZZZZZZZZ","kind":"event",\
                "path":"\(Self.snapshot.path)","time":"2026-09-01T02:03:04.123456Z"}
                """)
    }

    @Test(arguments: [(0, "0 B"), (999, "999 B"), (1000, "0.977 KiB"), (1 << 20, "1 MiB"), (5 << 30, "5 GiB")])
    func sizesHaveThreeDigits(byteCount: Int64, text: String) { #expect(SnapshotText.size(byteCount) == text) }
}
