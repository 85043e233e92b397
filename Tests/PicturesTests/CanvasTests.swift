import Testing

@testable import Pictures

@Suite struct CanvasTests {
    @Test func everythingIsClipped() {
        var canvas = Canvas(width: 8, height: 8)
        let white = Colour(255, 255, 255)
        canvas.rectangle(x: -5, y: -5, width: 6, height: 6, colour: white)
        canvas.rectangle(x: 100, y: 100, width: 5, height: 5, colour: white)
        canvas.rectangle(x: 3, y: 3, width: -2, height: 4, colour: white)
        canvas.line(from: (-20, 4), to: (30, 4), colour: white)
        canvas.text("clipped", x: -3, y: 6, colour: white, scale: 3)
        canvas.draw(Canvas(width: 20, height: 20, colour: white), x: -19, y: 7)
        canvas.draw(Canvas(width: 4, height: 4, colour: white), x: 50, y: -50)
        #expect(canvas[0, 0] == white && canvas[1, 1] == Colour(0, 0, 0) && canvas[0, 4] == white)
    }

    @Test func textIsAsWideAsMeasured() {
        for scale in 1...3 {
            var canvas = Canvas(width: 200, height: 40)
            canvas.text("HWH", x: 10, y: 4, colour: Colour(255, 0, 0), scale: scale)
            let used = (0..<200).filter { x in (0..<40).contains { canvas[x, $0].red == 255 } }
            #expect(used.first == 10)
            #expect(used.last == 10 + Canvas.measure("HWH", scale: scale).width - 1)
        }
    }

    @Test func everyPrintableCharacterIsDrawnAndDiffers() throws {
        let characters = (32...126).compactMap { Unicode.Scalar($0) }
        let shapes = characters.map { Font.columns(of: $0) }
        #expect(Set(shapes).count == 95)
        #expect(shapes.filter { $0 == 0 }.count == 1, "only the space is empty")
        var canvas = Canvas(width: 16 * 12 + 8, height: 7 * 22, colour: Theme.background)
        for (index, character) in characters.enumerated() {
            canvas.text(
                String(character), x: 8 + index % 16 * 12, y: 8 + index / 16 * 20, colour: Theme.text, scale: 2)
        }
        try keep(canvas, "font")
    }

    @Test func longTextIsShortened() {
        #expect(Canvas.fit("short", width: 100) == "short")
        let fitted = Canvas.fit("a very long caption", width: 50)
        #expect(fitted == "a very …")
        #expect(Canvas.measure(fitted).width <= 50)
        #expect(Canvas.fit("x", width: 0).isEmpty)
    }

    @Test func lumaIsStretchedByNearestNeighbour() {
        var canvas = Canvas(width: 4, height: 4)
        [0, 50, 100, 200].withUnsafeBufferPointer {
            canvas.draw(luma: $0, source: (2, 2), x: 0, y: 0, width: 4, height: 4)
        }
        #expect(canvas[1, 1].red == 0 && canvas[2, 1].red == 50 && canvas[1, 2].red == 100 && canvas[3, 3].red == 200)
    }

    @Test func infernoRunsFromBlackToPaleYellowAndGrowsLighter() {
        let map = ColourMap.inferno
        #expect(map[-1] == map[0] && map[.nan] == map[0] && map[7] == map[1])
        #expect(map[0].red < 4 && map[0].green < 4 && map[0].blue < 8)
        #expect(map[1].red > 244 && map[1].green > 248 && map[1].blue > 150)
        let lightness = (0..<256).map { index in
            let colour = map[Double(index) / 255]
            return 0.299 * Double(colour.red) + 0.587 * Double(colour.green) + 0.114 * Double(colour.blue)
        }
        for (a, b) in zip(lightness, lightness.dropFirst()) { #expect(b > a - 0.8) }
    }

    @Test(arguments: [
        (0.5, 2, "0.50"), (-0.004, 2, "0.00"), (-1.25, 1, "-1.3"), (1234.5678, 3, "1234.568"), (3, 0, "3"),
        (.nan, 2, "nan"), (-.infinity, 1, "-inf"), (0.05, 3, "0.050"),
    ])
    func numbersOfFixedDecimals(value: Double, decimals: Int, text: String) {
        #expect(NumberText.fixed(value, decimals: decimals) == text)
    }

    @Test(arguments: [
        (0.0123456, "0.0123"), (1.5, "1.5"), (20, "20"), (0, "0"), (1e-5, "1e-05"), (-0.1 - 0.2, "-0.3"),
        (1_234_567, "1230000"),
    ])
    func shortNumbers(value: Double, text: String) {
        #expect(NumberText.short(value) == text)
    }

    @Test func offsetsHaveARealMinus() {
        #expect(NumberText.offset(seconds: -1) == "\u{2212}1.0s")
        #expect(NumberText.offset(seconds: 3.24) == "+3.2s")
        #expect(NumberText.offset(seconds: -0.01) == "0.0s")
    }
}
