import TestSupport
import Testing

@testable import Service

@Suite struct YAMLFuzzTests {
    /// Reads `bytes` as zanzo.yaml would be; whatever comes of it, the process goes on.
    private func read(_ bytes: [UInt8]) {
        do throws(YAMLFault) {
            guard let root = try YAMLParser.parse(bytes) else { return }
            var loader = ConfigurationLoader()
            loader.read(root, ConfigurationReading(file: "fuzz.yaml"))
            for problem in loader.problems { #expect(!problem.description.contains("\n")) }
        } catch {
            #expect(error.line >= 1 && !error.message.contains("\n"))
        }
    }

    @Test("random bytes", arguments: 0..<8)
    func bytes(_ seed: Int) {
        var random = SplitMix(seed: UInt64(seed))
        for _ in 0..<250 {
            let count = Int.random(in: 0...300, using: &random)
            read((0..<count).map { _ in UInt8.random(in: 0...255, using: &random) })
        }
    }

    @Test("what YAML is made of, in any order", arguments: 0..<8)
    func tokens(_ seed: Int) {
        var random = SplitMix(seed: UInt64(seed) + 100)
        let tokens = [
            "a", ":", " ", "  ", "\n", "- ", "[", "]", "{", "}", ",", "\"", "'", "|", ">", "&x", "*x", "!t", "#", "?",
            "---",
            "...", "%YAML 1.1", "\t", "\r\n", "cameras:", "porch:", "source: ", "é", "\\u12", "@", "`", "0.5", "<<",
        ]
        for _ in 0..<300 {
            let count = Int.random(in: 0...60, using: &random)
            read((0..<count).flatMap { _ in Array((tokens.randomElement(using: &random) ?? "").utf8) })
        }
    }

    @Test("the shipped file with bytes changed, cut out and doubled", arguments: 0..<8)
    func mutations(_ seed: Int) throws {
        var random = SplitMix(seed: UInt64(seed) + 200)
        let whole = Array(
            try ShippedConfigurationTests.uncommented().split(separator: "\n").filter { !$0.contains("# ") }
                .joined(separator: "\n").utf8)
        for _ in 0..<40 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let at = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.removeSubrange(at..<min(bytes.count, at + 20))
                default: bytes.insert(contentsOf: bytes[at..<min(bytes.count, at + 40)], at: at)
                }
            }
            read(bytes)
        }
    }

    @Test("bombs: depth, width, long lines and long keys end soon and in a word")
    func bombs() {
        let million = 1 << 20
        let deep = [UInt8](repeating: UInt8(ascii: "["), count: million)
        #expect(throws: YAMLFault(line: 1, message: "values lie more than 16 deep in each other here")) {
            try YAMLParser.parse(deep)
        }
        let wide = Array("[".utf8) + Array(String(repeating: "a,", count: 200_000).utf8)
        #expect(throws: YAMLFault(line: 1, message: "the file holds more than 100000 values")) {
            try YAMLParser.parse(wide)
        }
        read(Array("host: ".utf8) + [UInt8](repeating: UInt8(ascii: "x"), count: million - 10))
        read([UInt8](repeating: UInt8(ascii: "k"), count: million - 10) + Array(": 1".utf8))
        read(Array(String(repeating: "-\n", count: million / 4).utf8))
        read(Array(String(repeating: "- ", count: million / 4).utf8))
        read(Array(String(repeating: "? ", count: million / 4).utf8))
        read(Array((0..<40_000).map { "unknown\($0): 1\n" }.joined().utf8))
    }
}
