import TestSupport
import Testing
import Video

@testable import Capture

@Suite("A live stream's frames are timed by its own stamps")
struct StreamClockTests {
    /// One frame: the stream's stamp and its arrival, in seconds.
    typealias Frame = (stamp: Double?, arrival: Double)

    private func times(_ frames: [Frame], isTrusted: Bool = true) -> [Double] {
        var clock = StreamClock(isTrusted: isTrusted)
        return frames.map { frame in
            let time = clock.time(
                of: frame.stamp.map { Duration(seconds: $0) },
                arrival: MonotonicTime(nanoseconds: Duration(seconds: 1000 + frame.arrival).nanoseconds))
            return Double(time.nanoseconds) * 1e-9 - 1000
        }
    }

    /// `count` frames a tenth of a second apart, with their arrivals.
    private func steady(_ count: Int, from first: Double = 0, arrival: (Int, Double) -> Double) -> [Frame] {
        (0..<count).map { (first + Double($0) / 10, arrival($0, Double($0) / 10)) }
    }

    private func isClose(_ a: [Double], _ b: [Double], _ tolerance: Double = 1e-6) -> Bool {
        a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= tolerance }
    }

    @Test("Frames that come one by one are taken when they come")
    func one() {
        let frames = steady(600) { _, time in time + 0.25 }
        #expect(isClose(times(frames), frames.map(\.arrival)))
    }

    @Test("Frames that come together keep the distances that the camera gave them", arguments: [2.0, 4, 10])
    func bursts(seconds: Double) {
        // All of a burst arrives with its last frame.
        let frames = steady(1200) { _, time in ((time / seconds).rounded(.down) + 1) * seconds - 0.1 }
        let found = times(frames)
        let first = Int(seconds * 10)  // the first burst is where the anchor is found
        let gaps = zip(found[first...], found[(first + 1)...]).map { $1 - $0 }
        #expect(gaps.allSatisfy { abs($0 - 0.1) < 1e-6 })
        #expect(zip(found, frames).allSatisfy { $0 <= $1.arrival + 1e-6 })
    }

    @Test("A frame that is held up on its way is not taken later")
    func jitter() {
        let delays = [0, 0.31, 0.02, 0.17, 0.3, 0.05, 0.44]
        let frames = steady(700) { index, time in time + 0.1 + delays[index % delays.count] }
        let found = times(frames)
        #expect(isClose(Array(found[7...]), frames[7...].map { ($0.stamp ?? 0) + 0.1 }))
    }

    @Test("A clock that drifts is followed", arguments: [-3e-4, -1e-4, 1e-4, 3e-4])
    func drift(rate: Double) {
        let frames = (0..<36_000).map { index -> Frame in
            let time = Double(index) / 10
            return (time * (1 + rate), time)
        }
        let late = zip(times(frames), frames).map { $1.arrival - $0 }
        // 3e-4 of two windows is 9 ms.
        #expect(late.allSatisfy { (-1e-6...0.0101).contains($0) })
    }

    @Test("A stamp that jumps anchors the stream anew", arguments: [-95_443.7, -3600, -2, 3600, 95_443.7])
    func jump(by step: Double) {
        let frames = steady(400) { _, time in time }.enumerated().map { index, frame -> Frame in
            ((frame.stamp ?? 0) + (index < 200 ? 0 : step), frame.arrival)
        }
        #expect(isClose(times(frames), frames.map(\.arrival)))
    }

    @Test("Frames without a stamp, and of a container that makes stamps up, are taken when they come")
    func none() {
        let bare = (0..<50).map { (Double?.none, Double($0) / 7) }
        #expect(isClose(times(bare), bare.map(\.1)))
        let madeUp = (0..<500).map { (Double?(Double($0) / 25), Double($0) / 10) }
        #expect(isClose(times(madeUp, isTrusted: false), madeUp.map(\.1)))
    }

    @Test("A clock that runs slower than time is not used for ever", arguments: [1.2, 2.5])
    func slow(factor: Double) {
        let frames = (0..<3000).map { (Double?(Double($0) / 10 / factor), Double($0) / 10) }
        let late = zip(times(frames), frames).map { $1.1 - $0 }
        #expect(late.allSatisfy { $0 >= -1e-6 && $0 <= StreamClock.greatestDelay.seconds })
        #expect(late.suffix(1000).allSatisfy { $0 < 1e-6 })
    }

    @Test("Times only grow, whatever the stamps are")
    func growing() {
        var random = SplitMix(seed: 4)
        var arrival = 0.0
        let frames = (0..<5000).map { _ -> Frame in
            arrival += Double.random(in: 0...0.2, using: &random)
            let stamp = Bool.random(using: &random) ? Double.random(in: -1e5...1e5, using: &random) : nil
            return (stamp, arrival)
        }
        let found = times(frames)
        #expect(zip(found, found.dropFirst()).allSatisfy { $0 < $1 })
        #expect(zip(found, frames).allSatisfy { $0 <= $1.arrival + 1e-5 })
    }
}
