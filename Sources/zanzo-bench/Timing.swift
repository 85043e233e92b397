import Glibc

/// Durations of one thing done many times, in milliseconds.
struct Timing {
    private let sorted: [Double]

    /// Times `body` `count` times, after a tenth as many (3 or more) that are not counted; `before`, each time before it,
    /// is not timed.
    init(count: Int, before: () -> Void = {}, _ body: () -> Void) {
        for _ in 0..<max(3, count / 10) {
            before()
            body()
        }
        var all: [Double] = []
        all.reserveCapacity(count)
        for _ in 0..<count {
            before()
            let start = Self.now()
            body()
            all.append(Self.milliseconds(Self.now() - start))
        }
        self.init(all)
    }

    /// Durations taken elsewhere, one or more.
    init(_ milliseconds: [Double]) { sorted = milliseconds.sorted() }

    var minimum: Double { sorted[0] }
    var median: Double { quantile(0.5) }

    /// The smallest duration that a share `q` of all do not exceed.
    func quantile(_ q: Double) -> Double {
        sorted[max(0, min(sorted.count - 1, Int((q * Double(sorted.count)).rounded(.up)) - 1))]
    }

    static func milliseconds(_ nanoseconds: Int64) -> Double { Double(nanoseconds) * 1e-6 }

    /// CLOCK_MONOTONIC in nanoseconds.
    static func now() -> Int64 {
        var t = timespec()
        clock_gettime(CLOCK_MONOTONIC, &t)
        return Int64(t.tv_sec) * 1_000_000_000 + Int64(t.tv_nsec)
    }
}

/// `value` with `places` decimals, right-aligned in `width` columns.
func column(_ value: Double, _ places: Int, width: Int = 9) -> String {
    let scale = (0..<places).reduce(1.0) { scale, _ in scale * 10 }
    let rounded = Int64((value * scale).rounded())
    let (whole, rest) = rounded.quotientAndRemainder(dividingBy: Int64(scale))
    let digits = String(rest)
    let text = places > 0 ? "\(whole)." + String(repeating: "0", count: places - digits.count) + digits : "\(whole)"
    return String(repeating: " ", count: max(0, width - text.count)) + text
}

/// "1 thread", "2 threads".
func counted(_ count: Int, _ thing: String) -> String { "\(count) \(thing)\(count == 1 ? "" : "s")" }

/// `text`, filled with spaces to `width` columns.
func column(_ text: String, width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
}
