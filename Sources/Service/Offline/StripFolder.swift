import Capture
import Files
import Glibc
import Pictures
import Video

/// The folder that a recording fills with strips, `strip-FIRST.png`, each named by its first frame.
///
/// A strip appears in one step, and the one that is being filled is written every few seconds as far as it is: whatever ends
/// the process, what lies there is whole strips of one recording, and little is missing.
final class StripFolder {
    /// What is not on the disk yet is lost where the process is killed: no more than comes in this time.
    static let writeEvery = Duration.seconds(10)

    /// Frames that lie in the folder.
    private(set) var kept = 0

    private let path: String
    private let size: Int
    private let framesPerStrip: Int
    private let time: any TimeSource
    /// Locked (flock(2)) as long as it is open: two recordings would overwrite each other's strips.
    private var folder: Int32 = -1
    /// Strips of an earlier recording, which go when this one has its first frame.
    private var old: [String] = []
    /// Frames that are in no full strip yet, and the number of the first of them.
    private var pending: [[UInt8]] = []
    private var first = 0
    private var written: MonotonicTime

    /// The folder at `path`, made where it is missing, for frames of `size` × `size` pixels.
    ///
    /// Throws where it can't be made or is in use, and, unless `overwrites` is set, where strips lie in it: in a folder they
    /// would be taken for parts of one recording.
    init(_ path: String, size: Int, overwrites: Bool, time: any TimeSource = SystemTime()) throws(StartError) {
        (self.path, self.size, self.time) = (path, size, time)
        // As wide as a PNG reader can be expected to take: 256 frames of 64 pixels.
        framesPerStrip = max(4, PNG.maximumSide / size)
        written = time.now()
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
            throw StartError(message: "--out \(path): \(errorText(errno)): name a folder that can be made there")
        }
        folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0, let names = Directory.names(in: path) else {
            throw StartError(message: "--out \(path): \(errorText(errno)): name a folder that can be written")
        }
        while flock(folder, LOCK_EX | LOCK_NB) != 0 {
            if errno == EINTR { continue }
            throw StartError(message: "--out \(path): another recording is at work there: name another folder")
        }
        old = names.filter { StripFile.first(ofName: $0) != nil }.sorted()
        guard old.isEmpty || overwrites else {
            throw StartError(
                message:
                    "--out \(path): \(counted(old.count, "strip")) of another recording \(old.count == 1 ? "lies" : "lie") there (\(old[0]) first): name another "
                    + "folder, or --overwrite to delete them")
        }
    }

    deinit { if folder >= 0 { close(folder) } }

    /// Adds a frame: `size` × `size` bytes of luma.
    func append(_ luma: [UInt8]) throws {
        try removeOld()
        pending.append(luma)
        // Two are held back, so that the last strip is never a single frame: nobody could tell its size.
        if pending.count == framesPerStrip + 2 {
            try write(framesPerStrip)
            pending.removeFirst(framesPerStrip)
            first += framesPerStrip
        } else if pending.count > 1, time.now() - written >= Self.writeEvery {
            try write(min(pending.count, framesPerStrip))
        }
    }

    /// Writes what is left. A single frame is no strip, and is not kept.
    func finish() throws {
        defer { pending = [] }
        if pending.count > framesPerStrip {
            let count = pending.count - 2
            try writeWhatFits(count)
            pending.removeFirst(count)
            first += count
        }
        if pending.count > 1 { try writeWhatFits(pending.count) }
    }

    /// Writes `count` frames; where the disk has no room for so many, as many of the first as it has room for, and throws then.
    private func writeWhatFits(_ count: Int) throws {
        do {
            try write(count)
        } catch let error as FileError where error.code == .noSpace {
            var fewer = count / 2
            while fewer > max(1, kept - first) {
                if (try? write(fewer)) != nil { break }
                fewer /= 2
            }
            throw error
        }
    }

    private func removeOld() throws(StartError) {
        for name in old where unlinkat(folder, name, 0) != 0 && errno != ENOENT {
            throw StartError(message: "--overwrite: \(path)/\(name): \(errorText(errno)): delete it by hand")
        }
        old = []
    }

    /// Writes the first `count` of the pending frames, in the place of what was written of them before.
    private func write(_ count: Int) throws {
        var canvas = Canvas(width: size * count, height: size)
        for (index, luma) in pending.prefix(count).enumerated() {
            luma.withUnsafeBufferPointer {
                canvas.draw(luma: $0, source: (size, size), x: index * size, y: 0, width: size, height: size)
            }
        }
        let name = StripFile.name(first: first)
        try AtomicFile.write(try PNG.encode(canvas), path: path + "/" + name)
        kept = max(kept, first + count)
        written = time.now()
    }
}
