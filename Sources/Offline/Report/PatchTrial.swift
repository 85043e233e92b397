import Anomaly
import Model
import Service
import Training
import Video

/// How small and how faint a thing the model and its threshold find: squares of one grey difference, pasted into held-out
/// frames and held there for as long as the detector looks.
struct PatchTrial {
    /// The smallest contrast that was found for squares of one size.
    struct Finding: Sendable, Hashable, Codable {
        /// The square's side in pixels of the model's frame.
        var pixels: Int
        /// Its difference from what was there, in levels of 255; nil: not even the strongest was found.
        var contrast: Int?
        /// The share of trials that found it at that contrast (at the strongest where none was enough), 0…1.
        var share: Double
    }

    /// Differences that are tried, faintest first.
    static let contrasts = [16, 32, 64, 128]
    /// A contrast counts as found when this share of the places and moments found it.
    static let enough = 0.5
    /// Moments of the footage that squares are pasted into.
    static let moments = 3
    /// Frames that all of it runs, about: its share of the time.
    static let frames = 1500
    /// Of a square, this share has to lie where the score is taken: nothing is to be found under a mask.
    static let visible = 0.5

    private let reconstructor: Reconstructor
    private let scorer: Scorer
    private let threshold: Double
    private let footage: Footage
    private let size: Int
    private let settings: DetectorSettings
    private let mask: Mask

    init(
        _ model: Model, _ footage: Footage, method: ScoreMethod, scoring: ScoringSettings, threshold: Double,
        threads: Int
    ) {
        (self.footage, self.threshold, size) = (footage, threshold, footage.store.size)
        let frame = FrameSize(width: size, height: size)
        reconstructor = Reconstructor(model: model, threads: threads)
        (settings, mask) = (scoring.detector, scoring.mask(size: frame))
        scorer = Scorer(size: frame, mask: mask, method: method)
    }

    /// A finding for each size from a sixteenth of the frame to a third; none for a size that can be seen nowhere. `show` is
    /// told the share that is done; nil where that returned false.
    func run(show: (Double) -> Bool) -> [Finding]? {
        let sizes = [size / 16, size / 8, size * 3 / 16, size / 4, size / 3].filter { $0 > 0 }
        var found = sizes.map { _ in Self.contrasts.map { _ in (hits: 0, trials: 0) } }
        let moments = chosenMoments()
        let all = Double(max(1, moments.count * sizes.count))
        for (number, moment) in moments.enumerated() {
            var state = StreamState(model: reconstructor.model)
            for index in max(0, moment.frame - HeldOut.leadIn)..<moment.frame {
                _ = reconstructor.step(footage.luma(moment.span, index), &state)
            }
            for (row, side) in sizes.enumerated() {
                guard show(Double(number * sizes.count + row) / all) else { return nil }
                for (column, contrast) in Self.contrasts.enumerated() {
                    for place in places(side) {
                        let isFound = finds(side, contrast, place, from: state, moment)
                        found[row][column].trials += 1
                        found[row][column].hits += isFound ? 1 : 0
                    }
                }
            }
        }
        return zip(sizes, found).compactMap { side, row in
            guard row[0].trials > 0 else { return nil }
            let shares = row.map { Double($0.hits) / Double($0.trials) }
            let first = shares.firstIndex { $0 >= Self.enough }
            return Finding(
                pixels: side, contrast: first.map { Self.contrasts[$0] }, share: shares[first ?? shares.count - 1])
        }
    }

    private typealias Moment = (span: Footage.Span, frame: Int)

    /// Frames that have a whole window of the detector's behind them, evenly over the spans that are long enough.
    private func chosenMoments() -> [Moment] {
        let spans = footage.heldOut.filter { $0.frames.count > settings.startWindow }
        guard !spans.isEmpty else { return [] }
        return (0..<Self.moments).map { number in
            let span = spans[number * spans.count / Self.moments]
            let free = span.frames.count - settings.startWindow
            return (span, span.frames.lowerBound + free * (number + 1) / (Self.moments + 1))
        }
    }

    /// The middle, and halfway towards the four corners, where the square can be seen there.
    private func places(_ side: Int) -> [(x: Int, y: Int)] {
        let free = size - side
        let places = [(2, 2), (1, 1), (3, 1), (1, 3), (3, 3)].map { (x: free * $0.0 / 4, y: free * $0.1 / 4) }
        return places.filter { place in
            let seen = pixels(side, place).reduce(0) { $0 + Int(mask.weights[$1]) }
            return Double(seen) >= Self.visible * Double(side * side)
        }
    }

    private func pixels(_ side: Int, _ place: (x: Int, y: Int)) -> [Int] {
        (place.y..<place.y + side).flatMap { row in (place.x..<place.x + side).map { row * size + $0 } }
    }

    /// Whether the detector's k of n frames with the square in them are over the threshold.
    private func finds(
        _ side: Int, _ contrast: Int, _ place: (x: Int, y: Int), from state: borrowing StreamState, _ moment: Moment
    ) -> Bool {
        var state = StreamState(copying: state)
        var hits = 0
        var picture = [UInt8](repeating: 0, count: size * size)
        for index in moment.frame..<moment.frame + settings.startWindow {
            picture.withUnsafeMutableBufferPointer { _ = $0.update(fromContentsOf: footage.luma(moment.span, index)) }
            paste(side, contrast, place, into: &picture)
            let raw = picture.withUnsafeBufferPointer { luma in
                let rebuilt = reconstructor.step(luma, &state)
                return scorer.score(input: rebuilt.input, output: rebuilt.output)
            }
            if raw >= threshold { hits += 1 }
        }
        return hits >= settings.startFrames
    }

    /// Darker where the place is bright, brighter where it is dark, so that nothing is cut off at black or white.
    private func paste(_ side: Int, _ contrast: Int, _ place: (x: Int, y: Int), into picture: inout [UInt8]) {
        let pixels = pixels(side, place)
        let mean = pixels.reduce(0) { $0 + Int(picture[$1]) } / max(1, pixels.count)
        let difference = mean > 127 ? -contrast : contrast
        for pixel in pixels { picture[pixel] = UInt8(max(0, min(255, Int(picture[pixel]) + difference))) }
    }
}
