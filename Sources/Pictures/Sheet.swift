public import Video

/// One column of a sheet: a frame, and what several versions of a model made of it.
public struct SheetColumn: Sendable {
    /// The frame as the model saw it, `size.area` bytes.
    public var luma: [UInt8]
    /// Each version's reconstruction, `size.area` bytes.
    public var reconstructions: [[UInt8]]
    /// Each version's mean squared error, of the reconstruction before it was rounded to bytes.
    public var errors: [Double]
    /// Seconds from the clip's start.
    public var offset: Double

    /// A column of a sheet; as many errors as reconstructions.
    public init(luma: [UInt8], reconstructions: [[UInt8]], errors: [Double], offset: Double) {
        precondition(reconstructions.count == errors.count, "a reconstruction without its error")
        self.luma = luma
        self.reconstructions = reconstructions
        self.errors = errors
        self.offset = offset
    }
}

extension Evidence {
    /// Frames of a clip above, and under them each version's reconstructions and errors, the mean error as a number.
    ///
    /// - Parameters:
    ///   - columns: the frames; every column has a reconstruction for each of `labels`.
    ///   - labels: the versions' names.
    ///   - size: the model's size.
    ///   - aspect: the camera's width divided by its height.
    ///   - caption: a line above it all.
    public static func sheet(
        columns: [SheetColumn], labels: [String], size: FrameSize, aspect: Double = 1, caption: String = ""
    ) -> Canvas {
        precondition(columns.allSatisfy { $0.reconstructions.count == labels.count }, "a column without its label")
        let tile = panelSize(size, aspect: aspect, height: 128)
        let left =
            margin + (["input", "error"] + labels).map { Canvas.measure($0, scale: 2).width }.reduce(0, max) + 12
        let top = margin + captionHeight + 12 + 20
        let step = (x: tile.width + 4, y: tile.height + 4)
        // A version is two rows of tiles and a row of numbers.
        let block = 2 * step.y + Font.height + 8
        let right = left + max(columns.count, 1) * step.x - 4
        var canvas = Canvas(
            width: right + 72 + margin, height: top + step.y + labels.count * block - 4 + margin,
            colour: Theme.background)
        canvas.text(
            Canvas.fit(caption, width: canvas.width - 2 * margin, scale: 2), x: margin, y: margin, colour: Theme.text,
            scale: 2)
        func name(_ text: String, at y: Int) {
            canvas.text(text, x: margin, y: y + tile.height / 2 - 8, colour: Theme.quiet, scale: 2)
        }
        name("input", at: top)
        for (index, label) in labels.enumerated() {
            let y = top + step.y + index * block
            name(label, at: y)
            name("error", at: y + step.y)
            errorScale(on: &canvas, x: right + 14, y: y + step.y, height: tile.height)
        }
        for (index, column) in columns.enumerated() {
            let x = left + index * step.x
            canvas.text(
                NumberText.offset(seconds: column.offset), x: x + tile.width / 2, y: top - 12, colour: Theme.quiet,
                anchor: .centre)
            draw(column, on: &canvas, size: size, x: x, y: top, tile: tile, block: block)
        }
        return canvas
    }

    private static func draw(
        _ column: SheetColumn, on canvas: inout Canvas, size: FrameSize, x: Int, y: Int,
        tile: (width: Int, height: Int), block: Int
    ) {
        let source = (size.width, size.height)
        column.luma.withUnsafeBufferPointer { luma in
            canvas.draw(luma: luma, source: source, x: x, y: y, width: tile.width, height: tile.height)
            for (index, bytes) in column.reconstructions.enumerated() {
                let y = y + tile.height + 4 + index * block
                let under = y + tile.height + 4
                bytes.withUnsafeBufferPointer { bytes in
                    canvas.draw(luma: bytes, source: source, x: x, y: y, width: tile.width, height: tile.height)
                    ErrorMap(luma, bytes, count: size.area).values.withUnsafeBufferPointer {
                        canvas.draw(
                            heat: $0, scale: errorRange, source: source, x: x, y: under, width: tile.width,
                            height: tile.height)
                    }
                }
                canvas.text(
                    NumberText.short(column.errors[index]), x: x + tile.width / 2, y: under + tile.height + 4,
                    colour: Theme.quiet, anchor: .centre)
            }
        }
    }
}
