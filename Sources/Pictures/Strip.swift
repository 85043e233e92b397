public import Video

/// One column of a strip: a frame near an event, and what the model made of it.
public struct StripColumn: Sendable {
    /// The frame as the model saw it, `size.area` bytes.
    public var luma: [UInt8]
    /// The model's reconstruction, `size.area` bytes.
    public var reconstruction: [UInt8]
    /// The model's size.
    public var size: FrameSize
    /// Seconds from the event's start; negative before it.
    public var offset: Double
    /// Whether the frame belongs to the event.
    public var isEvent: Bool
    /// The published score (1 is the alarm line); nil where there is none.
    public var score: Double?

    /// A column of a strip.
    public init(
        luma: [UInt8], reconstruction: [UInt8], size: FrameSize, offset: Double, isEvent: Bool, score: Double? = nil
    ) {
        self.luma = luma
        self.reconstruction = reconstruction
        self.size = size
        self.offset = offset
        self.isEvent = isEvent
        self.score = score
    }
}

extension Evidence {
    /// Frames around an event: the input above, the reconstruction under it, the error under both.
    ///
    /// Columns of the event are marked by a bar and bright labels. `aspect` is the camera's width divided by its
    /// height. Without columns the picture says so.
    public static func strip(columns: [StripColumn], aspect: Double = 1, caption: String = "") -> Canvas {
        let rowLabels = ["input", "model", "error"]
        let tile = columns.first.map { panelSize($0.size, aspect: aspect, height: 128) } ?? (width: 128, height: 128)
        let left = margin + Canvas.measure("input", scale: 2).width + 12
        let captionSpace = caption.isEmpty ? 0 : captionHeight + 12
        let top = margin + captionSpace + 34
        let step = (x: tile.width + 4, y: tile.height + 4)
        let shown = max(columns.count, 1)
        let right = left + shown * step.x - 4
        let width = max(right + 72 + margin, 360)
        var canvas = Canvas(width: width, height: top + 3 * step.y - 4 + margin, colour: Theme.background)
        canvas.text(
            Canvas.fit(caption, width: width - 2 * margin, scale: 2), x: margin, y: margin, colour: Theme.text,
            scale: 2)
        for (index, label) in rowLabels.enumerated() {
            canvas.text(
                label, x: margin, y: top + index * step.y + tile.height / 2 - 8, colour: Theme.quiet, scale: 2)
        }
        if columns.isEmpty {
            canvas.text("no frames were kept", x: left, y: top + tile.height / 2 - 8, colour: Theme.quiet, scale: 2)
        }
        for (index, column) in columns.enumerated() {
            draw(column, on: &canvas, x: left + index * step.x, top: top, tile: tile, rowStep: step.y)
        }
        errorScale(on: &canvas, x: right + 14, y: top + 2 * step.y, height: tile.height)
        return canvas
    }

    private static func draw(
        _ column: StripColumn, on canvas: inout Canvas, x: Int, top: Int, tile: (width: Int, height: Int), rowStep: Int
    ) {
        let source = (column.size.width, column.size.height)
        let label = NumberText.offset(seconds: column.offset)
        // Narrow tiles (portrait cameras) get small letters, so that labels do not run into each other.
        let scale = Canvas.measure("\u{2212}10.0s", scale: 2).width <= tile.width ? 2 : 1
        canvas.text(
            label, x: x + tile.width / 2, y: top - 30, colour: column.isEvent ? Theme.text : Theme.quiet, scale: scale,
            anchor: .centre)
        if let score = column.score {
            canvas.text(
                "score \(NumberText.fixed(score, decimals: 2))", x: x + tile.width / 2, y: top - 12,
                colour: score >= 1 ? Theme.event : Theme.quiet, anchor: .centre)
        }
        if column.isEvent {
            canvas.rectangle(x: x, y: top - 3, width: tile.width, height: 2, colour: Theme.event)
        }
        column.luma.withUnsafeBufferPointer { luma in
            column.reconstruction.withUnsafeBufferPointer { reconstruction in
                canvas.draw(luma: luma, source: source, x: x, y: top, width: tile.width, height: tile.height)
                canvas.draw(
                    luma: reconstruction, source: source, x: x, y: top + rowStep, width: tile.width,
                    height: tile.height)
                ErrorMap(luma, reconstruction, count: column.size.area).values.withUnsafeBufferPointer {
                    canvas.draw(
                        heat: $0, scale: errorRange, source: source, x: x, y: top + 2 * rowStep, width: tile.width,
                        height: tile.height)
                }
            }
        }
    }

    /// Pictures in a grid, each with a label under it; at most `columns` a row.
    public static func montage(_ tiles: [(label: String, picture: Canvas)], columns: Int, title: String = "") -> Canvas
    {
        precondition(columns > 0, "a montage of no columns")
        let cell = (
            width: tiles.map(\.picture.width).max() ?? 320, height: tiles.map(\.picture.height).max() ?? 40
        )
        let labelSpace = tiles.contains { !$0.label.isEmpty } ? 22 : 0
        let titleSpace = title.isEmpty ? 0 : captionHeight + 12
        let across = max(1, min(columns, tiles.count))
        let down = max(1, (tiles.count + columns - 1) / columns)
        let step = (x: cell.width + gap, y: cell.height + labelSpace + gap)
        let width = 2 * margin + across * step.x - gap
        var canvas = Canvas(
            width: width, height: 2 * margin + titleSpace + down * step.y - gap, colour: Theme.background)
        canvas.text(
            Canvas.fit(title, width: width - 2 * margin, scale: 2), x: margin, y: margin, colour: Theme.text, scale: 2)
        for (index, tile) in tiles.enumerated() {
            let x = margin + index % columns * step.x
            let y = margin + titleSpace + index / columns * step.y
            canvas.draw(tile.picture, x: x, y: y)
            canvas.text(
                Canvas.fit(tile.label, width: cell.width, scale: 2), x: x, y: y + cell.height + 4, colour: Theme.quiet,
                scale: 2)
        }
        return canvas
    }
}
