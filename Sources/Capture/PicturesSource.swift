import Glibc
import Video

/// A directory of pictures in natural order (2.png before 10.png), one picture that is a strip of square frames side by side,
/// as the article's data set keeps its clips, or a directory of strips.
///
/// A damaged picture in a directory is counted, named and passed over: its place in time stays empty.
///
/// Frames are stamped at `options.rate` (25 a second where none is asked for). Between two strips of a directory a
/// `.formatChanged` says that another clip begins, but where the second goes on where the first ended (`StripFile.goesOn`).
final class PicturesSource: FrameSource {
    static let defaultRate = 25.0
    private static let suffixes = [".png", ".jpg", ".jpeg"]

    let isLive = false
    let cancellation = Cancellation()
    private(set) var counters = SourceCounters()

    private let path: String
    private let options: SourceOptions
    private let time: any TimeSource
    private let rate: Double
    private var decoder: StillDecoder?
    /// The pictures' or strips' paths, at least one while it is open.
    private var paths: [RawPath] = []
    private var isDirectory = false
    /// The strip that is being read, and its path; nil where the paths are those of pictures.
    private var strip: PixelView?
    private var stripPath = ""
    private var format: SourceFormat?
    /// What was passed over before the first whole picture, and not told yet.
    private var damaged: [CaptureError] = []
    /// The next file, the next frame of `strip`, and frames given since opening.
    private var (index, column, given) = (0, 0, 0)
    private var origin: (time: MonotonicTime, utc: UTCTime) = (.zero, UTCTime(microseconds: 0))
    /// The next frame, where it was decoded and not given yet.
    private var pending: PixelView?
    /// Whether another clip begins with `pending`, and that was not told yet.
    private var isCut = false
    /// Whether the folder has more clips than one, as far as it was read.
    private var hasCuts = false

    init(path: String, options: SourceOptions, time: any TimeSource) {
        (self.path, self.options, self.time) = (path, options, time)
        rate = options.rate.map { max(0.01, min(1000, $0)) } ?? Self.defaultRate
    }

    func open() throws(CaptureError) -> SourceFormat {
        close()
        let operation = "open \(path)"
        guard let decoder = StillDecoder() else { throw CaptureError(.unavailable, operation, "out of memory") }
        self.decoder = decoder
        origin = (time.now(), time.utc())
        var status = stat()
        guard stat(path, &status) == 0 else { throw LibavErrors.error(-errno, operation, isLive: false) }
        isDirectory = status.st_mode & S_IFMT == S_IFDIR
        paths = isDirectory ? try Self.pictures(in: path, operation) : [RawPath(path)]
        let first = try firstPicture(decoder)
        let name = paths[index - 1].text
        if !isDirectory || StripFile.isStrip(first.size, path: name) {
            pending = try StripFile.frame(0, of: first, operation)
            (strip, stripPath) = (first, name)
        } else {
            pending = first
        }
        let format = try describe(pending ?? first)
        self.format = format
        return format
    }

    /// The first picture that is whole. What is damaged before it is told by the first readings.
    private func firstPicture(_ decoder: StillDecoder) throws(CaptureError) -> PixelView {
        while true {
            let path = paths[index]
            index += 1
            do throws(CaptureError) {
                return try decoder.decode(path: path)
            } catch {
                guard isDirectory, error.code == .badData, index < paths.count else { throw error }
                damaged.append(error)
            }
        }
    }

    func close() {
        (decoder, strip, pending, format) = (nil, nil, nil, nil)
        (paths, index, column, given, isCut, hasCuts, damaged) = ([], 0, 0, 0, false, false, [])
    }

    func read(timeout: Duration) throws(CaptureError) -> Reading {
        guard let decoder, let format else { throw CaptureError(.disconnected, "read \(path)", "it is not open") }
        if !damaged.isEmpty { return passOver(damaged.removeFirst(), timeout) }
        do throws(CaptureError) {
            if pending == nil { pending = try next(decoder) }
        } catch {
            guard isDirectory, error.code == .badData else { throw error }
            return passOver(error, timeout)
        }
        guard let view = pending else { return .end }
        if isCut || view.size != format.size {
            isCut = false
            let changed = try describe(view)
            self.format = changed
            return .formatChanged(changed)
        }
        if options.realTime, !time.sleep(until: origin.time + due, atMost: timeout, unless: cancellation) {
            if cancellation.isCancelled { throw .cancelled("read \(path)") }
            return .waiting
        }
        pending = nil
        column += 1
        return .frame(stamped(view))
    }

    private func passOver(_ error: CaptureError, _ timeout: Duration) -> Reading {
        counters.corrupt += 1
        // At its own time: a looped folder of nothing else must not burn a core.
        if options.realTime { _ = time.sleep(until: origin.time + due, atMost: timeout, unless: cancellation) }
        given += 1
        return .corrupt(error)
    }

    /// The next frame; nil at the end.
    private func next(_ decoder: StillDecoder) throws(CaptureError) -> PixelView? {
        if let strip, column < StripFile.count(strip.size) {
            return try StripFile.frame(column, of: strip, "read \(path)")
        }
        if index == paths.count {
            guard options.loop else { return nil }
            index = 0
            // A strip by itself is in memory.
            if let strip, paths.count == 1 {
                (index, column) = (1, 0)
                return try StripFile.frame(0, of: strip, "read \(path)")
            }
        }
        let path = paths[index]
        let name = path.text
        index += 1  // Whoever goes on after an error finds the next picture.
        let picture = try decoder.decode(path: path)
        guard let before = strip else {
            guard !StripFile.isStrip(picture.size, path: name) else { throw mixed(name, "a strip among pictures") }
            return picture
        }
        guard StripFile.count(picture.size) > 1 else { throw mixed(name, "no strip, and others here are strips") }
        // Back at the first of several clips is a cut as well; a recording that is looped is one clip, as a video is.
        isCut = index > 1 ? !StripFile.goesOn(stripPath, StripFile.count(before.size), name) : hasCuts
        hasCuts = hasCuts || isCut
        (strip, stripPath, column) = (picture, name, 0)
        return try StripFile.frame(0, of: picture, "read \(name)")
    }

    private func mixed(_ name: String, _ what: String) -> CaptureError {
        CaptureError(
            .notACamera, "read \(name)",
            "it is \(what): keep pictures of single frames and strips in folders of their own, or name each strip by itself"
        )
    }

    /// When the next frame is taken, after the opening.
    private var due: Duration { Duration(seconds: Double(given) / rate) }

    private func stamped(_ view: PixelView) -> SourceFrame {
        let since = due
        given += 1
        counters.frames += 1
        return SourceFrame(view: view, time: origin.time + since, utc: origin.utc + since)
    }

    private func describe(_ view: PixelView) throws(CaptureError) -> SourceFormat {
        let sides = 1...FrameShrinker.largestSide
        guard sides.contains(view.size.width), sides.contains(view.size.height) else {
            throw CaptureError(
                .unsupported, "open \(path)",
                "pictures of \(view.size) are larger than the 8192x8192 that are supported")
        }
        let name = strip == nil ? "pictures" : isDirectory ? "strips" : "strip"
        return SourceFormat(name: name, size: view.size, rate: rate)
    }

    /// Paths of the pictures in `directory`, in natural order; at least one.
    private static func pictures(in directory: String, _ operation: String) throws(CaptureError) -> [RawPath] {
        guard let stream = opendir(directory) else { throw LibavErrors.error(-errno, operation, isLive: false) }
        defer { closedir(stream) }
        var names: [[UInt8]] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            let lower = String(decoding: name, as: UTF8.self).lowercased()
            if name.first != UInt8(ascii: "."), suffixes.contains(where: { lower.hasSuffix($0) }) { names.append(name) }
        }
        guard !names.isEmpty else {
            throw CaptureError(.notACamera, operation, "there is no .png, .jpg or .jpeg in this directory")
        }
        let base = RawPath(directory)
        return names.sorted { isNaturallyBefore($0, $1) }.map(base.appending)
    }
}

/// Whether `a` comes before `b` where runs of digits count as numbers: "f2.png" before "f10.png".
package func isNaturallyBefore(_ a: String, _ b: String) -> Bool { isNaturallyBefore(Array(a.utf8), Array(b.utf8)) }

/// The same for names as the kernel has them.
private func isNaturallyBefore(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    var (i, j) = (0, 0)
    func digits(_ text: [UInt8], _ start: Int) -> ArraySlice<UInt8> {
        text[start...].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
    while i < left.count, j < right.count {
        let (x, y) = (digits(left, i), digits(right, j))
        if !x.isEmpty, !y.isEmpty {
            let (p, q) = (x.drop { $0 == UInt8(ascii: "0") }, y.drop { $0 == UInt8(ascii: "0") })
            if p.count != q.count { return p.count < q.count }
            if !p.elementsEqual(q) { return p.lexicographicallyPrecedes(q) }
            (i, j) = (i + x.count, j + y.count)
        } else {
            if left[i] != right[j] { return left[i] < right[j] }
            (i, j) = (i + 1, j + 1)
        }
    }
    if left.count - i != right.count - j { return left.count - i < right.count - j }
    return left.lexicographicallyPrecedes(right)
}
