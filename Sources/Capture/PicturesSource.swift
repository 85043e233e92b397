import Glibc
import Video

/// A directory of pictures in natural order (2.png before 10.png), or one picture that is a strip of square frames side
/// by side, as the article's data set keeps its clips.
///
/// Frames are stamped at `options.rate` (25 a second where none is asked for).
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
    /// The pictures' paths; empty for a strip.
    private var paths: [String] = []
    private var strip: PixelView?
    private var format: SourceFormat?
    /// The next frame, and frames given since opening.
    private var index = 0
    private var given = 0
    private var origin: (time: MonotonicTime, utc: UTCTime) = (.zero, UTCTime(microseconds: 0))
    private var pending: PixelView?

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
        let view: PixelView
        if status.st_mode & S_IFMT == S_IFDIR {
            paths = try Self.pictures(in: path, operation)
            view = try decoder.decode(path: paths[0])
            pending = view
        } else {
            let whole = try decoder.decode(path: path)
            view = try Self.frame(0, of: whole, operation)
            strip = whole
        }
        let format = try describe(view)
        self.format = format
        return format
    }

    func close() {
        (decoder, strip, pending, format) = (nil, nil, nil, nil)
        (paths, index, given) = ([], 0, 0)
    }

    func read(timeout: Duration) throws(CaptureError) -> Reading {
        guard let decoder, let format else { throw CaptureError(.disconnected, "read \(path)", "it is not open") }
        if index == count {
            guard options.loop else { return .end }
            index = 0
        }
        let view: PixelView
        if let strip {
            view = try Self.frame(index, of: strip, "read \(path)")
        } else if let pending {
            view = pending
        } else {
            do throws(CaptureError) {
                view = try decoder.decode(path: paths[index])
            } catch {
                index += 1  // Whoever goes on after the error finds the next picture.
                throw error
            }
        }
        if view.size != format.size {
            pending = view
            let changed = try describe(view)
            self.format = changed
            return .formatChanged(changed)
        }
        if options.realTime, !time.sleep(until: origin.time + due, atMost: timeout, unless: cancellation) {
            pending = view
            if cancellation.isCancelled { throw .cancelled("read \(path)") }
            throw CaptureError(.timedOut, "read \(path)", "its next picture is later than that")
        }
        pending = nil
        index += 1
        return .frame(stamped(view))
    }

    /// When the next frame is taken, after the opening.
    private var due: Duration { .nanoseconds(Int64((Double(given) / rate * 1e9).rounded())) }

    private var count: Int { strip.map { $0.size.width / $0.size.height } ?? paths.count }

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
                "pictures of \(view.size) are larger than the 8192x8192 that are supported (a strip is named by itself, not by "
                    + "its folder)")
        }
        return SourceFormat(name: strip == nil ? "pictures" : "strip", size: view.size, rate: rate)
    }

    /// Frame `index` of a strip: the same memory, seen through a square window.
    private static func frame(
        _ index: Int, of strip: PixelView, _ operation: String
    ) throws(CaptureError) -> PixelView {
        let side = strip.size.height
        guard strip.size.width > side, strip.size.width % side == 0 else {
            throw CaptureError(
                .notACamera, operation,
                "\(strip.size) is not a strip of square frames: its width must be a multiple (2 or more) of its height")
        }
        let left = index * side
        var view = strip
        view.size = FrameSize(width: side, height: side)
        func moved(_ plane: UnsafePointer<UInt8>?, _ bytes: Int) -> UnsafePointer<UInt8>? { plane.map { $0 + bytes } }
        let (a, b, c) = strip.planes
        switch strip.format {
        case .gray8: view.planes.0 = moved(a, left)
        case .yuyv422, .uyvy422: view.planes.0 = moved(a, left * 2)
        case .rgb24: view.planes.0 = moved(a, left * 3)
        case .rgba: view.planes.0 = moved(a, left * 4)
        case .nv12: view.planes = (moved(a, left), moved(b, left / 2 * 2), nil)
        case .yuv420p, .yuv422p: view.planes = (moved(a, left), moved(b, left / 2), moved(c, left / 2))
        case .yuv444p: view.planes = (moved(a, left), moved(b, left), moved(c, left))
        }
        return view
    }

    /// Paths of the pictures in `directory`, in natural order; at least one.
    private static func pictures(in directory: String, _ operation: String) throws(CaptureError) -> [String] {
        guard let stream = opendir(directory) else { throw LibavErrors.error(-errno, operation, isLive: false) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            let lower = name.lowercased()
            if !name.hasPrefix("."), suffixes.contains(where: { lower.hasSuffix($0) }) { names.append(name) }
        }
        guard !names.isEmpty else {
            throw CaptureError(.notACamera, operation, "there is no .png, .jpg or .jpeg in this directory")
        }
        let base = directory.hasSuffix("/") ? directory : directory + "/"
        return names.sorted { isNaturallyBefore($0, $1) }.map { base + $0 }
    }
}

/// Whether `a` comes before `b` where runs of digits count as numbers: "f2.png" before "f10.png".
package func isNaturallyBefore(_ a: String, _ b: String) -> Bool {
    let (left, right) = (Array(a.utf8), Array(b.utf8))
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
