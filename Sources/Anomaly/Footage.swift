internal import Video

/// Clips of raw scores without their warm-ups, as the detector judges them.
struct Footage {
    let clips: [[Double]]
    let rate: Double
    let detector: DetectorSettings
    /// What three in four stretches of a merge gap stay under, so that an event over normal footage soon ends.
    let quiet: Double
    /// For each frame the k-th greatest score of the last n frames of its clip: 0 before there are k.
    let sustained: [[Double]]
    /// Frames under the release level that end an event, at the least.
    let pause: Int

    init(clips: [[Double]], rate: Double, detector: DetectorSettings) {
        let warmUp = max(detector.warmUpFrames, Int(saturating: (detector.warmUpTime.seconds * rate).rounded(.up)))
        let judged = clips.map { Array($0.dropFirst(warmUp)) }
        self.clips = judged
        self.rate = rate
        var settings = detector
        settings.warmUpFrames = 0
        settings.warmUpTime = .zero
        self.detector = settings
        let pause = max(detector.releaseFrames, Int(saturating: (detector.mergeGap.seconds * rate).rounded(.up)))
        self.pause = pause
        sustained = judged.map { Self.sustained($0, detector) }
        let greatest = judged.flatMap { Self.greatest(of: $0, every: pause) }.sorted()
        quiet = greatest.isEmpty ? 0 : ScoreStatistics.quantile(0.75, greatest)
    }

    var frames: Int { clips.reduce(0) { $0 + $1.count } }

    /// Events that the detector raises where `threshold` is the alarm line, and those of them that were too long.
    func outcome(threshold: Double) -> (events: Int, tooLong: Int) {
        let settings = Calibration.settings(detector, quiet: quiet, threshold: threshold)
        var (events, tooLong) = (0, 0)
        for clip in clips {
            var judge = Detector(settings: settings, rate: rate)
            for index in clip.indices {
                let time = MonotonicTime(nanoseconds: Int64(saturating: Double(index) / rate * 1e9))
                switch judge.observe(score: clip[index] / threshold, frame: UInt64(index), time: time) {
                case .start: events += 1
                case .end(.tooLong): tooLong += 1
                default: break
                }
            }
        }
        return (events, tooLong)
    }

    /// The greatest sustained score of each stretch of a merge gap (or a start window, where that is longer),
    /// descending; stretches of which nothing is over 0 are left out.
    func peaks() -> [Double] {
        let stretch = max(detector.startWindow, Int(saturating: (detector.mergeGap.seconds * rate).rounded(.up)))
        let peaks = sustained.flatMap { Self.greatest(of: $0, every: stretch) }
        return peaks.filter { $0 > 0 }.sorted(by: >)
    }

    private static func greatest(of scores: [Double], every stretch: Int) -> [Double] {
        stride(from: 0, to: scores.count, by: stretch).map { start in
            scores[start..<min(start + stretch, scores.count)].reduce(0, max)
        }
    }

    /// Peaks over `level`, declustered by runs: exceedances of the sustained score with less than `pause` frames under
    /// the level between them are one, the greatest; in the order of the footage, each with its frame, counted over
    /// all clips.
    func clusters(over level: Double) -> [(peak: Double, frame: Int)] {
        var found: [(peak: Double, frame: Int)] = []
        var start = 0
        for clip in sustained {
            var last: Int?  // The last exceedance in this clip.
            for (index, score) in clip.enumerated() where score > level {
                if let last, index - last <= pause {
                    if score > found[found.count - 1].peak { found[found.count - 1] = (score, start + index) }
                } else {
                    found.append((score, start + index))
                }
                last = index
            }
            start += clip.count
        }
        return found
    }

    /// How much more unevenly `clusters` fall over the footage than independent events would: the variance of their
    /// counts in ten equal pieces over the mean, 1 at the least (Cox and Lewis 1966).
    func dispersion(of clusters: [(peak: Double, frame: Int)]) -> Double {
        let pieces = 10
        var counts = [Double](repeating: 0, count: pieces)
        for cluster in clusters { counts[cluster.frame * pieces / max(1, frames)] += 1 }
        let mean = Double(clusters.count) / Double(pieces)
        guard mean > 0 else { return 1 }
        return max(1, counts.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (mean * Double(pieces - 1)))
    }

    private static func sustained(_ clip: [Double], _ detector: DetectorSettings) -> [Double] {
        let (k, n) = (detector.startFrames, detector.startWindow)
        var window = [Double]()  // The last n scores, descending.
        window.reserveCapacity(n + 1)
        var sustained = [Double]()
        sustained.reserveCapacity(clip.count)
        for (index, score) in clip.enumerated() {
            if index >= n, let old = window.firstIndex(of: clip[index - n]) { window.remove(at: old) }
            window.insert(score, at: window.firstIndex { $0 < score } ?? window.count)
            sustained.append(window.count >= k ? window[k - 1] : 0)
        }
        return sustained
    }
}
