import Pictures

/// `report.png`: what the report says, the scores' histogram with the alarm line, the loss, and the last strip.
enum ReportPicture {
    private static let leastWidth = 1200
    private static let margin = 16

    /// Everything in one column, as wide as `strip`, and 1200 pixels at the least; `loss` draws the loss in a given width.
    static func draw(_ report: TrainingReport, loss: (_ width: Int) -> Canvas, strip: Canvas) -> Canvas {
        let width = max(leastWidth, strip.width)
        let lines = lines(report, width: width)
        let pictures = [histogram(report, width: width), loss(width), strip]
        let textHeight = lines.count * 18 + 44
        let height = textHeight + pictures.reduce(margin) { $0 + $1.height + margin }
        var canvas = Canvas(width: width + 2 * margin, height: height, colour: Theme.background)
        canvas.text("Zanzo: a model's report", x: margin, y: margin, colour: Theme.text, scale: 2)
        for (index, line) in lines.enumerated() {
            let colour = line.isWarning ? Theme.threshold : Theme.quiet
            canvas.text(line.text, x: margin, y: 48 + index * 18, colour: colour, scale: 2)
        }
        var y = textHeight + margin
        for picture in pictures {
            canvas.draw(picture, x: margin, y: y)
            y += picture.height + margin
        }
        return canvas
    }

    /// What the report says, in lines of at most `width` pixels; each line of a warning knows that it is one.
    static func lines(_ report: TrainingReport, width: Int) -> [(text: String, isWarning: Bool)] {
        TrainingReportText.lines(report).flatMap { line in
            wrap(line, width: width).map { ($0, line.hasPrefix("warning")) }
        }
    }

    /// Bars of the scores' counts, square roots so that single frames show, and the alarm line.
    static func histogram(_ report: TrainingReport, width: Int) -> Canvas {
        let (bins, height) = (report.histogram, 240)
        var canvas = Canvas(width: width, height: height, colour: Theme.background)
        let area = (x: 56, y: 40, width: width - 72, height: height - 80)
        let title = "scores of \(report.scoredFrames) held-out frames (bars: square root of the count)"
        canvas.text(title, x: area.x, y: 8, colour: Theme.text, scale: 2)
        canvas.rectangle(x: area.x, y: area.y, width: area.width, height: area.height, colour: Theme.panel)
        let greatest = Double(bins.counts.max() ?? 0).squareRoot()
        for (index, count) in bins.counts.enumerated() where count > 0 {
            let bar = max(1, Int(Double(count).squareRoot() / greatest * Double(area.height - 8)))
            let left = area.x + index * area.width / bins.counts.count
            let right = area.x + (index + 1) * area.width / bins.counts.count
            canvas.rectangle(
                x: left, y: area.y + area.height - bar, width: right - left - 1, height: bar, colour: Theme.line)
        }
        for step in 0...4 {
            let value = bins.low + (bins.high - bins.low) * Double(step) / 4
            let x = area.x + area.width * step / 4
            canvas.text(
                NumberText.short(value), x: x, y: area.y + area.height + 8, colour: Theme.quiet, anchor: .centre)
        }
        let unit = report.calibration == nil ? "raw score" : "score, 1 is the alarm line"
        canvas.text(
            unit, x: area.x + area.width / 2, y: area.y + area.height + 22, colour: Theme.quiet, anchor: .centre)
        if report.calibration != nil, bins.low < 1, bins.high > 1 {
            let x = area.x + Int(Double(area.width) * (1 - bins.low) / (bins.high - bins.low))
            canvas.rectangle(x: x, y: area.y, width: 2, height: area.height, colour: Theme.threshold)
        }
        return canvas
    }

    /// A text in lines of at most `width` pixels at scale 2, cut between words.
    static func wrap(_ text: String, width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            let longer = line.isEmpty ? String(word) : "\(line) \(word)"
            if Canvas.measure(longer, scale: 2).width <= width || line.isEmpty {
                line = longer
            } else {
                lines.append(line)
                line = "  \(word)"
            }
        }
        return lines + [line]
    }
}
