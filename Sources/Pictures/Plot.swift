import Glibc

/// What a plot of scores over time shows.
public struct ScorePlot: Sendable {
    /// A score at a time.
    public struct Point: Sendable, Hashable {
        /// Seconds since the start.
        public var time: Double
        /// The score.
        public var score: Double
        /// The point (time, score).
        public init(time: Double, score: Double) {
            self.time = time
            self.score = score
        }
    }

    /// The scores in order of time; non-finite ones leave a hole in the line.
    public var points: [Point]
    /// Where the alarm line lies; nil for none. Published scores have theirs at 1.
    public var threshold: Double?
    /// Spans of time to shade: the events found.
    public var events: [ClosedRange<Double>]
    /// Spans of time marked by a bar under the plot: what is known to be true, where that is known.
    public var truth: [ClosedRange<Double>] = []
    /// A line above the plot.
    public var title: String
    /// What the vertical axis measures.
    public var label = "score"
    /// Whether the vertical axis is logarithmic (scores of zero or less are drawn at its lower end).
    public var isLogarithmic = false
    /// What the horizontal axis measures, where that is not time.
    public var axis: String?
    /// Points beside the line, each drawn as a small square.
    public var marks: [Point] = []
    /// The picture's width in pixels.
    public var width = 1200
    /// The picture's height in pixels.
    public var height = 400

    /// A plot of these points.
    public init(points: [Point], threshold: Double? = 1, events: [ClosedRange<Double>] = [], title: String) {
        self.points = points
        self.threshold = threshold
        self.events = events
        self.title = title
    }
}

extension Evidence {
    /// Score over time: a line, the threshold, events shaded, axes with round ticks.
    public static func plot(_ plot: ScorePlot) -> Canvas {
        var canvas = Canvas(width: max(plot.width, 240), height: max(plot.height, 160), colour: Theme.background)
        let area = PlotArea(plot, width: canvas.width, height: canvas.height)
        canvas.text(
            Canvas.fit(plot.title, width: canvas.width - 2 * margin, scale: 2), x: margin, y: margin,
            colour: Theme.text, scale: 2)
        canvas.rectangle(x: area.left, y: area.top, width: area.width, height: area.height, colour: Theme.panel)
        for event in plot.events {
            let (from, to) = (area.x(event.lowerBound), area.x(event.upperBound))
            canvas.rectangle(
                x: from, y: area.top, width: max(to - from, 2), height: area.height, colour: Theme.event, alpha: 0.28)
        }
        for span in plot.truth {
            let (from, to) = (area.x(span.lowerBound), area.x(span.upperBound))
            canvas.rectangle(
                x: from, y: area.top + area.height - 5, width: max(to - from, 2), height: 5, colour: Theme.text)
        }
        drawAxes(of: plot, area, on: &canvas)
        drawLine(of: plot, area, on: &canvas)
        for mark in plot.marks where mark.time.isFinite && mark.score.isFinite {
            canvas.rectangle(
                x: area.x(mark.time) - 2, y: area.y(mark.score) - 2, width: 5, height: 5, colour: Theme.event)
        }
        if let threshold = plot.threshold, area.contains(threshold) {
            let y = area.y(threshold)
            for x in stride(from: area.left, to: area.left + area.width, by: 10) {
                canvas.rectangle(
                    x: x, y: y, width: min(6, area.left + area.width - x), height: 1, colour: Theme.threshold)
            }
            let label = "threshold \(NumberText.short(threshold))"
            let above = y - 12 > area.top ? y - 11 : y + 4
            canvas.text(label, x: area.left + area.width - 4, y: above, colour: Theme.threshold, anchor: .right)
        }
        return canvas
    }

    private static func drawAxes(of plot: ScorePlot, _ area: PlotArea, on canvas: inout Canvas) {
        for (value, label) in area.scoreTicks {
            let y = area.y(value)
            canvas.rectangle(x: area.left, y: y, width: area.width, height: 1, colour: Theme.edge, alpha: 0.7)
            canvas.text(label, x: area.left - 8, y: y - 4, colour: Theme.quiet, anchor: .right)
        }
        for (time, label) in area.timeTicks {
            let x = area.x(time)
            canvas.rectangle(x: x, y: area.top + area.height, width: 1, height: 5, colour: Theme.quiet)
            canvas.text(label, x: x, y: area.top + area.height + 9, colour: Theme.quiet, anchor: .centre)
        }
        canvas.frame(x: area.left, y: area.top, width: area.width, height: area.height, colour: Theme.edge)
        let middle = area.left + area.width / 2
        canvas.text(
            area.timeLabel, x: middle, y: area.top + area.height + 24, colour: Theme.quiet, anchor: .centre)
        let unit = plot.label + (plot.isLogarithmic ? " (log)" : "")
        canvas.text(unit, x: area.left, y: area.top - 13, colour: Theme.quiet)
    }

    /// Hours of scores have many points a pixel: each column of pixels shows the span from its least to its greatest
    /// value, so that a single frame's peak is never lost, and is joined to the column before it.
    private static func drawLine(of plot: ScorePlot, _ area: PlotArea, on canvas: inout Canvas) {
        var column: (x: Int, low: Int, high: Int, last: Int)?
        func show(_ column: (x: Int, low: Int, high: Int, last: Int)?) {
            guard let column else { return }
            canvas.rectangle(
                x: column.x, y: column.high, width: 1, height: column.low - column.high + 1, colour: Theme.line)
        }
        for point in plot.points {
            guard point.score.isFinite, point.time.isFinite else {
                show(column)
                column = nil
                continue
            }
            let (x, y) = (area.x(point.time), area.y(point.score))
            guard let now = column else {
                column = (x, y, y, y)
                continue
            }
            if now.x == x {
                column = (x, max(now.low, y), min(now.high, y), y)
            } else {
                show(now)
                canvas.line(from: (now.x, now.last), to: (x, y), colour: Theme.line)
                column = (x, y, y, y)
            }
        }
        show(column)
    }
}

/// Where a plot's numbers lie on its picture, and its ticks.
struct PlotArea {
    let left, top, width, height: Int
    let times: ClosedRange<Double>
    let scores: ClosedRange<Double>  // in log10 where the axis is logarithmic
    private let isLogarithmic: Bool
    private let axis: String?

    init(_ plot: ScorePlot, width: Int, height: Int) {
        (left, top) = (Evidence.margin + 56, Evidence.margin + 44)
        (self.width, self.height) = (width - left - Evidence.margin, height - top - Evidence.margin - 36)
        (isLogarithmic, axis) = (plot.isLogarithmic, plot.axis)
        let moments = plot.points.lazy.map(\.time).filter(\.isFinite)
        let start = moments.min() ?? 0
        let end = moments.max() ?? 1
        times = start...(end > start ? end : start + 1)
        var values = (plot.points + plot.marks).map(\.score).filter(\.isFinite)
        if let threshold = plot.threshold, threshold.isFinite { values.append(threshold) }
        if isLogarithmic {
            let positive = values.filter { $0 > 0 }
            let low = floor(log10(positive.min() ?? 0.1))
            let high = log10(positive.max() ?? 1) + 0.1
            scores = max(low, high - 8)...max(high, low + 1)
        } else {
            let low = min(values.min() ?? 0, 0)
            let high = max(values.max() ?? 1, low + 1e-9)
            scores = low...(high + 0.08 * (high - low))
        }
    }

    /// The column of a time.
    func x(_ time: Double) -> Int {
        let fraction = (time - times.lowerBound) / (times.upperBound - times.lowerBound)
        return left + Int(min(max(fraction, 0), 1) * Double(width - 1))
    }

    /// The row of a score.
    func y(_ score: Double) -> Int {
        let value = isLogarithmic ? (score > 0 ? log10(score) : scores.lowerBound) : score
        let fraction = (value - scores.lowerBound) / (scores.upperBound - scores.lowerBound)
        return top + height - 1 - Int(min(max(fraction, 0), 1) * Double(height - 1))
    }

    func contains(_ score: Double) -> Bool {
        isLogarithmic ? score > 0 && scores.contains(log10(score)) : scores.contains(score)
    }

    var scoreTicks: [(Double, String)] {
        guard isLogarithmic else {
            return Self.round(scores, count: max(2, height / 45)).map { ($0, NumberText.short($0, digits: 4)) }
        }
        let decades = Int(ceil(scores.lowerBound))...max(Int(ceil(scores.lowerBound)), Int(floor(scores.upperBound)))
        return decades.map { (pow(10, Double($0)), NumberText.short(pow(10, Double($0)), digits: 2)) }
    }

    /// Seconds, minutes or hours, by the length of the plot.
    private var unit: (seconds: Double, name: String) {
        if axis != nil { return (1, "") }
        let length = times.upperBound - times.lowerBound
        return length > 3 * 3600 ? (3600, "hours") : length > 300 ? (60, "minutes") : (1, "seconds")
    }

    var timeLabel: String { axis ?? "time in \(unit.name)" }

    var timeTicks: [(Double, String)] {
        let seconds = unit.seconds
        let range = (times.lowerBound / seconds)...(times.upperBound / seconds)
        return Self.round(range, count: max(2, width / 110)).map { ($0 * seconds, NumberText.short($0, digits: 6)) }
    }

    /// Multiples of 1, 2 or 5 times a power of ten within `range`, about `count` of them (Heckbert, Graphics Gems).
    static func round(_ range: ClosedRange<Double>, count: Int) -> [Double] {
        let rough = (range.upperBound - range.lowerBound) / Double(count)
        guard rough > 0, rough.isFinite else { return [] }
        let power = pow(10, floor(log10(rough)))
        let step = power * ([1, 2, 5].first { $0 * power >= rough * 0.999 } ?? 10)
        let first = ceil(range.lowerBound / step)
        let last = floor(range.upperBound / step)
        guard first <= last, last - first < 1000 else { return [] }
        return stride(from: first, through: last, by: 1).map { $0 * step }
    }
}
