import Glibc
public import Video

/// A street that never was: houses, a pavement where people walk, light that drifts, a sensor that is noisy.
///
/// Frame n follows from seed, rate, script and n alone, so any frame can be drawn without those before it, and two
/// machines draw the same street. Used by one thread at a time; after the first frame nothing is allocated but
/// what the few moving figures need.
public final class SyntheticScene {
    /// The frames' size.
    public let size: FrameSize
    /// Frames a second.
    public let rate: Double
    /// Chooses houses, walkers and noise.
    public let seed: UInt64
    /// What happens.
    public let script: SyntheticScript

    private let backdrop: UnsafeMutablePointer<UInt8>
    private let frame: UnsafeMutablePointer<UInt8>
    private let noise: UnsafeMutablePointer<Int8>
    private let byteCount: Int
    private static let noiseCount = 1 << 16

    /// A scene of frames of `size` (16x16 to 8192x8192 show something; any size works), `rate` a second.
    public init(
        size: FrameSize = SyntheticSettings.defaultSize, rate: Double = SyntheticSettings.defaultRate, seed: UInt64 = 1,
        script: SyntheticScript = .normal
    ) {
        precondition(size.width > 0 && size.height > 0 && rate > 0, "a scene of no pixels or no time")
        (self.size, self.rate, self.seed, self.script) = (size, rate, seed, script)
        byteCount = FrameSlot.pictureByteCount(size)
        backdrop = .allocate(capacity: byteCount)
        backdrop.initialize(repeating: 128, count: byteCount)
        frame = .allocate(capacity: byteCount)
        frame.initialize(repeating: 128, count: byteCount)
        noise = .allocate(capacity: Self.noiseCount)
        fillNoise()
        Street.paint(painter(backdrop), seed: seed)
    }

    deinit {
        backdrop.deallocate()
        frame.deallocate()
        noise.deallocate()
    }

    /// When frame `index` is taken, after the scene's first frame.
    public func time(of index: UInt64) -> Duration { .nanoseconds(Int64((Double(index) / rate * 1e9).rounded())) }

    /// Draws frame `index` (from 0), its light multiplied by `light`; full-range YUV 4:2:0, valid until the next call.
    public func draw(_ index: UInt64, light: Double = 1) -> PixelView {
        let time = Double(index) / rate
        frame.update(from: backdrop, count: byteCount)
        drawFigures(Float(script.folded(Duration(seconds: time)).seconds), time)
        expose(index, gain: light * drift(time))
        let (area, chroma) = (size.area, ((size.width + 1) / 2) * ((size.height + 1) / 2))
        let half = (size.width + 1) / 2
        return PixelView(
            planes: (UnsafePointer(frame), UnsafePointer(frame + area), UnsafePointer(frame + area + chroma)),
            strides: (size.width, half, half), size: size, format: .yuv420p, range: .full)
    }

    private func painter(_ memory: UnsafeMutablePointer<UInt8>) -> Painter {
        let chroma = ((size.width + 1) / 2) * ((size.height + 1) / 2)
        return Painter(size: size, y: memory, cb: memory + size.area, cr: memory + size.area + chroma)
    }

    /// The sun behind thin clouds: a few per cent, over minutes.
    private func drift(_ time: Double) -> Double {
        let phase = Double(mix(seed &+ 7) >> 11) * 0x1p-53 * 2 * Double.pi
        return 1 + 0.05 * sin(time / 47 + phase) + 0.02 * sin(time / 13 + 2 * phase)
    }

    /// Everyone in the street, those further away first. `scripted` is the time within the script's period.
    private func drawFigures(_ scripted: Float, _ time: Double) {
        let painter = painter(frame)
        let width = Float(size.width) / Float(size.height)
        var figures: [(foot: Float, draw: () -> Void)] = []
        for walker in Walker.all(at: time, width: width, seed: seed) {
            figures.append((walker.foot, { walker.draw(painter) }))
        }
        for (number, anomaly) in script.anomalies.enumerated() {
            let since = scripted - Float(anomaly.start.seconds)
            let length = Float(anomaly.duration.seconds)
            guard since > -12, since < length + 12 else { continue }
            let incident = Incident(
                kind: anomaly.kind, length: length, width: width, random: KeyedRandom(seed, 41, UInt64(number)))
            figures.append((incident.foot, { incident.draw(painter, time: since) }))
        }
        figures.sort { $0.foot < $1.foot }
        for figure in figures { figure.draw() }
        drawLamp(painter, x: width * 0.87)
    }

    /// A street lamp on the kerb: people pass behind it.
    private func drawLamp(_ painter: Painter, x: Float) {
        let iron = Colour(48, 56, 54)
        painter.shade(.ellipse(x: x, y: 0.775, rx: 0.03, ry: 0.01), opacity: 0.4, blur: 0.01)
        painter.fill(.capsule(x0: x, y0: 0.24, x1: x, y1: 0.77, radius: 0.008), iron)
        painter.fill(.capsule(x0: x, y0: 0.7, x1: x, y1: 0.77, radius: 0.014), iron)
        painter.fill(.ellipse(x: x, y: 0.215, rx: 0.032, ry: 0.035), Colour(232, 226, 206))
        painter.fill(.box(left: x - 0.036, top: 0.165, right: x + 0.036, bottom: 0.19, corner: 0.008), iron)
    }

    /// Light and sensor: luma times gain, plus noise that each frame and row takes from another place in the table.
    private func expose(_ index: UInt64, gain: Double) {
        let factor = Int32(max(0, min(16, gain)) * 4096)
        let (width, mask) = (size.width, Self.noiseCount - 1)
        for row in 0..<size.height {
            let line = frame + row * width
            var offset = Int(truncatingIfNeeded: mix(mix(index &+ seed &<< 32) &+ UInt64(row))) & mask
            var column = 0
            while column < width {
                // Runs end where the table does, so that the inner loop has no wrap-around and vectorises.
                let run = min(width - column, Self.noiseCount - offset)
                let (from, to) = (noise + offset, line + column)
                for at in 0..<run {
                    let value = (Int32(to[at]) &* factor &+ 2048) &>> 12 &+ Int32(from[at])
                    to[at] = UInt8(truncatingIfNeeded: max(0, min(255, value)))
                }
                column += run
                offset = 0
            }
        }
    }

    /// A table of near-normal noise of 1.6 codes: the sum of four uniform numbers.
    private func fillNoise() {
        for at in 0..<Self.noiseCount {
            let word = mix(seed &* 0x2545_F491_4F6C_DD1D &+ UInt64(at))
            let sum = (0..<4).reduce(0) { $0 + Int((word >> (16 * UInt64($1))) & 0xFFFF) }
            let value = (Double(sum) - 131_070) / 37_837 * 1.6
            (noise + at).initialize(to: Int8(value.rounded()))
        }
    }
}

/// One of the people who walk by, as at one time.
struct Walker {
    let person: Person
    let x: Float
    let foot: Float
    let phase: Float
    let facing: Float

    /// Streams of walkers; each sends one every `period` seconds or so, for ever.
    private static let streams = 2
    private static let period = 8.0

    /// Everyone on the pavement at `time`, for a frame of `width` scene units.
    static func all(at time: Double, width: Float, seed: UInt64) -> [Walker] {
        let slowest: Float = 0.12
        let lookBack = Double((width + 0.4) / slowest) + period
        var walkers: [Walker] = []
        for stream in 0..<streams {
            let latest = Int((time / period).rounded(.down))
            let earliest = Int(((time - lookBack) / period).rounded(.down))
            for number in earliest...latest {
                var random = KeyedRandom(seed, UInt64(stream), UInt64(bitPattern: Int64(number)))
                let began = (Double(number) + Double(random.next(0...0.9))) * period
                let speed = random.next(slowest...0.24)
                let facing: Float = random.next(0...1) < 0.5 ? 1 : -1
                let foot = random.next(Street.walkway)
                let since = Float(time - began)
                let way = since * speed - 0.15
                guard since >= 0, way < width + 0.15 else { continue }
                let person = Person(&random, foot: foot)
                walkers.append(
                    Walker(
                        person: person, x: facing > 0 ? way : width - way, foot: foot,
                        phase: stepAngle(since, speed, person.height), facing: facing))
            }
        }
        return walkers
    }

    func draw(_ painter: Painter) { person.walk(painter, x: x, foot: foot, phase: phase, facing: facing) }
}
