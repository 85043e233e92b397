public import Video

/// Which synthetic scene to show: a `synthetic:` source, taken apart. Size, rate and pace are in `SourceOptions`.
public struct SyntheticSettings: Sendable, Hashable, Codable, CustomStringConvertible {
    /// The size where the options ask for none.
    public static let defaultSize = FrameSize(width: 320, height: 240)
    /// The rate where the options ask for none.
    public static let defaultRate = 15.0

    /// Chooses the houses, the walkers and the noise.
    public var seed: UInt64 = 1
    /// What happens.
    public var script = SyntheticScript.normal
    /// What goes wrong with the camera.
    public var faults: [SyntheticFault] = []
    /// When the scene ends (`.end`); nil: never.
    public var length: Duration?

    /// The street of seed 1, normal life, without end.
    public init() {}

    /// Reads `street?seed=1&rate=15&size=320x240&script=demo&length=110&realtime=yes&loop=yes`; every key is optional.
    init(parsing text: Substring, options: inout SourceOptions) throws(CaptureError) {
        let operation = "read the source synthetic:\(text)"
        let parts = text.split(separator: "?", maxSplits: 1)
        guard parts.first == "street" else {
            throw CaptureError(.unsupported, operation, "the only scene is street; write synthetic:street")
        }
        for pair in (parts.count == 2 ? parts[1] : "").split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1).map(String.init)
            guard sides.count == 2, set(sides[0], to: sides[1], options: &options) else {
                throw CaptureError(.unsupported, operation, "\(pair) is not something it understands; \(Self.usage)")
            }
        }
    }

    private static let usage = """
        keys are seed=NUMBER, rate=0.1…240, size=WIDTHxHEIGHT (1 to 8192), script=normal or demo, length=SECONDS, \
        realtime=yes or no, loop=yes or no
        """

    /// False where key or value are not understood.
    private mutating func set(_ key: String, to value: String, options: inout SourceOptions) -> Bool {
        switch key {
        case "seed":
            guard let number = UInt64(value) else { return false }
            seed = number
        case "rate":
            guard let rate = Double(value), rate >= 0.1, rate <= 240 else { return false }
            options.rate = rate
        case "size":
            let sides = value.split(separator: "x").map { Int($0) ?? 0 }
            guard sides.count == 2, sides.allSatisfy({ (1...8192).contains($0) }) else { return false }
            options.size = FrameSize(width: sides[0], height: sides[1])
        case "script":
            guard let named = SyntheticScript.named(value) else { return false }
            script = named
        case "length":
            guard let seconds = Double(value), seconds > 0, seconds < 1e9 else { return false }
            length = Duration(seconds: seconds)
        case "realtime":
            guard value == "yes" || value == "no" else { return false }
            options.realTime = value == "yes"
        case "loop":
            guard value == "yes" || value == "no" else { return false }
            options.loop = value == "yes"
        default: return false
        }
        return true
    }

    /// Scene, seed and what happens.
    public var description: String {
        let names: [SyntheticScript: String] = [.normal: "normal", .demo: "demo"]
        var plain = script
        plain.period = nil
        return "synthetic:street?seed=\(seed)&script=\(names[plain] ?? "own")"
    }
}
