import Testing

@testable import Training

/// A store gives back what was written, and after a crash all that was whole.
@Suite struct FrameStoreTests {
    let folder: Folder

    init() throws { folder = try Folder() }

    private static let record = FrameStoreFormat.recordByteCount(size: 16)

    @Test(arguments: [16, 32]) func whatIsWrittenIsRead(_ size: Int) throws {
        let store = try folder.store([7, 1, 12], size: size)
        #expect(store.size == size && store.isComplete && store.damagedCount == 0 && store.frameCount == 20)
        #expect(store.clips.map(\.count) == [7, 1, 12])
        #expect(store.clips.map(\.source) == ["clip-0", "clip-1", "clip-2"])
        #expect(store.clips[0].rate == 5 && store.clips[2].rate == 5 && store.clips[2].start == 2_000_000_000)
        for (number, clip) in store.clips.enumerated() {
            for frame in 0..<clip.count {
                #expect(Array(store.luma(clip, frame)) == Folder.frame(number, frame, size: size))
            }
        }
    }

    /// Times in units of 0.2 s; clips as they must come out.
    @Test(
        arguments: [
            ([0, 1, 2, 3, 7, 8, 9], [4, 3]), ([0, 1, 3, 4, 5], [5]), ([0, 1, 2, 1, 2, 3], [3, 3]),
            ([0, 1, 2, 100], [3, 1]), ([5, 5, 6, 7, 8], [5]), ([4], [1]), ([], []),
        ] as [([Int64], [Int])])
    func aHoleInTheTimesIsAGap(_ times: [Int64], _ counts: [Int]) throws {
        let writer = try FrameStoreWriter(creating: folder.file("g"), size: 16)
        try writer.begin(source: "x", rate: nil)
        for time in times {
            try Folder.frame(0, Int(time)).withUnsafeBufferPointer { try writer.append(luma: $0, time: time * 200_000) }
        }
        try writer.sync()
        let store = try FrameStore(path: folder.file("g"))
        #expect(store.clips.map(\.count) == counts && !store.isComplete)
        let joined = store.clips.flatMap { clip in (0..<clip.count).map { Array(store.luma(clip, $0)) } }
        #expect(joined == times.map { Folder.frame(0, Int($0)) })
    }

    /// A crash in the middle of the last record, wherever.
    @Test(arguments: [1, 3, 4, 15, 16, 17, 200, 271]) func aTornFrameIsDroppedAndRecordingGoesOn(_ kept: Int) throws {
        _ = try folder.store([5], ends: false)
        let whole = try folder.bytes("a.frames")
        try folder.write(Array(whole.dropLast(Self.record - kept)), "a.frames")
        let torn = try FrameStore(path: folder.file("a.frames"))
        #expect(torn.frameCount == 4 && torn.damagedCount == 1)
        try append("a.frames", [4])
        #expect(try folder.bytes("a.frames") == whole)
    }

    @Test(arguments: [0, 4, 8, 100]) func aSpoiltFrameIsAGap(_ byte: Int) throws {
        let before = try folder.store([6]).fingerprint
        var bytes = try folder.bytes("a.frames")
        bytes[64 + 3 * Self.record + byte] ^= 0x40
        try folder.write(bytes, "a.frames")
        let store = try FrameStore(path: folder.file("a.frames"))
        #expect(store.clips.map(\.count) == [2, 3] && store.damagedCount == 1 && store.fingerprint != before)
        #expect(Array(store.luma(store.clips[1], 0)) == Folder.frame(0, 3))
    }

    @Test func zerosAtTheEndAreCutOff() throws {
        let whole = try folder.store([5], ends: false)
        let (bytes, print) = (try folder.bytes("a.frames"), whole.fingerprint)
        try folder.write(bytes + [UInt8](repeating: 0, count: 3 * Self.record + 7), "a.frames")
        #expect(try FrameStore(path: folder.file("a.frames")).frameCount == 5)
        _ = try FrameStoreWriter(appendingTo: folder.file("a.frames"))
        #expect(try folder.bytes("a.frames") == bytes)
        #expect(try FrameStore(path: folder.file("a.frames")).fingerprint == print)
    }

    @Test func anEndMarkIsTakenAwayToGoOn() throws {
        _ = try folder.store([3])
        try append("a.frames", [3, 4])
        let store = try FrameStore(path: folder.file("a.frames"))
        #expect(store.clips.map(\.count) == [5] && !store.isComplete)
    }

    @Test func twoWritersOfOneFileAreRefused() throws {
        let path = folder.file("a.frames")
        let first = try FrameStoreWriter(creating: path, size: 16)
        for begins in [true, false] {
            let error = #expect(throws: FrameStoreError.self) {
                _ = try begins ? FrameStoreWriter(creating: path, size: 16) : FrameStoreWriter(appendingTo: path)
            }
            #expect(error?.message.contains("another process") == true)
        }
        try first.sync()
    }

    /// Somebody trains on a store in whose place another is begun: the pages that are mapped stay.
    @Test func aStoreThatIsMappedOutlivesItsName() throws {
        let old = try folder.store([9])
        let new = try FrameStoreWriter(creating: folder.file("a.frames"), size: 32)
        for frame in 0..<9 { #expect(Array(old.luma(old.clips[0], frame)) == Folder.frame(0, frame)) }
        #expect(try FrameStore(path: folder.file("a.frames")).size == 32)
        try new.sync()
        let other = try FrameStoreWriter(creating: folder.file("b.frames"), size: 16)
        try other.move(to: folder.file("a.frames"))
        #expect(try FrameStore(path: folder.file("a.frames")).size == 16 && other.path == folder.file("a.frames"))
        #expect(throws: FrameStoreError.self) { try FrameStore(path: folder.file("b.frames")) }
        #expect(throws: FrameStoreError.self) { try other.move(to: folder.file("none/a.frames")) }
    }

    /// The header can't be written (no temporary file has room for its name): what has the name is the old file, or nothing.
    @Test func aHeaderIsThereWholeOrNotAtAll() throws {
        let name = String(repeating: "n", count: 250)
        #expect(throws: FrameStoreError.self) { try FrameStoreWriter(creating: folder.file(name), size: 16) }
        #expect(throws: (any Error).self) { try folder.bytes(name) }
        _ = try folder.store([3])
        let bytes = try folder.bytes("a.frames")
        try folder.write(bytes, name)
        let error = #expect(throws: FrameStoreError.self) {
            try FrameStoreWriter(creating: folder.file(name), size: 16)
        }
        #expect(error?.message.hasPrefix("cannot be written: ") == true)
        #expect(try folder.bytes(name) == bytes)
    }

    @Test func sessionsSayWhatWasAsked() throws {
        let name = String(repeating: "x", count: 300)
        let writer = try FrameStoreWriter(creating: folder.file("s"), size: 16)
        let asked: [(String, Double?)] = [("a", 5), ("a", 5), (name, nil), ("a", 2)]
        for (source, rate) in asked { try writer.begin(source: source, rate: rate) }
        let begun = try FrameStore(path: folder.file("s"))
        #expect(begun.sessions.map(\.source) == ["a", FrameStore.storedName(name), "a"])
        #expect(begun.sessions.map(\.rate) == [5, nil, 2] && begun.frameCount == 0)
        #expect(!begun.isComplete && begun.recordedFor == nil)
        try writer.finish(recordedFor: .seconds(90))
        let whole = try FrameStore(path: folder.file("s"))
        #expect(whole.isComplete && whole.recordedFor == .seconds(90))
        #expect(try folder.store([2]).recordedFor == nil)
    }

    /// Times that no clock of ours gives, with checks that fit: each such frame is a damaged one.
    @Test(arguments: [.min, -1, 1 << 53 | 1, .max] as [Int64])
    func aTimeFromOutsideIsDamage(_ time: Int64) throws {
        _ = try folder.store([6])
        var bytes = try folder.bytes("a.frames")
        let at = 64 + 3 * Self.record
        bytes.withUnsafeMutableBytes { bytes in
            let record = UnsafeMutableRawBufferPointer(rebasing: bytes[at..<at + Self.record])
            record.storeBytes(of: time.littleEndian, toByteOffset: 8, as: Int64.self)
            let check = FrameStoreFormat.check(record: UnsafeRawBufferPointer(record))
            record.storeBytes(of: check.littleEndian, as: UInt32.self)
        }
        try folder.write(bytes, "a.frames")
        let store = try FrameStore(path: folder.file("a.frames"))
        #expect(store.clips.map(\.count) == [2, 3] && store.damagedCount == 1)
        // The writer itself stays within them.
        let writer = try FrameStoreWriter(creating: folder.file("w"), size: 16)
        try writer.begin(source: "x", rate: 5)
        try Folder.frame(0, 0).withUnsafeBufferPointer { try writer.append(luma: $0, time: time) }
        #expect(try FrameStore(path: folder.file("w")).frameCount == 1)
    }

    @Test func aLongNameIsCutAtAWholeCharacter() throws {
        let writer = try FrameStoreWriter(creating: folder.file("n"), size: 16)
        try writer.begin(source: String(repeating: "像", count: 100), rate: 5)
        try Folder.frame(0, 0).withUnsafeBufferPointer { try writer.append(luma: $0, time: 0) }
        #expect(try FrameStore(path: folder.file("n")).clips[0].source == String(repeating: "像", count: 66))
    }

    static let wrong: [(String, [UInt8], String)] = {
        let header = FrameStoreFormat.header(size: 16)
        func changed(_ at: Int) -> [UInt8] { header.enumerated().map { $0.offset == at ? $0.element ^ 1 : $0.element } }
        return [
            ("empty", [], "too short"), ("short", Array(header.dropLast()), "too short"),
            ("text", Array(repeating: 65, count: 100), "is not a frame store"), ("size", changed(12), "damaged header"),
            ("version", changed(8), "damaged header"),
        ]
    }()

    @Test(arguments: wrong) func wrongFilesAreNamed(_ name: String, _ bytes: [UInt8], _ word: String) throws {
        try folder.write(bytes, name)
        let error = #expect(throws: FrameStoreError.self) { try FrameStore(path: folder.file(name)) }
        #expect(error?.description.hasPrefix(folder.file(name) + ": ") == true)
        #expect(error?.message.contains(word) == true, "\(error?.message ?? "")")
    }

    @Test func whatIsNoFileIsNamed() throws {
        for path in [folder.path, folder.file("none")] {
            let error = #expect(throws: FrameStoreError.self) { try FrameStore(path: path) }
            #expect(error?.path == path)
        }
        #expect(throws: FrameStoreError.self) { try FrameStoreWriter(creating: folder.file("no/a"), size: 16) }
    }

    private func append(_ name: String, _ frames: [Int]) throws {
        let writer = try FrameStoreWriter(appendingTo: folder.file(name))
        for frame in frames {
            try Folder.frame(0, frame).withUnsafeBufferPointer {
                try writer.append(luma: $0, time: Int64(frame) * 200_000)
            }
        }
        try writer.sync()
    }
}
