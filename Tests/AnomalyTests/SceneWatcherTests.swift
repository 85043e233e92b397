import Anomaly
import Testing
import Video

/// A street as a camera sees it at the model's size: smooth sky and ground, walls with windows, noise of 1.5 codes.
private struct Street {
    let size: FrameSize
    var random: SeededRandom
    private let base: [Double]

    init(_ size: FrameSize = FrameSize(width: 64, height: 64), seed: UInt64) {
        self.size = size
        var random = SeededRandom(seed)
        var base = (0..<size.area).map { 110 + 50 * Double($0 / size.width) / Double(size.height) }
        for _ in 0..<24 {  // walls, windows, cars
            let (width, height) = (size.width / 3, size.height / 3)
            let (x, y) = (
                Int.random(in: 0..<size.width, using: &random), Int.random(in: 0..<size.height, using: &random)
            )
            let level = 20 + 215 * random.uniform()
            for row in y..<min(size.height, y + Int.random(in: 1...height, using: &random)) {
                for column in x..<min(size.width, x + Int.random(in: 1...width, using: &random)) {
                    base[row * size.width + column] = level
                }
            }
        }
        self.base = base
        self.random = random
    }

    /// A frame with its light, noise and boxes (shares of the frame, from its left top corner on) of one level.
    mutating func frame(
        gain: Double = 1, offset: Double = 0, gamma: ((Double) -> Double)? = nil, box: (Double, Double)? = nil
    ) -> [UInt8] {
        (0..<size.area).map { index in
            var value = base[index]
            if let (share, level) = box {
                let edge = share.squareRoot()
                let (row, column) = (index / size.width, index % size.width)
                if Double(row) < edge * Double(size.height), Double(column) < edge * Double(size.width) {
                    value = level
                }
            }
            value = (gamma ?? { gain * $0 + offset })(value) + 1.5 * random.normal()
            return UInt8(max(0, min(255, value.rounded())))
        }
    }
}

private struct Watch {
    var watcher: SceneWatcher
    var time = MonotonicTime.zero

    init(_ size: FrameSize, frozenAfter: Duration = .seconds(10)) {
        watcher = SceneWatcher(size: size, frozenAfter: frozenAfter)
    }

    /// The next frame, `after` the last one.
    mutating func see(_ luma: [UInt8], after: Duration = .milliseconds(200)) -> SceneChange? {
        time = time + after
        return luma.withUnsafeBufferPointer { watcher.observe(luma: $0, time: time) }
    }
}

@Suite struct SceneWatcherTests {
    static let sizes = [(64, 64), (32, 32), (48, 27), (96, 54), (17, 13)]

    @Test(arguments: [
        (0.5, 0.0), (0.7, 0), (1.3, 0), (1.5, 10), (1, 25), (1, -25), (0.3, 5), (0.8, 60),
    ])
    func anotherLightIsAJump(gain: Double, offset: Double) {
        for seed in UInt64(0)..<8 {
            var street = Street(seed: seed)
            var watch = Watch(street.size)
            for _ in 0..<10 { #expect(watch.see(street.frame()) == nil) }
            #expect(watch.see(street.frame(gain: gain, offset: offset)) == .lightingJump)
            for _ in 0..<100 { #expect(watch.see(street.frame(gain: gain, offset: offset)) == nil, "told once") }
        }
    }

    /// With someone in the picture who walks on meanwhile, and where the camera's gamma bends the law.
    @Test func aJumpIsSeenBehindPeople() {
        for seed in UInt64(0)..<8 {
            var street = Street(seed: seed)
            var watch = Watch(street.size)
            _ = watch.see(street.frame())
            #expect(watch.see(street.frame(gain: 0.6, box: (0.15, 40))) == .lightingJump)
            watch = Watch(street.size)
            _ = watch.see(street.frame())
            #expect(watch.see(street.frame(gamma: { 255 * ($0 / 255) * ($0 / 255).squareRoot() })) == .lightingJump)
        }
    }

    /// A lamp that takes half a second to come up changes each frame by little.
    @Test func aSlowLampIsSeen() {
        var street = Street(seed: 3)
        var watch = Watch(street.size)
        var found: [SceneChange] = []
        for step in 0..<60 {
            let gain = 0.6 + 0.4 * Double(min(7, max(0, step - 20))) / 7
            if let change = watch.see(street.frame(gain: gain), after: .milliseconds(66)) { found.append(change) }
        }
        #expect(found == [.lightingJump])
    }

    @Test(arguments: sizes) func normalFramesSayNothing(size: (Int, Int)) {
        var street = Street(FrameSize(width: size.0, height: size.1), seed: 1)
        var watch = Watch(street.size)
        for step in 0..<300 {  // The light of an afternoon: 20 % in a minute.
            #expect(watch.see(street.frame(gain: 1 - 0.2 * Double(step) / 300)) == nil)
        }
    }

    @Test(arguments: [0.02, 0.1, 0.2, 0.3, 0.4], [0.0, 60, 128, 255])
    func aVanSaysNothing(share: Double, level: Double) {
        for seed in UInt64(0)..<8 {
            var street = Street(seed: seed)
            var watch = Watch(street.size)
            for box in [nil, (share, level), nil, (share / 2, level), (share, level)] {
                #expect(watch.see(street.frame(box: box), after: .milliseconds(500)) == nil)
            }
        }
    }

    @Test(arguments: sizes) func anotherSceneIsACut(size: (Int, Int)) {
        let size = FrameSize(width: size.0, height: size.1)
        var (first, second) = (Street(size, seed: 1), Street(size, seed: 2))
        var watch = Watch(size)
        for _ in 0..<5 { #expect(watch.see(first.frame()) == nil) }
        #expect(watch.see(second.frame()) == .sceneCut)
        for _ in 0..<20 { #expect(watch.see(second.frame()) == nil) }
    }

    @Test(arguments: [0.0, 30, 200]) func aCoveredLensIsBlank(level: Double) {
        var street = Street(seed: 1)
        var watch = Watch(street.size)
        _ = watch.see(street.frame())
        #expect(watch.see(street.frame(gain: 0, offset: level)) == .blank)
        #expect(watch.see(street.frame(gain: 0, offset: level)) == nil)
        #expect(watch.see(street.frame(), after: .seconds(11)) == .sceneCut, "and back")
    }

    /// Someone with a strobe must not keep the detector in its warm-up.
    @Test func flashesAreToldAtMostEvery10Seconds() {
        var street = Street(seed: 5)
        var watch = Watch(street.size)
        var times: [MonotonicTime] = []
        for step in 0..<300 {
            if watch.see(street.frame(gain: step % 2 == 0 ? 1 : 0.5)) != nil { times.append(watch.time) }
        }
        #expect((5...6).contains(times.count))
        #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 >= .seconds(10) })
    }

    @Test func aResetForgets() {
        var (first, second) = (Street(seed: 1), Street(seed: 2))
        var watch = Watch(first.size)
        _ = watch.see(first.frame())
        watch.watcher.reset()
        #expect(watch.see(second.frame()) == nil)
        #expect(watch.see(first.frame()) == .sceneCut)
        watch.watcher.reset()
        _ = watch.see(first.frame())
        #expect(watch.see(second.frame()) == .sceneCut, "the pause after a report is forgotten too")
    }

    @Test func anotherSizeOfNoiseOrNothingAtAllIsFine() {
        var watch = Watch(FrameSize(width: 1, height: 1))
        for level in [0, 255, 0, 3, 200] as [UInt8] { _ = watch.see([level]) }
        var flat = Watch(FrameSize(width: 64, height: 64))
        _ = flat.see([UInt8](repeating: 100, count: 4096))
        #expect(flat.see([UInt8](repeating: 140, count: 4096)) == .lightingJump, "no structure, before and after")
    }
}

@Suite struct FrozenPictureTests {
    @Test func isToldOnceAndSoIsItsEnd() {
        var street = Street(seed: 1)
        var watch = Watch(street.size)
        for _ in 0..<5 { #expect(watch.see(street.frame()) == nil) }
        let still = street.frame()
        #expect(watch.see(still) == nil)
        let since = watch.time
        for _ in 1..<50 { #expect(watch.see(still) == nil) }
        #expect(watch.see(still) == .frozen(since: since))  // 10 s, at 5 frames a second
        #expect(watch.watcher.isFrozen)
        for _ in 0..<100 { #expect(watch.see(still) == nil) }
        #expect(watch.see(street.frame()) == .unfrozen)
        #expect(!watch.watcher.isFrozen)
        #expect(watch.see(street.frame()) == nil)
    }

    @Test func oneCodeOfOnePixelIsLife() {
        var watch = Watch(FrameSize(width: 64, height: 64))
        var luma = [UInt8](repeating: 9, count: 4096)
        for step in 0..<200 {
            if step % 40 == 39 { luma[4095] ^= 1 }
            #expect(watch.see(luma) == nil)
        }
    }

    @Test func aHoleIsNotAFrozenPicture() {
        var watch = Watch(FrameSize(width: 8, height: 8))
        let luma = [UInt8](repeating: 9, count: 64)
        #expect(watch.see(luma) == nil)
        #expect(watch.see(luma, after: .seconds(60)) == nil)
        for _ in 0..<3 { #expect(watch.see(luma) == nil) }
        #expect(watch.see(luma) == .frozen(since: .zero + .milliseconds(200)))
    }

    @Test func aResetEndsIt() {
        var watch = Watch(FrameSize(width: 8, height: 8), frozenAfter: .seconds(2))
        let luma = [UInt8](repeating: 9, count: 64)
        for _ in 0..<11 { _ = watch.see(luma) }
        #expect(watch.watcher.isFrozen)
        watch.watcher.reset()
        #expect(!watch.watcher.isFrozen)
        for _ in 0..<10 { #expect(watch.see(luma) == nil) }
        #expect(watch.see(luma) != nil)
    }

    /// What comes after a frozen picture may be anything: it is held against nothing that is old.
    @Test func aSceneThatChangedMeanwhileIsNotACutAsWell() {
        var (first, second) = (Street(seed: 1), Street(seed: 2))
        var watch = Watch(first.size, frozenAfter: .seconds(2))
        let still = first.frame()
        for _ in 0..<20 { _ = watch.see(still) }
        #expect(watch.see(second.frame()) == .unfrozen)
        for _ in 0..<20 { #expect(watch.see(second.frame()) == nil) }
    }
}
