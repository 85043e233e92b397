import Glibc
import Files
import Testing
import Video

@testable import Pictures

/// A street corner of 128×128, and a model's idea of it which lacks the dark visitor at `visitor`.
func exampleFrame(visitor: Int?, noise: Int = 5) -> [UInt8] {
    var state: UInt32 = 7
    return (0..<128 * 128).map { index in
        let (x, y) = (index % 128, index / 128)
        state = state &* 1_664_525 &+ 1_013_904_223
        var value = y < 50 ? 190 - y / 2 : 96 + (x + y) / 8
        if x > 84, x < 118, y > 22, y < 60 { value = 130 }
        if let visitor, abs(x - visitor) < 6, y > 60, y < 96 { value = 20 }
        return UInt8(clamping: value + Int(state >> 16) % noise)
    }
}

func exampleComparison() -> Canvas {
    exampleFrame(visitor: 40).withUnsafeBufferPointer { luma in
        exampleFrame(visitor: nil, noise: 2).withUnsafeBufferPointer { reconstruction in
            Evidence.comparison(
                luma: luma, reconstruction: reconstruction, size: FrameSize(width: 128, height: 128), aspect: 16 / 9,
                caption: "porch   2026-09-01 02:03:04 UTC   score 1.66")
        }
    }
}

/// Keeps a picture for a person to look at where `ZANZO_PICTURES` names a directory.
func keep(_ picture: Canvas, _ name: String) throws {
    guard let directory = getenv("ZANZO_PICTURES") else { return }
    try AtomicFile.write(PNG.encode(picture), path: "\(String(cString: directory))/\(name).png")
}

@Suite struct EvidenceTests {
    @Test func aComparisonShowsFrameReconstructionAndError() throws {
        let picture = exampleComparison()
        try keep(picture, "comparison")
        // Panels of 455×256 at the left margin, then a gap: the visitor's middle in each of the three.
        let top = Evidence.margin + 32 + Evidence.labelHeight + 10
        let (x, y) = (Evidence.margin + 40 * 455 / 128, top + 80 * 2)
        let (frame, model, error) = (picture[x, y], picture[x + 467, y], picture[x + 2 * 467, y])
        #expect(frame.red < 30 && frame.red == frame.green && frame.green == frame.blue)
        #expect(model.red > 100)
        #expect(Int(error.red) > 150, "a difference of 100 codes glows")
        let calm = picture[Evidence.margin + 2 * 467 + 4, top + 200]
        #expect(calm.red < 12 && calm.green < 12, "no difference is dark")
    }

    @Test func theSameErrorHasTheSameColourInEveryPicture() {
        let size = FrameSize(width: 2, height: 1)
        func colour(_ other: UInt8) -> Colour {
            ([100, 100] as [UInt8]).withUnsafeBufferPointer { luma in
                ([150, other] as [UInt8]).withUnsafeBufferPointer { reconstruction in
                    let picture = Evidence.comparison(
                        luma: luma, reconstruction: reconstruction, size: size, aspect: 1, caption: "")
                    let panel = Evidence.panelSize(size, aspect: 1, height: 256)
                    let x = Evidence.margin + 2 * (panel.width + Evidence.gap) + 2
                    return picture[x, Evidence.margin + 32 + Evidence.labelHeight + 10 + panel.height / 2]
                }
            }
        }
        #expect(colour(100) == colour(255), "another pixel's error must not change this one's colour")
    }

    @Test func errorsAreSquaredDifferencesOfTheModelsScale() {
        ([0, 255, 100, 128] as [UInt8]).withUnsafeBufferPointer { luma in
            ([255, 0, 100, 127] as [UInt8]).withUnsafeBufferPointer { reconstruction in
                let error = ErrorMap(luma, reconstruction, count: 4)
                #expect(error.values[0] == 4 && error.values[1] == 4 && error.values[2] == 0)
                #expect(abs(error.values[3] - 1 / (127.5 * 127.5)) < 1e-9)
                #expect(abs(error.mean - (8 + 1 / (127.5 * 127.5)) / 4) < 1e-6)
                #expect(error.maximum == 4)
            }
        }
    }

    @Test(arguments: [(0, 128, 128, 0, 0, 0), (255, 128, 128, 255, 255, 255), (76, 85, 255, 254, 0, 0)])
    func aPhotographIsFullRangeRec601(y: Int, cb: Int, cr: Int, red: Int, green: Int, blue: Int) {
        // An odd size, so that the chroma planes are rounded up: 3×3 has 2×2 of them.
        let size = FrameSize(width: 3, height: 3)
        let bytes =
            Array(repeating: UInt8(y), count: 9) + Array(repeating: UInt8(cb), count: 4)
            + Array(repeating: UInt8(cr), count: 4)
        let picture = bytes.withUnsafeBufferPointer { Evidence.photograph(picture: $0, size: size) }
        for row in 0..<3 {
            for column in 0..<3 { #expect(picture[column, row] == Colour(UInt8(red), UInt8(green), UInt8(blue))) }
        }
    }

    @Test func aStripMarksTheEventsColumns() throws {
        let columns = (0..<9).map { index in
            let visitor = index >= 3 && index < 7 ? 30 + 12 * index : nil
            return StripColumn(
                luma: exampleFrame(visitor: visitor), reconstruction: exampleFrame(visitor: nil, noise: 2),
                size: FrameSize(width: 128, height: 128), offset: Double(index - 3) * 0.8, isEvent: visitor != nil,
                score: visitor == nil ? 0.42 : 1.66)
        }
        let picture = Evidence.strip(columns: columns, aspect: 4 / 3, caption: "porch   2026-09-01 02:03:04 UTC")
        try keep(picture, "strip")
        let marks = (0..<picture.width).filter { x in
            (0..<picture.height).contains { y in picture[x, y] == Theme.event && picture[x, y + 1] == Theme.event }
        }
        #expect(marks.count >= 4 * 171)
        try keep(Evidence.strip(columns: []), "strip-empty")
    }

    @Test(arguments: [false, true])
    func aPlotSurvivesAnyNumbers(isLogarithmic: Bool) throws {
        let odd = [Double.nan, .infinity, -.infinity, 0, -1, 1e300, -1e300, .leastNonzeroMagnitude]
        for count in 0...odd.count {
            var plot = ScorePlot(
                points: odd.prefix(count).enumerated().map { .init(time: Double($0.offset), score: $0.element) },
                threshold: .nan, events: [0...1], title: "hostile")
            plot.isLogarithmic = isLogarithmic
            #expect(Evidence.plot(plot).width == 1200)
        }
    }

    @Test func aPlotKeepsASingleFramesPeak() throws {
        // 100,000 points on 1,100 columns, one of them high.
        var plot = ScorePlot(
            points: (0..<100_000).map {
                .init(time: Double($0) / 15, score: $0 == 60_000 ? 3 : 0.4 + 0.1 * sin(Double($0) / 900))
            }, events: [3990...4100], title: "porch   score over time   peak 3.00")
        plot.truth = [3980...4120]
        let picture = Evidence.plot(plot)
        try keep(picture, "plot")
        let high = (0..<picture.width).contains { x in
            (0..<picture.height / 3).contains { picture[x, $0] == Theme.line }
        }
        #expect(high)
        plot.isLogarithmic = true
        try keep(Evidence.plot(plot), "plot-log")
    }

    @Test func aMontageHoldsEveryPicture() throws {
        let tiles = (0..<5).map { (label: "event \($0)", picture: photograph(width: 160, height: 120, noise: 4)) }
        let picture = Evidence.montage(tiles, columns: 3, title: "5 events")
        try keep(picture, "montage")
        #expect(picture.width == 2 * 16 + 3 * 160 + 2 * 12)
        #expect(Evidence.montage([], columns: 3).width > 0)
    }

    /// Two versions, of which the second misses the visitor: its tiles lie under the first's, each where it belongs.
    @Test func aSheetShowsEveryVersionUnderItsFrame() throws {
        let (frame, empty) = (exampleFrame(visitor: 40), exampleFrame(visitor: nil, noise: 2))
        let columns = (0..<3).map {
            SheetColumn(luma: frame, reconstructions: [frame, empty], errors: [0, 0.0213], offset: Double($0))
        }
        let size = FrameSize(width: 128, height: 128)
        let picture = Evidence.sheet(columns: columns, labels: ["float32", "int8"], size: size, caption: "porch.mp4")
        try keep(picture, "sheet")
        let left = Evidence.margin + Canvas.measure("float32", scale: 2).width + 12
        let top = Evidence.margin + Evidence.captionHeight + 12 + 20
        let block = 2 * 132 + Font.height + 8
        for column in 0..<3 {
            let (x, y) = (left + column * 132 + 40, top + 80)
            #expect(picture[x, y].red < 30, "the visitor in the frame")
            #expect(picture[x, y + 132].red < 30, "and in the first version")
            #expect(picture[x, y + 2 * 132].red < 12, "without an error")
            #expect(picture[x, y + 132 + block].red > 100, "not in the second")
            #expect(picture[x, y + 2 * 132 + block].red > 150, "whose error glows")
        }
        #expect(Evidence.sheet(columns: [], labels: ["int8"], size: size).width > 0)
    }
}
