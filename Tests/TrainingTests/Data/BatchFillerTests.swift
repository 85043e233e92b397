import Testing

@testable import Training

/// Frames as a step takes them, and what light does to them.
@Suite struct BatchFillerTests {
    let folder: Folder
    let footage: Footage

    init() throws {
        folder = try Folder()
        footage = Footage(store: try folder.store([40, 30]), holdOut: 0.2)
    }

    private func frames(
        _ light: BatchFiller.Light, _ windows: [WindowSampler.Window], iteration: Int = 5
    ) -> [Float] {
        let filler = BatchFiller(footage: footage, length: 3, light: light, seed: 9)
        return [Float](unsafeUninitializedCapacity: windows.count * 3 * 256) { buffer, count in
            count = windows.count * 3 * 256
            if let base = buffer.baseAddress { filler.fill(windows, iteration: iteration, into: base) }
        }
    }

    private static func window(_ span: Int, _ start: Int, runStart: Int = 5) -> WindowSampler.Window {
        WindowSampler.Window(span: span, start: start, isCarried: runStart != 5, runStart: runStart)
    }

    @Test func withoutLightTheyAreWhatTheDaemonSees() {
        let got = frames(BatchFiller.Light(), [Self.window(1, 4), Self.window(0, 20)])
        let wanted = [(1, 4), (1, 5), (1, 6), (0, 20), (0, 21), (0, 22)].flatMap { clip, frame in
            Folder.frame(clip, frame).map { Float($0) / 127.5 - 1 }
        }
        #expect(got == wanted)
    }

    @Test func aStreamsLightStaysWhileItIsCarried() {
        let light = BatchFiller.Light(gain: 0.1, offset: 0.05)
        let first = frames(light, [Self.window(0, 3)])
        #expect(frames(light, [Self.window(0, 3, runStart: 5)], iteration: 6) == first)
        #expect(frames(light, [Self.window(0, 3, runStart: 4)], iteration: 6) != first)
        let two = frames(light, [Self.window(0, 3), Self.window(0, 3)])
        #expect(Array(two[..<768]) == first && Array(two[768...]) != first)
        #expect(two.allSatisfy { (-1...1).contains($0) })
        let plain = frames(BatchFiller.Light(), [Self.window(0, 3)])
        let distance = zip(first, plain).map { abs($0 - $1) }.max() ?? 0
        #expect(distance > 0.001 && distance <= 0.1501)
    }

    /// The deviation is uniform up to the one asked for, so over many streams its mean square is a third of that's.
    @Test func noiseHasTheDeviationAskedFor() {
        let noise = 8.0
        let windows = (0..<60).map { Self.window(0, $0 % 20, runStart: $0) }
        let (noisy, plain) = (
            frames(BatchFiller.Light(noise: noise), windows), frames(BatchFiller.Light(), windows)
        )
        let differences = zip(noisy, plain).filter { abs($0.1) < 0.8 }.map { Double($0.0 - $0.1) * 127.5 }
        let mean = differences.reduce(0, +) / Double(differences.count)
        let square = differences.reduce(0) { $0 + $1 * $1 } / Double(differences.count)
        #expect(abs(mean) < 0.2)
        #expect(abs(square / (noise * noise / 3) - 1) < 0.35)
    }

    @Test func theEndOfEachClipIsHeldOut() {
        #expect(footage.training.map(\.frames) == [0..<32, 0..<24])
        #expect(footage.heldOut.map(\.frames) == [32..<40, 24..<30])
        #expect(footage.trainingCount == 56 && footage.heldOutCount == 14 && footage.rate == 5)
        let whole = Footage(store: footage.store, holdOut: 0)
        #expect(whole.heldOut.isEmpty && whole.trainingCount == 70)
    }

    @Test func normalNumbersAreNormal() {
        var random = SeededGenerator(keys: 1, 2)
        var values = [Float](repeating: 0, count: 100_001)
        values.withUnsafeMutableBufferPointer { random.fillNormal($0) }
        let mean = values.reduce(0.0) { $0 + Double($1) } / 100_001
        let square = values.reduce(0.0) { $0 + Double($1) * Double($1) } / 100_001
        let within = values.count { abs($0) < 1 }
        #expect(abs(mean) < 0.016 && abs(square - 1) < 0.023)  // five standard errors
        #expect(abs(Double(within) / 100_001 - 0.6827) < 0.0074)
    }
}
