import Testing
import Video

@testable import Capture

/// Every byte of a 4:2:0 view without padding.
func bytes(_ view: PixelView) -> [UInt8] {
    guard let luma = view.planes.0, let cb = view.planes.1, let cr = view.planes.2 else { return [] }
    let chroma = ((view.size.width + 1) / 2) * ((view.size.height + 1) / 2)
    return Array(UnsafeBufferPointer(start: luma, count: view.size.area))
        + Array(UnsafeBufferPointer(start: cb, count: chroma)) + Array(UnsafeBufferPointer(start: cr, count: chroma))
}

/// Every byte of a scene's frame; the scene lives as long as its view is read.
func drawn(_ scene: SyntheticScene, _ index: UInt64) -> [UInt8] {
    withExtendedLifetime(scene) { bytes(scene.draw(index)) }
}

/// Mean absolute difference of two frames' bytes.
func difference(_ a: [UInt8], _ b: [UInt8]) -> Double {
    zip(a, b).reduce(0.0) { $0 + Double(abs(Int($1.0) - Int($1.1))) } / Double(max(1, a.count))
}

private let small = FrameSize(width: 64, height: 48)

@Suite struct SyntheticSceneTests {
    @Test func aFrameFollowsFromSeedAndNumberAlone() {
        let (one, other) = (SyntheticScene(size: small, seed: 5), SyntheticScene(size: small, seed: 5))
        for index: UInt64 in 0..<4 { _ = one.draw(index) }
        #expect(drawn(one, 100) == drawn(other, 100))
        #expect(drawn(one, 100) != drawn(other, 101))
        #expect(drawn(one, 100) != drawn(SyntheticScene(size: small, seed: 6), 100))
    }

    @Test(arguments: SyntheticScript.demo.anomalies)
    func anAnomalyShowsInItsTimeAndNotBefore(_ anomaly: SyntheticAnomaly) {
        // A case or someone who will fall come with people of their own, who are normal: hence the same script without
        // those seconds is not the same picture, and only the middle of an anomaly is compared with normal footage.
        let size = FrameSize(width: 128, height: 96)
        let normal = SyntheticScene(size: size)
        let scene = SyntheticScene(size: size, script: SyntheticScript([anomaly]))
        let middle = UInt64((anomaly.start + anomaly.duration / 2).seconds * scene.rate)
        let before = UInt64((anomaly.start.seconds - 13) * scene.rate)
        #expect(drawn(scene, before) == drawn(normal, before))
        #expect(difference(drawn(scene, middle), drawn(normal, middle)) > 0.2)
    }

    @Test(arguments: [(1, 1), (2, 1), (1, 3), (17, 5), (33, 31), (200, 20)])
    func anySizeDraws(_ width: Int, _ height: Int) {
        let size = FrameSize(width: width, height: height)
        let scene = SyntheticScene(size: size, script: .demo)
        #expect(drawn(scene, 500).count == FrameSlot.pictureByteCount(size))
    }

    @Test func aScriptKnowsWhatShowsWhen() {
        var script = SyntheticScript.demo
        #expect(script.anomaly(at: .seconds(5)) == nil)
        #expect(script.anomaly(at: .seconds(17))?.kind == .cyclist)
        #expect(script.anomaly(at: .seconds(127)) == nil)
        script.period = SyntheticScript.demoLength
        #expect(script.anomaly(at: .seconds(127))?.kind == .cyclist)
        // Every kind but the fallen person, whom the demo's model rebuilds too well to be staged.
        #expect(Set(script.anomalies.map(\.kind)) == Set(SyntheticAnomaly.Kind.allCases).subtracting([.fallen]))
        #expect(script.anomalies.allSatisfy { $0.end < SyntheticScript.demoLength })
    }
}

@Suite struct SyntheticSourceTests {
    private func source(
        live: Bool = false, rate: Double = 10, faults: [SyntheticFault] = [], length: Duration? = nil,
        time: any TimeSource = SimulatedTime()
    ) -> SyntheticSource {
        var (settings, options) = (SyntheticSettings(), SourceOptions())
        (settings.faults, settings.length) = (faults, length)
        (options.size, options.rate, options.realTime) = (small, rate, live)
        return SyntheticSource(settings: settings, options: options, time: time)
    }

    /// What `count` reads bring, each in a word.
    private func words(_ source: SyntheticSource, _ count: Int) -> [String] {
        (0..<count).map { _ in
            do throws(CaptureError) {
                switch try source.read(timeout: .seconds(1)) {
                case .frame: return "frame"
                case .corrupt: return "corrupt"
                case .waiting: return "waiting"
                case .formatChanged(let format): return "\(format.size)"
                case .end: return "end"
                }
            } catch {
                return error.code.rawValue
            }
        }
    }

    @Test func aFastOneStampsItsFramesAndEnds() throws {
        let source = source(length: .milliseconds(300))
        #expect(try source.open().description == "synthetic 64x48 10 fps")
        #expect(!source.isLive)
        var times: [Int64] = []
        while case .frame(let frame) = try source.read(timeout: .seconds(1)) { times.append(frame.time.nanoseconds) }
        #expect(times == [0, 100_000_000, 200_000_000])
        #expect(source.counters.frames == 3)
    }

    @Test func aLiveOneIsPacedAndLosesWhatNobodyReads() throws {
        let time = SimulatedTime()
        let source = source(live: true, time: time)
        _ = try source.open()
        #expect(words(source, 3) == ["frame", "frame", "frame"])
        #expect(time.now() == MonotonicTime(nanoseconds: 200_000_000))
        time.advance(by: .seconds(2))
        guard case .frame(let frame) = try source.read(timeout: .seconds(1)) else {
            Issue.record("no frame")
            return
        }
        #expect(frame.missed > 10)
        #expect(source.counters.missed == UInt64(frame.missed))
    }

    @Test(arguments: [true, false]) func faultsHappenAsScripted(_ live: Bool) throws {
        let time = SimulatedTime()
        let faults = [
            SyntheticFault(.corrupt, start: .milliseconds(200), duration: .milliseconds(200)),
            SyntheticFault(.sourceLoss, start: .milliseconds(500), duration: .milliseconds(500)),
            SyntheticFault(.stall, start: .milliseconds(1200), duration: .milliseconds(2500)),
            SyntheticFault(.resize(width: 32, height: 32), start: .seconds(4), duration: .seconds(1)),
        ]
        let source = source(live: live, faults: faults, time: time)
        _ = try source.open()
        #expect(words(source, 6) == ["frame", "frame", "corrupt", "corrupt", "frame", "disconnected"])
        #expect(words(source, 1) == ["disconnected"])
        if live {
            #expect(throws: CaptureError.self) { try source.open() }
            time.sleep(until: MonotonicTime(nanoseconds: 1_000_000_000))
        }
        _ = try source.open()
        #expect(words(source, 3) == ["frame", "frame", "timedOut"])
        let rest = words(source, 8)
        #expect(rest.contains("32x32"))
        #expect(source.counters.corrupt == 2)
    }

    @Test func aWaitEndsAtItsLimitOrByCancellation() throws {
        let source = source(live: true, rate: 0.1, time: SimulatedTime())
        _ = try source.open()
        #expect(words(source, 12) == ["frame"] + [String](repeating: "timedOut", count: 9) + ["frame", "timedOut"])
        source.cancellation.cancel()
        #expect(words(source, 1) == ["ended"])
    }

    @Test func aFrozenPictureIsTheSameByteForByte() throws {
        let source = source(faults: [SyntheticFault(.freeze, start: .milliseconds(200), duration: .seconds(1))])
        _ = try source.open()
        var frames: [[UInt8]] = []
        for _ in 0..<6 {
            if case .frame(let frame) = try source.read(timeout: .seconds(1)) { frames.append(bytes(frame.view)) }
        }
        #expect(frames[2] == frames[5] && frames[1] != frames[2])
    }

    @Test func aLightingJumpIsSeen() throws {
        let jump = SyntheticFault(.lightingJump(0.5), start: .milliseconds(100), duration: .seconds(1))
        let source = source(faults: [jump])
        _ = try source.open()
        var frames: [[UInt8]] = []
        for _ in 0..<2 {
            if case .frame(let frame) = try source.read(timeout: .seconds(1)) { frames.append(bytes(frame.view)) }
        }
        #expect(difference(frames[0], frames[1]) > 20)
    }
}
