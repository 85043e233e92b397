import FoundationEssentials
import Glibc
import Model
import Pictures
import Testing
import Video

@testable import Offline

/// A folder for one test, gone with it.
final class Workplace {
    let path: String

    init() throws {
        var template = Array("/tmp/zanzo-offline.XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }
    func exists(_ name: String) -> Bool { access(file(name), F_OK) == 0 }

    /// A strip of `count` square frames in which a bright bar walks over a gradient.
    func strip(_ name: String, count: Int, size: Int = 16) throws -> String {
        var canvas = Canvas(width: count * size, height: size)
        for frame in 0..<count {
            var luma = (0..<size * size).map { UInt8(40 + ($0 / size) * 128 / size) }
            for row in 0..<size { luma[row * size + frame % size] = 250 }
            luma.withUnsafeBufferPointer {
                canvas.draw(luma: $0, source: (size, size), x: frame * size, y: 0, width: size, height: size)
            }
        }
        let bytes = try PNG.encode(canvas)
        try Data(bytes).write(to: URL(filePath: file(name)))
        return file(name)
    }

    /// A network that trains in no time.
    static let topology = Topology(size: 16, widths: [2, 2, 4, 4, 4], latent: 4, hidden: 6)
}
