import Pictures

/// `report.png`: what the report says, the scores' histogram with the alarm line, the loss, and the last strip.
enum ReportPicture {
    private static let width = 1232
    private static let margin = 16

    static func draw(_ report: TrainingReport, loss: Canvas, strip: Canvas) -> Canvas {
        let lines = TrainingReportText.lines(report).flatMap { wrap($0, width: width - 2 * margin) }
        let plot = histogram(report)
        let textHeight = lines.count * 18 + 44
        let height = textHeight + plot.height + loss.height + strip.height + 4 * margin
        var canvas = Canvas(width: max(width, strip.width + 2 * margin), height: height, colour: Theme.background)
        canvas.text("Zanzo: a model's report", x: margin, y: margin, colour: Theme.text, scale: 2)
        for (index, line) in lines.enumerated() {
            let colour = line.hasPrefix("warning") ? Theme.threshold : Theme.quiet
            canvas.text(line, x: margin, y: 48 + index * 18, colour: colour, scale: 2)
        }
        var y = textHeight + margin
        for picture in [plot, loss, strip] {
            canvas.draw(picture, x: margin, y: y)
            y += picture.height + margin
        }
        return canvas
    }

    /// Bars of the scores' counts, square roots so that single frames show, and the alarm line.
    static func histogram(_ report: TrainingReport) -> Canvas {
        let (bins, height) = (report.histogram, 240)
        var canvas = Canvas(width: 1200, height: height, colour: Theme.background)
        let area = (x: 56, y: 40, width: 1128, height: height - 80)
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
