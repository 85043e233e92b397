/// Curves of shares over shares (both 0…1) on a square: receiver operating characteristics side by side.
public struct CurvePlot: Sendable {
    /// One curve.
    public struct Curve: Sendable {
        /// Its points from left to right, x and y in 0…1.
        public var points: [(x: Double, y: Double)]
        /// What it is, for the legend.
        public var name: String

        /// The curve `name` through `points`.
        public init(points: [(x: Double, y: Double)], name: String) {
            (self.points, self.name) = (points, name)
        }
    }

    /// The curves; the first is drawn last, on top. Three at most have a colour of their own.
    public var curves: [Curve]
    /// A line above the plot.
    public var title: String
    /// What the axes measure.
    public var xLabel: String, yLabel: String
    /// The square's side in pixels.
    public var side = 480

    /// A plot of `curves`.
    public init(curves: [Curve], title: String, xLabel: String, yLabel: String) {
        (self.curves, self.title, self.xLabel, self.yLabel) = (curves, title, xLabel, yLabel)
    }
}

extension Evidence {
    private static let curveColours = [Theme.line, Theme.event, Theme.threshold]

    /// Curves on a square with a grid of tenths by two, the diagonal (what chance gives) and a legend.
    public static func curves(_ plot: CurvePlot) -> Canvas {
        let (left, top, side) = (margin + 40, margin + 44, plot.side)
        var canvas = Canvas(width: left + side + margin, height: top + side + margin + 36, colour: Theme.background)
        canvas.text(
            Canvas.fit(plot.title, width: canvas.width - 2 * margin, scale: 2), x: margin, y: margin,
            colour: Theme.text, scale: 2)
        canvas.rectangle(x: left, y: top, width: side, height: side, colour: Theme.panel)
        func place(_ x: Double, _ y: Double) -> (x: Int, y: Int) {
            (
                left + Int((min(max(x, 0), 1) * Double(side - 1)).rounded()),
                top + side - 1 - Int((min(max(y, 0), 1) * Double(side - 1)).rounded())
            )
        }
        for fifth in 0...5 {
            let share = Double(fifth) / 5
            let (x, y) = place(share, share)
            canvas.rectangle(x: left, y: y, width: side, height: 1, colour: Theme.edge, alpha: 0.7)
            canvas.rectangle(x: x, y: top, width: 1, height: side, colour: Theme.edge, alpha: 0.7)
            let label = NumberText.short(share)
            canvas.text(label, x: left - 8, y: y - 4, colour: Theme.quiet, anchor: .right)
            canvas.text(label, x: x, y: top + side + 9, colour: Theme.quiet, anchor: .centre)
        }
        canvas.line(from: place(0, 0), to: place(1, 1), colour: Theme.edge)
        for (index, curve) in plot.curves.enumerated().reversed() {
            let colour = curveColours[index % curveColours.count]
            for (from, to) in zip(curve.points, curve.points.dropFirst()) {
                canvas.line(from: place(from.x, from.y), to: place(to.x, to.y), colour: colour, thickness: 2)
            }
        }
        for (index, curve) in plot.curves.enumerated() {
            let y = top + side - 20 * (plot.curves.count - index)
            canvas.rectangle(
                x: left + side - 24, y: y + 2, width: 14, height: 3, colour: curveColours[index % curveColours.count])
            canvas.text(curve.name, x: left + side - 32, y: y, colour: Theme.text, anchor: .right)
        }
        canvas.frame(x: left, y: top, width: side, height: side, colour: Theme.edge)
        canvas.text(plot.yLabel, x: left, y: top - 13, colour: Theme.quiet)
        canvas.text(plot.xLabel, x: left + side / 2, y: top + side + 24, colour: Theme.quiet, anchor: .centre)
        return canvas
    }
}
