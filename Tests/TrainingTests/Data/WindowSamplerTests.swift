import Testing

@testable import Training

/// Windows stay in their clips, streams walk in order, and everything follows from the seed.
@Suite struct WindowSamplerTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var lengths: [Int]
        var batch: Int
        var window: Int
        var order: WindowSampler.Order
        var testDescription: String { "\(lengths) \(batch)x\(window) \(order)" }

        var spans: [Footage.Span] {
            lengths.enumerated().map { Footage.Span(clip: $0.offset, frames: 0..<$0.element) }
        }

        func sampler(seed: UInt64 = 3) throws -> WindowSampler {
            try #require(WindowSampler(spans: spans, order: order, batch: batch, length: window, seed: seed))
        }
    }

    static let cases: [Case] = [
        ([1000], 4, 8), ([100, 7, 8, 33, 3], 3, 8), ([9, 9, 9], 16, 4), ([8], 2, 8), ([500, 20], 12, 5),
        ([64, 64], 2, 1),
    ].flatMap { lengths, batch, window in
        [WindowSampler.Order.random, .streams(dropping: 0), .streams(dropping: 0.2)].map {
            Case(lengths: lengths, batch: batch, window: window, order: $0)
        }
    }

    @Test(arguments: cases) func noWindowCrossesItsClipsEnd(_ which: Case) throws {
        var sampler = try which.sampler()
        for iteration in 0..<300 {
            let windows = sampler.windows(at: iteration)
            #expect(windows.count == which.batch)
            for window in windows {
                let frames = which.spans[window.span].frames
                #expect(window.start >= 0 && window.start + which.window <= frames.upperBound)
            }
        }
    }

    @Test(arguments: cases) func aCarriedWindowFollowsItsStreamsLastOne(_ which: Case) throws {
        var sampler = try which.sampler()
        var last: [WindowSampler.Window] = []
        var (carried, places) = (0, 0)
        for iteration in 0..<200 {
            let windows = sampler.windows(at: iteration)
            for (stream, window) in windows.enumerated() {
                places += 1
                guard window.isCarried else {
                    #expect(window.runStart == iteration)
                    continue
                }
                carried += 1
                let before = try #require(last.indices.contains(stream) ? last[stream] : nil)
                #expect(window.span == before.span && window.start == before.start + which.window)
                #expect(window.runStart == before.runStart)
            }
            last = windows
        }
        if which.order == .random { #expect(carried == 0) }
        if which.order == .streams(dropping: 0), which.lengths == [1000] { #expect(carried * 10 > places * 9) }
        if which.order == .streams(dropping: 0.2), which.lengths == [1000] {
            #expect(carried * 10 > places * 7 && carried * 10 < places * 8)
        }
    }

    @Test(arguments: cases) func anyIterationIsTheSameFromAnywhere(_ which: Case) throws {
        var (one, other) = (try which.sampler(), try which.sampler())
        let all = (0..<120).map { one.windows(at: $0) }
        for iteration in [119, 3, 60, 0, 118, 61] { #expect(other.windows(at: iteration) == all[iteration]) }
        var another = try which.sampler(seed: 4)
        // One clip of one window has nothing to choose.
        if which.lengths != [8] { #expect((0..<120).map { another.windows(at: $0) } != all) }
    }

    /// In an epoch no frame comes twice where there is enough of it, and over some epochs every one comes.
    @Test(arguments: cases.filter { $0.order != .random })
    func anEpochWalksThroughAllFootage(_ which: Case) throws {
        var sampler = try which.sampler()
        var seen = which.spans.map { Set<Int>(minimumCapacity: $0.frames.count) }
        let epochs = 16 * which.window
        for epoch in 0..<epochs {
            var frames: [[Int]: Int] = [:]
            for step in 0..<sampler.iterationsPerEpoch {
                for window in sampler.windows(at: epoch * sampler.iterationsPerEpoch + step) {
                    for frame in window.start..<window.start + which.window {
                        frames[[window.span, frame], default: 0] += 1
                        seen[window.span].insert(frame)
                    }
                }
            }
            let isEnough = which.lengths.reduce(0, +) >= which.batch * which.window * 4
            if isEnough { #expect(frames.values.allSatisfy { $0 == 1 }) }
        }
        for span in which.spans.indices where which.lengths[span] >= which.window {
            #expect(seen[span].count == which.lengths[span])
        }
    }

    @Test func randomWindowsAreSpreadEvenly() throws {
        let which = Case(lengths: [40, 400], batch: 10, window: 4, order: .random)
        var sampler = try which.sampler()
        let windows = (0..<1000).flatMap { sampler.windows(at: $0) }
        let first = windows.filter { $0.span == 0 }
        #expect((4800...5200).contains(first.count))  // five standard deviations are 250
        let counts = Dictionary(grouping: first, by: \.start).mapValues(\.count)
        #expect(counts.count == 37 && counts.values.allSatisfy { (70...210).contains($0) })
    }

    @Test func tooShortClipsGiveNoSampler() {
        let spans = [Footage.Span(clip: 0, frames: 0..<7), Footage.Span(clip: 1, frames: 0..<0)]
        #expect(WindowSampler(spans: spans, order: .random, batch: 2, length: 8, seed: 1) == nil)
    }
}
