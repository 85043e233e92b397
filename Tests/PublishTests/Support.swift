import FoundationEssentials
import Glibc
import Logging
import Testing
import Video

@testable import Publish

/// A new directory with a short path (sockets lie in it too), removed when the last reference goes.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/zp-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw PublishError(errno: errno, operation: "make a directory") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// 2026-09-01T02:03:04.123456Z.
let someTime = UTCTime(microseconds: 1_788_228_184_123_456)

/// An event whose message tells it from every other.
func event(
    _ number: Int, type: EventType = .anomalyStart, camera: String? = "porch", time: UTCTime = someTime
) -> Event {
    var generator = SystemRandomNumberGenerator()
    var data = EventData()
    data.score = 1.66
    data.message = "number \(number)"
    return Event(
        id: ULID.make(time: time, using: &generator), type: type, camera: camera, event: nil, time: time, data: data)
}

func readFile(_ path: String) -> [UInt8] { FileManager.default.contents(atPath: path).map { Array($0) } ?? [] }

func writeFile(_ bytes: [UInt8], _ path: String) throws { try Data(bytes).write(to: URL(filePath: path)) }

func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

/// The lines of a file, without their newlines.
func lines(_ path: String) -> [[UInt8]] { readFile(path).split(separator: 0x0A).map { Array($0) } }
