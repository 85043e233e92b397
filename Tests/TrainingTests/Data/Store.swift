import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import Training

/// A folder for one test, gone with it.
final class Folder {
    let path: String

    init() throws {
        var template = Array("/tmp/zanzo-train.XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }
    func bytes(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: file(name)))) }
    func write(_ bytes: [UInt8], _ name: String) throws { try Data(bytes).write(to: URL(filePath: file(name))) }
}

extension Folder {
    /// A store of clips of these lengths, a session each, five frames a second; pixels are pseudo-random from clip and frame.
    func store(_ counts: [Int], size: Int = 16, name: String = "a.frames", ends: Bool = true) throws -> FrameStore {
        let writer = try FrameStoreWriter(creating: file(name), size: size)
        for (clip, count) in counts.enumerated() {
            try writer.begin(source: "clip-\(clip)", rate: 5)
            for frame in 0..<count {
                try Self.frame(clip, frame, size: size).withUnsafeBufferPointer {
                    try writer.append(luma: $0, time: Int64(clip) * 1_000_000_000 + Int64(frame) * 200_000)
                }
            }
        }
        if ends { try writer.finish() }
        return try FrameStore(path: file(name))
    }

    static func frame(_ clip: Int, _ frame: Int, size: Int = 16) -> [UInt8] {
        var random = SplitMix(seed: UInt64(clip) << 32 | UInt64(frame))
        return (0..<size * size).map { _ in UInt8.random(in: 0...255, using: &random) }
    }
}
