import Model
import Pictures
import Service
import Training
import Video

/// A strip as the article shows them: frames above, what the model rebuilt of them below.
enum RebuiltStrip {
    /// Frames of a strip.
    static let frameCount = 12

    /// Consecutive frames of the held-out footage (of the training's where nothing is held out), from its first span that has
    /// enough; the model's state warms up on the frames before. Their mean squared error, in [-1, 1], stands behind the title.
    static func draw(_ reconstructor: Reconstructor, _ footage: Footage, title: String) -> Canvas {
        let spans = footage.heldOut.isEmpty ? footage.training : footage.heldOut
        let side = max(1, 128 / footage.store.size) * footage.store.size
        let space = 28
        var canvas = Canvas(
            width: frameCount * (side + 4) + 4, height: 2 * (side + 4) + 4 + space, colour: Theme.background)
        guard let span = spans.first(where: { $0.frames.count >= frameCount }) ?? spans.first else { return canvas }
        var state = StreamState(model: reconstructor.model)
        let size = (footage.store.size, footage.store.size)
        let first = span.frames.lowerBound
        var (sum, count) = (0.0, 0)
        var output = [UInt8](repeating: 0, count: size.0 * size.1)
        for index in max(0, first - HeldOut.leadIn)..<min(first + frameCount, span.frames.upperBound) {
            let luma = footage.luma(span, index)
            let rebuilt = reconstructor.step(luma, &state)
            guard index >= first else { continue }
            rebuilt.addSquaredError(to: &sum)
            count += rebuilt.input.count
            let x = 4 + (index - first) * (side + 4)
            output.withUnsafeMutableBufferPointer { $0.quantise(rebuilt.output) }
            canvas.draw(luma: luma, source: size, x: x, y: space, width: side, height: side)
            output.withUnsafeBufferPointer {
                canvas.draw(luma: $0, source: size, x: x, y: space + side + 4, width: side, height: side)
            }
        }
        let words = "\(title), error of these frames \(NumberText.short(sum / Double(max(1, count))))"
        canvas.text(
            Canvas.fit(words, width: canvas.width - 16, scale: 2), x: 8, y: 8, colour: Theme.text, scale: 2)
        return canvas
    }
}
