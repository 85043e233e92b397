import Glibc
import Testing
import Video

@testable import Pictures

/// A picture like a camera's: shapes, gradients and sensor noise (an LCG, so that it is the same every time).
func photograph(width: Int, height: Int, noise: Int) -> Canvas {
    var state: UInt32 = 1
    var pixels: [UInt8] = []
    pixels.reserveCapacity(width * height * 3)
    for row in 0..<height {
        for column in 0..<width {
            let base = (column / 40 + row / 30) % 2 == 0 ? 70 + row / 4 : 140 + column / 16
            for channel in 0..<3 {
                state = state &* 1_664_525 &+ 1_013_904_223
                let value = base + channel * 8 + (noise > 0 ? Int(state >> 16) % noise : 0)
                pixels.append(UInt8(clamping: value))
            }
        }
    }
    return Canvas(width: width, height: height, pixels: pixels)
}

@Suite struct PNGTests {
    @Test(arguments: [(1, 1), (1, 7), (640, 360), (3, 1000)])
    func encodingAndDecodingGivesTheSamePixels(width: Int, height: Int) throws {
        let picture = photograph(width: width, height: height, noise: 9)
        let bytes = try PNG.encode(picture)
        #expect(Array(bytes.prefix(8)) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
        #expect(try PNG.decode(bytes) == picture)
    }

    @Test func aPictureWithoutPixelsIsRefused() {
        #expect(throws: PictureError.self) { try PNG.encode(Canvas(width: 0, height: 4)) }
    }

    @Test func brokenFilesAreErrorsAndNotCrashes() throws {
        let bytes = try PNG.encode(photograph(width: 32, height: 32, noise: 200))
        #expect(throws: PictureError.self) { try PNG.decode([]) }
        #expect(throws: PictureError.self) { try PNG.decode([1, 2, 3]) }
        for length in stride(from: 0, to: bytes.count - 12, by: 7) {
            #expect(throws: PictureError.self) { try PNG.decode(Array(bytes.prefix(length))) }
        }
        // Any flipped byte gives an error or a picture, never a crash.
        for index in stride(from: 8, to: bytes.count, by: 3) {
            var damaged = bytes
            damaged[index] ^= 0x5A
            _ = try? PNG.decode(damaged)
        }
    }

    @Test func aBombIsRefusedByItsHeader() throws {
        // 16,000 × 16,000 pixels would be 768 MB: refused before any of it is allocated.
        var bytes = try PNG.encode(Canvas(width: 1, height: 1))
        for (offset, byte) in [0, 0, 0x3E, 0x80, 0, 0, 0x3E, 0x80].enumerated() { bytes[16 + offset] = UInt8(byte) }
        let crc = crc32(Array(bytes[12..<29]))
        for index in 0..<4 { bytes[29 + index] = UInt8(crc >> UInt32(24 - 8 * index) & 0xFF) }
        #expect(throws: PictureError(code: .badSize, operation: "decode PNG", message: "16000x16000 is too large")) {
            try PNG.decode(bytes)
        }
    }

    /// Prints what level and filter cost; `ZANZO_MEASURE=1 swift test --filter PNGTests` shows it.
    @Test(.enabled(if: getenv("ZANZO_MEASURE") != nil, "set ZANZO_MEASURE to measure the encoder"))
    func measureLevelsAndFilters() throws {
        for (name, picture) in [
            ("photograph 640x360", photograph(width: 640, height: 360, noise: 9)), ("comparison", exampleComparison()),
        ] {
            for filters: (String, Int32) in [("none", 8), ("sub", 16), ("up", 32), ("paeth", 128), ("all", 248)] {
                for level in 1...4 {
                    let start = SystemTime().now()
                    var size = 0
                    for _ in 0..<5 {
                        size = try PNG.encode(picture, compression: level, filters: filters.1).count
                    }
                    let time = (SystemTime().now() - start).seconds / 5
                    print(
                        "\(name): level \(level), filter \(filters.0): "
                            + "\(NumberText.fixed(time * 1000, decimals: 1)) ms, \(size) bytes")
                }
            }
        }
    }

    private func crc32(_ bytes: [UInt8]) -> UInt32 {
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        return ~crc
    }
}
