import Testing
import Video

@Suite struct MaskTests {
    static func box(_ x0: Double, _ y0: Double, _ x1: Double, _ y1: Double) -> Polygon {
        Polygon([.init(x: x0, y: y0), .init(x: x1, y: y0), .init(x: x1, y: y1), .init(x: x0, y: y1)])
    }

    @Test func withoutPolygonsEveryPixelCounts() {
        #expect(Mask(size: FrameSize(width: 7, height: 5)).count == 35)
    }

    @Test func regionsKeepAndMasksHide() {
        let size = FrameSize(width: 8, height: 8)
        let mask = Mask(size: size, regions: [Self.box(0, 0, 0.5, 1)], masks: [Self.box(0, 0, 1, 0.25)])
        #expect(mask.count == 4 * 6)
        #expect(mask.weights[0] == 0)
        #expect(mask.weights[2 * 8] == 1)
        #expect(mask.weights[2 * 8 + 4] == 0)
    }

    @Test func aConcavePolygonFollowsTheEvenOddRule() {
        let arrow = Polygon([.init(x: 0, y: 0), .init(x: 1, y: 0.5), .init(x: 0, y: 1), .init(x: 0.5, y: 0.5)])
        #expect(!arrow.contains(x: 0.25, y: 0.5))
        #expect(arrow.contains(x: 0.75, y: 0.5))
        #expect(!arrow.contains(x: 2, y: 0.5))
    }
}
