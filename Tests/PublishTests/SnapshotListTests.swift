import FoundationEssentials
import Glibc
import Testing
import Video

@testable import Publish

@Suite struct SnapshotListTests {
    let directory: TemporaryDirectory
    let store: SnapshotStore
    static let event = "01K4ZZZZZZZZZZZZZZZZZZZZZZ"

    init() throws {
        directory = try TemporaryDirectory()
        var settings = SnapshotStoreSettings(directory: directory.path, freeSpaceFloor: 0)
        settings.freeSpace = { _ in .max }
        store = try SnapshotStore(settings: settings, log: quiet)
    }

    @discardableResult
    func write(_ kind: SnapshotKind, camera: String = "porch", count: Int = 3) throws -> String {
        try store.write([UInt8](repeating: 7, count: count), camera: camera, kind: kind)
    }

    func picture(_ name: String) -> SnapshotKind { .event(id: Self.event, start: someTime, name: name) }

    /// Gives files the dates on which the order rests.
    func date(_ path: String, seconds: Int) throws {
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: Double(seconds))], ofItemAtPath: path)
    }

    @Test func listsWhatTheStoreWroteTheNewestLast() throws {
        let paths = [
            try write(picture("start.png")), try write(.periodic(time: someTime), camera: "yard", count: 5),
            try write(.latest), try write(picture("strip.png")),
        ]
        for (index, path) in paths.enumerated() { try date(path, seconds: 1000 + index) }
        let found = try SnapshotList.read(directory.path, SnapshotFilter())
        #expect(found.map(\.path) == paths)
        #expect(found.map(\.kind) == [.event, .periodic, .latest, .event])
        #expect(found.map(\.camera) == ["porch", "yard", "porch", "porch"])
        #expect(found.map(\.event) == [Self.event, nil, nil, Self.event])
        #expect(found[1].byteCount == 5)
        #expect(found[1].time == UTCTime(microseconds: 1_001_000_000))
    }

    @Test func leavesOutWhatIsNotAskedFor() throws {
        let start = try write(picture("start.png"))
        try write(.latest)
        try write(.latest, camera: "yard")
        let events = SnapshotFilter(kinds: [.event])
        #expect(try SnapshotList.read(directory.path, events).map(\.path) == [start])
        let yard = try SnapshotList.read(directory.path, SnapshotFilter(cameras: ["yard"]))
        #expect(yard.map(\.camera) == ["yard"])
    }

    @Test func passesOverWhatZanzoDidNotWrite() throws {
        let day = directory.path + "/porch/snapshots/2026-09-01"
        try write(.periodic(time: someTime))
        try writeFile([1], day + "/holiday.png")
        try writeFile([1], day + "/.02-03-04.123456.png.1-1.zanzo-tmp")
        try writeFile([1], directory.path + "/events.jsonl")
        try FileManager.default.createSymbolicLink(atPath: directory.path + "/link", withDestinationPath: "porch")
        #expect(try SnapshotList.read(directory.path, SnapshotFilter()).count == 1)
    }

    @Test func saysHowToNameAnotherDirectory() throws {
        let error = #expect(throws: PublishError.self) {
            try SnapshotList.read(directory.path + "/none", SnapshotFilter())
        }
        #expect(error?.message.contains("--directory") == true)
    }
}
