import FoundationEssentials
import Glibc
import Synchronization
import Testing
import Video

@testable import Publish

@Suite struct SnapshotStoreTests {
    let directory: TemporaryDirectory
    /// A disk of 10,000 bytes on which others occupy `others`.
    let disk: Disk

    /// A file system of which the snapshots' own bytes are really counted.
    final class Disk: Sendable {
        let others = Atomic<Int>(0)
        let path: String
        init(_ path: String) { self.path = path }
        var free: Int64 {
            Int64(10_000 - others.load(ordering: .relaxed) - usedBytes(path))
        }
    }

    init() throws {
        directory = try TemporaryDirectory()
        disk = Disk(directory.path)
    }

    func store(size: Int64 = .max, floor: Int64 = 0, age: Int64 = 1 << 30, eventAge: Int64 = 1 << 30) throws
        -> SnapshotStore
    {
        try SnapshotStore(
            settings: SnapshotStoreSettings(
                directory: directory.path, maximumByteCount: size, maximumAge: .seconds(age),
                maximumEventAge: .seconds(eventAge), freeSpaceFloor: floor, protectedAge: .seconds(60),
                freeSpace: { [disk] _ in disk.free }), log: quiet)
    }

    /// `count` bytes, `seconds` before now.
    @discardableResult
    func put(_ store: SnapshotStore, _ count: Int, seconds: Int64, camera: String = "porch") throws -> String {
        try store.write(
            [UInt8](repeating: 7, count: count), camera: camera, kind: .periodic(time: someTime + .seconds(-seconds)))
    }

    func putEvent(_ store: SnapshotStore, _ count: Int, seconds: Int64) throws -> [String] {
        let start = someTime + .seconds(-seconds)
        var random = SystemRandomNumberGenerator()
        let id = ULID.make(time: start, using: &random)
        return try ["start.png", "frame.png", "strip.png"].map { name in
            try store.write(
                [UInt8](repeating: 7, count: count), camera: "porch", kind: .event(id: id, start: start, name: name))
        }
    }

    func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    @Test func picturesLieWhereTheDesignSays() throws {
        let store = try store()
        let root = directory.path + "/porch/snapshots"
        #expect(try put(store, 10, seconds: 0) == root + "/2026-09-01/02-03-04.123456.png")
        #expect(try store.write([1], camera: "porch", kind: .latest) == root + "/latest.png")
        #expect(try store.write([2], camera: "porch", kind: .latest) == root + "/latest.png")
        #expect(readFile(root + "/latest.png") == [2])
        let event = SnapshotKind.event(id: "01ARZ3NDEKTSV4RRFFQ69G5FAV", start: someTime, name: "start.png")
        #expect(
            try store.write([3], camera: "porch", kind: event)
                == root + "/2026-09-01/01ARZ3NDEKTSV4RRFFQ69G5FAV/start.png")
        #expect(usedBytes(directory.path) == 12)
    }

    @Test(arguments: ["", "..", "a/b", "/etc", "a b", ".hidden", "ä", String(repeating: "x", count: 65)])
    func namesThatLeadElsewhereAreRefused(name: String) throws {
        let store = try store()
        #expect(throws: PublishError.self) { try store.write([1], camera: name, kind: .latest) }
        let id = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
        #expect(throws: PublishError.self) {
            try store.write([1], camera: "porch", kind: .event(id: name, start: someTime, name: "start.png"))
        }
        #expect(throws: PublishError.self) {
            try store.write([1], camera: "porch", kind: .event(id: id, start: someTime, name: name))
        }
    }

    @Test func theOldestGoFirstUntilTheSizeFits() throws {
        let store = try store(size: 250)
        let paths = try (0..<5).map { try put(store, 100, seconds: Int64($0) * 90_000, camera: "c\($0 % 2)") }
        let report = try store.sweep(now: someTime)
        #expect(paths.map(exists) == [true, true, false, false, false])
        #expect(report.files == 2 && report.byteCount == 200)
        #expect(report.removedFiles == 3 && report.removedByteCount == 300)
        #expect(try store.sweep(now: someTime).removedFiles == 0)
        // The days that became empty are gone, the one of today stays.
        #expect(!exists(directory.path + "/c0/snapshots/2026-08-28"))
        #expect(exists(directory.path + "/c0/snapshots/2026-09-01"))
    }

    @Test func agesAreDifferentForEvents() throws {
        let store = try store(age: 1000, eventAge: 5000)
        let kept = try [put(store, 1, seconds: 1000)] + putEvent(store, 1, seconds: 4999)
        let gone = try [put(store, 1, seconds: 1001)] + putEvent(store, 1, seconds: 5001)
        _ = try store.sweep(now: someTime)
        #expect(kept.allSatisfy(exists) && !gone.contains(where: exists))
    }

    @Test func anEventOutlivesYoungerPeriodicPicturesButNotForEver() throws {
        let store = try store(size: 35, age: 1000, eventAge: 3000)
        let old = try putEvent(store, 10, seconds: 2500)  // as good as a periodic one of 500 seconds
        let middle = try put(store, 10, seconds: 600)
        let young = try put(store, 5, seconds: 100)
        _ = try store.sweep(now: someTime)
        #expect(old.allSatisfy(exists) && !exists(middle) && exists(young))
        try put(store, 5, seconds: 50)
        _ = try store.sweep(now: someTime)
        #expect(!old.contains(where: exists), "then the event goes, as a whole")
        #expect(exists(young))
        #expect(!exists(old[0].replacing("/start.png", with: "")), "and its directory")
    }

    /// 10,000 bytes, 40 pictures of 100; others occupy what leaves `free`.
    @Test(arguments: [(0, 0), (100, 1), (101, 2), (1000, 10), (100_000, 39)])
    func freeSpaceIsMadeByDeletingNoMoreThanIsMissing(missing: Int, deleted: Int) throws {
        let store = try store(floor: 2000)
        for index in 0..<40 { try put(store, 100, seconds: Int64(index) * 30 + 45) }
        disk.others.store(10_000 - 4000 - 2000 + missing, ordering: .relaxed)
        // Nothing younger than a minute is touched: that is one of the 40.
        let report = try store.sweep(now: someTime)
        #expect(report.removedFiles == deleted)
        #expect(report.isLow == (missing > 3900) && report.didChange == report.isLow)
    }

    @Test func aDiskThatGivesSpaceBackLateIsNotEmptied() throws {
        let writer = try store()
        for index in 0..<40 { try put(writer, 100, seconds: Int64(index) * 30 + 100) }
        let late = try SnapshotStore(
            settings: SnapshotStoreSettings(
                directory: directory.path, freeSpaceFloor: 2000, protectedAge: .seconds(60), freeSpace: { _ in 1700 }),
            log: quiet)
        #expect(try late.sweep(now: someTime).removedFiles == 3)
    }

    @Test func lowStorageIsToldOnceAndHoldsPeriodicPicturesBack() throws {
        let store = try store(floor: 2000)
        disk.others.store(9000, ordering: .relaxed)
        var report = try store.sweep(now: someTime)
        #expect(report.isLow && report.didChange && report.free == 1000 && report.floor == 2000)
        #expect(try store.sweep(now: someTime).didChange == false)
        let error = #expect(throws: PublishError.self) { try put(store, 1, seconds: 0) }
        #expect(error?.code == .storageLow)
        #expect(try putEvent(store, 1, seconds: 0).allSatisfy(exists), "evidence is tried all the same")
        disk.others.store(7950, ordering: .relaxed)
        #expect(try store.sweep(now: someTime).isLow, "a little over the floor is not over it")
        disk.others.store(7000, ordering: .relaxed)
        report = try store.sweep(now: someTime)
        #expect(!report.isLow && report.didChange)
    }

    @Test func nothingThatItDidNotMakeIsDeleted() throws {
        let store = try store(size: 0, age: 1, eventAge: 1)
        let path = try put(store, 10, seconds: 1_000_000)
        let day = String(path.prefix(path.count - "/xx-xx-xx.xxxxxx.png".count))
        let event = try putEvent(store, 10, seconds: 1_000_000)
        let precious = try TemporaryDirectory()
        try writeFile([1], precious.path + "/start.png")
        let folder = directory.path + "/porch/snapshots"
        let foreign = [
            day + "/notes.txt", day + "/holiday.png", day + "/.hidden", event[0].replacing("start.png", with: "My.PNG"),
            folder + "/keep.png", directory.path + "/model.safetensors", directory.path + "/porch/state.png",
        ]
        for name in foreign { try writeFile([1], name) }
        #expect(symlink(precious.path, folder + "/2020-01-01") == 0)
        #expect(symlink(precious.path, day + "/01ARZ3NDEKTSV4RRFFQ69G5FAV") == 0)
        #expect(symlink(precious.path, directory.path + "/gate") == 0)
        #expect(symlink(precious.path + "/start.png", day + "/02-03-04.123457.png") == 0)
        let report = try store.sweep(now: someTime)
        #expect(report.removedFiles == 4 && report.failures == 0)
        #expect(foreign.allSatisfy(exists) && exists(precious.path + "/start.png"))
    }

    @Test func linksAreNotFollowedByWriters() throws {
        let store = try store()
        let elsewhere = try TemporaryDirectory()
        #expect(symlink(elsewhere.path, directory.path + "/porch") == 0)
        let error = #expect(throws: PublishError.self) { try put(store, 1, seconds: 0) }
        #expect(error?.description.contains("links are not followed") == true)
        #expect(try directoryEntries(elsewhere.path).count == 2, "only . and ..")
    }

    @Test func whatACrashLeftIsSweptAtTheStart() throws {
        let path = try put(store(), 1, seconds: 0)
        let slash = try #require(path.lastIndex(of: "/"))
        let left = path[..<slash] + "/.x.png.1-1.zanzo-tmp"
        try writeFile([1], String(left))
        _ = try store()
        #expect(!exists(String(left)) && exists(path))
    }

    @Test func aFutureClockKeepsThePictures() throws {
        let store = try store(age: 1000)
        let path = try put(store, 1, seconds: -86_400)
        #expect(try store.sweep(now: someTime).removedFiles == 0)
        #expect(exists(path))
    }

    @Test func theMachinesOwnFreeSpaceIsMeasured() throws {
        #expect(try #require(SnapshotStoreSettings.measureFreeSpace(directory.path)) > 0)
        #expect(SnapshotStoreSettings.measureFreeSpace("/nonexistent") == nil)
        #expect(throws: PublishError.self) {
            try SnapshotStore(settings: SnapshotStoreSettings(directory: "/proc/zanzo"), log: quiet)
        }
    }
}

/// The bytes in all regular files under a directory.
func usedBytes(_ path: String) -> Int {
    guard let all = try? FileManager.default.subpathsOfDirectory(atPath: path) else { return 0 }
    return all.reduce(0) { sum, name in
        var status = stat()
        guard lstat("\(path)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return sum }
        return sum + Int(status.st_size)
    }
}
