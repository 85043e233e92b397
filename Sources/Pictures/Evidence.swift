public import Video

/// The pictures that go with an event: what the camera saw, what the model expected, and where they differ.
public enum Evidence {
    /// The end of the error maps' colour scale, in units of squared error (the frames lie in −1…1, so 4 is the most
    /// there can be). It is fixed, so that colours mean the same in every picture; 0.5 is a difference of about a
    /// third of the range from black to white.
    public static let errorRange = 0.5

    static let margin = 16
    static let gap = 12
    static let captionHeight = 16
    static let labelHeight = 14

    /// Frame, reconstruction and error map side by side, with a labelled colour scale and a caption.
    ///
    /// - Parameters:
    ///   - luma: the frame as the model saw it, `size.area` bytes.
    ///   - reconstruction: what the model made of it, `size.area` bytes.
    ///   - size: the model's size.
    ///   - aspect: the camera's width divided by its height (the model's frame is square, the camera's mostly not).
    ///   - caption: a line above the panels: camera, time, score. More lines may follow after "\n".
    public static func comparison(
        luma: UnsafeBufferPointer<UInt8>, reconstruction: UnsafeBufferPointer<UInt8>, size: FrameSize,
        aspect: Double, caption: String
    ) -> Canvas {
        let error = ErrorMap(luma, reconstruction, count: size.area)
        let panel = panelSize(size, aspect: aspect, height: 256)
        let captions = caption.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let captionsHeight = captions.count * (captionHeight + 8) + 8
        let scaleWidth = 78
        let top = margin + captionsHeight + labelHeight + 10
        let width = 2 * margin + 3 * panel.width + 2 * gap + scaleWidth
        var canvas = Canvas(
            width: width, height: top + panel.height + 8 + labelHeight + margin, colour: Theme.background)
        for (index, line) in captions.enumerated() {
            canvas.text(
                Canvas.fit(line, width: width - 2 * margin, scale: 2), x: margin,
                y: margin + index * (captionHeight + 8), colour: index == 0 ? Theme.text : Theme.quiet, scale: 2)
        }
        let source = (size.width, size.height)
        let columns = (0..<3).map { margin + $0 * (panel.width + gap) }
        canvas.draw(luma: luma, source: source, x: columns[0], y: top, width: panel.width, height: panel.height)
        canvas.draw(
            luma: reconstruction, source: source, x: columns[1], y: top, width: panel.width, height: panel.height)
        error.values.withUnsafeBufferPointer {
            canvas.draw(
                heat: $0, scale: errorRange, source: source, x: columns[2], y: top, width: panel.width,
                height: panel.height)
        }
        for (column, label) in zip(columns, ["frame", "reconstruction", "error"]) {
            canvas.frame(
                x: column - 1, y: top - 1, width: panel.width + 2, height: panel.height + 2, colour: Theme.edge)
            canvas.text(
                Canvas.fit(label, width: panel.width, scale: 2), x: column, y: top - 24, colour: Theme.quiet, scale: 2)
        }
        errorScale(on: &canvas, x: columns[2] + panel.width + gap, y: top, height: panel.height)
        let numbers = "mean \(NumberText.short(error.mean)), most \(NumberText.short(error.maximum))"
        canvas.text(
            Canvas.fit(numbers, width: panel.width), x: columns[2], y: top + panel.height + 8, colour: Theme.quiet)
        canvas.text(
            "squared error", x: width - margin, y: top + panel.height + 8, colour: Theme.quiet, anchor: .right)
        return canvas
    }

    /// The colour picture of a slot (4:2:0, full-range BT.601: Y, then Cb, then Cr) as RGB.
    ///
    /// - Parameters:
    ///   - picture: `FrameSlot.pictureByteCount(size)` bytes or more.
    ///   - size: the picture's size in pixels.
    public static func photograph(picture: UnsafeBufferPointer<UInt8>, size: FrameSize) -> Canvas {
        precondition(picture.count >= FrameSlot.pictureByteCount(size), "fewer bytes than the picture has")
        let (width, height) = (size.width, size.height)
        let chromaWidth = (width + 1) / 2
        let cb = size.area
        let cr = cb + chromaWidth * ((height + 1) / 2)
        let pixels = [UInt8](unsafeUninitializedCapacity: 3 * size.area) { pixels, initialized in
            var at = 0
            for row in 0..<height {
                for column in 0..<width {
                    let chroma = (row / 2) * chromaWidth + column / 2
                    let y = Int32(picture[row * width + column]) << 16 + 1 << 15
                    let u = Int32(picture[cb + chroma]) - 128
                    let v = Int32(picture[cr + chroma]) - 128
                    // ITU-R BT.601 full range (JFIF), in 16.16 fixed point: 1.402, 0.344136, 0.714136, 1.772.
                    pixels[at] = clamp((y + 91_881 * v) >> 16)
                    pixels[at + 1] = clamp((y - 22_554 * u - 46_802 * v) >> 16)
                    pixels[at + 2] = clamp((y + 116_130 * u) >> 16)
                    at += 3
                }
            }
            initialized = at
        }
        return Canvas(width: width, height: height, pixels: pixels)
    }

    private static func clamp(_ value: Int32) -> UInt8 { UInt8(truncatingIfNeeded: max(0, min(255, value))) }

    /// A panel of about `height` pixels that is a whole multiple of the model's rows where it can be.
    static func panelSize(_ size: FrameSize, aspect: Double, height: Int) -> (width: Int, height: Int) {
        let rows = max(1, (height + size.height / 2) / max(size.height, 1)) * size.height
        let tall = min(max(rows, height / 2), 2 * height)
        let ratio = aspect.isFinite ? min(max(aspect, 0.25), 4) : 1
        return (max(1, Int((Double(tall) * ratio).rounded())), tall)
    }

    /// The bar that says which colour is which squared error.
    static func errorScale(on canvas: inout Canvas, x: Int, y: Int, height: Int) {
        let barWidth = 14
        for row in 0..<height {
            let value = 1 - Double(row) / Double(max(height - 1, 1))
            canvas.rectangle(x: x, y: y + row, width: barWidth, height: 1, colour: ColourMap.inferno[value])
        }
        canvas.frame(x: x - 1, y: y - 1, width: barWidth + 2, height: height + 2, colour: Theme.edge)
        let steps = height >= 120 ? 5 : height >= 60 ? 2 : 1
        for step in 0...steps {
            let fraction = Double(step) / Double(steps)
            let row = y + Int((1 - fraction) * Double(height - 1))
            canvas.rectangle(x: x + barWidth + 1, y: row, width: 4, height: 1, colour: Theme.quiet)
            let label = (step == steps ? "≥" : "") + NumberText.short(errorRange * fraction, digits: 2)
            let middle = min(max(row - Font.height / 2, y), y + height - Font.height)
            canvas.text(label, x: x + barWidth + 8, y: middle, colour: Theme.quiet, scale: 1)
        }
    }
}
