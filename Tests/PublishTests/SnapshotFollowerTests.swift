import FoundationEssentials
import Glibc
import Testing
import Video

@testable import Publish

@Suite struct SnapshotFollowerTests {
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
    func write(_ kind: SnapshotKind, camera: String = "porch") throws -> String {
        try store.write([1, 2, 3], camera: camera, kind: kind)
    }

    func picture(_ name: String, id: String = event) -> SnapshotKind { .event(id: id, start: someTime, name: name) }

    /// Everything that has come: inotify has told of a rename when rename(2) returns, so nothing is waited for.
    func drain(_ follower: SnapshotFollower) throws -> [String] {
        var paths: [String] = []
        while let new = try follower.next(timeout: .zero), !new.isEmpty { paths += new.map(\.path) }
        return paths
    }

    @Test func tellsEachPictureOnceInNewDirectoriesToo() throws {
        let old = try write(.periodic(time: someTime))
        let follower = try SnapshotFollower(directory.path, SnapshotFilter())
        #expect(follower.existing.map(\.path) == [old])
        #expect(try drain(follower).isEmpty)
        // Camera, day and event are all new; each directory is filled before anybody could have begun to watch it.
        var written: Set<String> = []
        for name in ["start.png", "frame.png", "strip.png"] { written.insert(try write(picture(name), camera: "yard")) }
        written.insert(try write(.periodic(time: someTime + .seconds(86_400)), camera: "yard"))
        let told = try drain(follower)
        #expect(Set(told) == written)
        #expect(told.count == written.count)
        let next = try write(.periodic(time: someTime + .seconds(86_401)), camera: "yard")
        #expect(try drain(follower) == [next])
    }

    @Test func tellsEveryReplacementOfTheLatest() throws {
        let latest = try write(.latest)
        let follower = try SnapshotFollower(directory.path, SnapshotFilter())
        for _ in 0..<3 {
            try write(.latest)
            #expect(try drain(follower) == [latest])
        }
    }

    @Test func tellsARunningEventsEnd() throws {
        try write(picture("start.png"))
        let follower = try SnapshotFollower(directory.path, SnapshotFilter(kinds: [.event]))
        try write(.latest)
        #expect(try drain(follower).isEmpty)
        let strip = try write(picture("strip.png"))
        #expect(try drain(follower) == [strip])
    }

    @Test func goesOnAfterRetentionDeletedADay() throws {
        try write(.periodic(time: someTime))
        let follower = try SnapshotFollower(directory.path, SnapshotFilter())
        try FileManager.default.removeItem(atPath: directory.path + "/porch/snapshots/2026-09-01")
        let again = try write(.periodic(time: someTime))
        #expect(try drain(follower) == [again])
    }

    @Test func endsWhenNobodyReadsOn() throws {
        let follower = try SnapshotFollower(directory.path, SnapshotFilter())
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        close(ends[0])
        #expect(try follower.next(timeout: .seconds(60), output: ends[1]) == nil)
        close(ends[1])
    }

    @Test func saysThatTheDirectoryIsGone() throws {
        let follower = try SnapshotFollower(directory.path, SnapshotFilter())
        try FileManager.default.removeItem(atPath: directory.path)
        #expect(throws: PublishError.self) {
            while let new = try follower.next(timeout: .zero), new.isEmpty {}
        }
    }

    @Test func isNotLedAwayByALink() throws {
        let elsewhere = try TemporaryDirectory()
        let other = try SnapshotStore(settings: SnapshotStoreSettings(directory: elsewhere.path), log: quiet)
        let follower = try SnapshotFollower(directory.path, SnapshotFilter())
        try FileManager.default.createSymbolicLink(
            atPath: directory.path + "/yard", withDestinationPath: elsewhere.path + "/porch")
        _ = try other.write([1], camera: "porch", kind: .latest)
        #expect(try drain(follower).isEmpty)
    }
}
