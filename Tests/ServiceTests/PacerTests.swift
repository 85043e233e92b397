import Testing
import Video

@testable import Service

@Suite struct PacerTests {
    /// Frames taken out of `seconds` of a camera at `camera` frames a second whose times jitter by up to `jitter` seconds.
    static func taken(camera: Double, rate: Double?, seconds: Double, jitter: Double) -> [Int] {
        var pacer = Pacer(rate: rate)
        var state: UInt64 = 1
        return (0..<Int(seconds * camera)).filter { frame in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let noise = (Double(state >> 40) / Double(1 << 24) - 0.5) * 2 * jitter
            return pacer.isDue(MonotonicTime(nanoseconds: Int64((Double(frame) / camera + noise) * 1e9)))
        }
    }

    @Test(
        arguments: [
            (30.0, 15.0, 0.0), (30, 15, 0.004), (25, 10, 0.002), (15, 15, 0.005), (29.97, 5, 0.003), (60, 15, 0.003),
        ])
    func takesTheRateWithoutDrift(camera: Double, rate: Double, jitter: Double) {
        let count = Self.taken(camera: camera, rate: rate, seconds: 100, jitter: jitter).count
        #expect(abs(Double(count) - 100 * rate) <= 0.01 * 100 * rate)
    }

    @Test func everySecondFrameOfThirtyIsFifteen() {
        let frames = Self.taken(camera: 30, rate: 15, seconds: 2, jitter: 0)
        #expect(frames == Array(stride(from: 0, to: 60, by: 2)))
    }

    @Test func withoutARateEveryFrameIsDue() {
        #expect(Self.taken(camera: 30, rate: nil, seconds: 1, jitter: 0.01).count == 30)
    }

    @Test func aSlowerCameraLosesNothing() {
        #expect(Self.taken(camera: 5, rate: 15, seconds: 10, jitter: 0.01).count == 50)
    }

    @Test func aPauseBringsNoBurstAndAJumpBackNoSilence() {
        var pacer = Pacer(rate: 10)
        func due(_ milliseconds: Int64) -> Bool { pacer.isDue(MonotonicTime(nanoseconds: milliseconds * 1_000_000)) }
        #expect(due(0))
        #expect(due(60_000))
        #expect(!due(60_033))
        #expect(due(60_100))
        #expect(due(20_000))
        #expect(!due(20_033))
    }
}
