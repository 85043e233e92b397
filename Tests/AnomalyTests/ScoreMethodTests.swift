import Anomaly
import FoundationEssentials
import Testing

@Suite struct ScoreMethodTests {
    @Test(arguments: [
        ("mean", ScoreMethod.mean), ("tiles:4x8", .worstTiles(count: 4, size: 8)),
        ("tiles:1x2", .worstTiles(count: 1, size: 2)), ("tiles:64x1024", .worstTiles(count: 64, size: 1024)),
    ])
    func readsAndWrites(text: String, method: ScoreMethod) throws {
        #expect(try ScoreMethod(parsing: text) == method)
        #expect(method.description == text)
        let json = try JSONEncoder().encode([method])
        #expect(String(decoding: json, as: UTF8.self) == "[\"\(text)\"]")
        #expect(try JSONDecoder().decode([ScoreMethod].self, from: json) == [method])
    }

    @Test(arguments: [
        "", "Mean", "mean ", "tiles", "tiles:", "tiles:4", "tiles:x", "tiles:4x", "tiles:x8", "tiles:4x8x2",
        "tiles:4x8:",
        "tiles:-4x8", "tiles:+4x8", "tiles: 4x8", "tiles:0x8", "tiles:65x8", "tiles:4x1", "tiles:4x1025", "tiles:4×8",
        "tiles:99999999999999999999x8", "median",
    ])
    func refuses(text: String) {
        let error = #expect(throws: ScoreMethodError.self) { try ScoreMethod(parsing: text) }
        #expect(error?.description.hasPrefix("score method \"\(text)\": ") == true)
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([ScoreMethod].self, from: JSONEncoder().encode([text]))
        }
    }

    @Test func saysWhatToWrite() {
        let error = #expect(throws: ScoreMethodError.self) { try ScoreMethod(parsing: "tiles:100x8") }
        #expect(error?.description == "score method \"tiles:100x8\": the count of tiles is 100; it may be 1 to 64")
    }
}
