import Anomaly
import Video

/// The baseline: what a camera without a model would go by, the mean squared difference between a frame and the one
/// before, at the model's size and by the model's own score method.
final class FrameDifference {
    private let scorer: Scorer
    private var previous: [Float]  // size.area luma values in [-1, 1]
    private var current: [Float]
    private var count = 0

    init(size: FrameSize, method: ScoreMethod) {
        scorer = Scorer(size: size, mask: Mask(size: size), method: method)
        previous = [Float](repeating: 0, count: size.area)
        current = previous
    }

    /// The score of a frame of `size.area` luma values, 0…255; nil for a clip's first one, which has none before it.
    func score(_ luma: UnsafeBufferPointer<UInt8>) -> Double? {
        for index in luma.indices { current[index] = Float(luma[index]) / 127.5 - 1 }
        defer {
            swap(&previous, &current)
            count += 1
        }
        guard count > 0 else { return nil }
        return current.withUnsafeBufferPointer { now in
            previous.withUnsafeBufferPointer { scorer.score(input: now, output: $0) }
        }
    }
}
