import Anomaly
public import Capture
import FoundationEssentials
import Glibc

/// A camera that one process hands to another: its source with all that is asked of it, and by what it is scored.
public struct HandedCamera: Sendable, Hashable, Codable {
    /// The source, with its user and password where it has them.
    public var source: SourceSpecification
    /// By what it is scored.
    public var scoring = ScoringSettings()
}

/// A source that one process hands to another on standard input.
public enum HandedSource {
    /// What stands on the command line in a source's place.
    public static let argument = "-"
    /// Bytes of a line at most: a camera's polygons may have 32,768 corners.
    private static let limit = 4 << 20

    /// The camera as one line of JSON, password and all.
    static func line(_ camera: CameraConfiguration) throws(StartError) -> [UInt8] {
        let handed = HandedCamera(source: camera.source, scoring: ScoringSettings(camera))
        let line = (try? JSONLine.encode(handed)).map { $0 + [10] }
        guard let line, line.count <= limit else {
            throw StartError(
                camera: camera.name,
                message: "learn: source, regions and masks are too long to be handed to zanzo train")
        }
        return line
    }

    /// Reads it from standard input.
    public static func readStandardInput() throws -> HandedCamera { try read(from: STDIN_FILENO) }

    /// Reads the first line of `descriptor`: a source as people write it, or a camera as the daemon hands it over.
    static func read(from descriptor: Int32) throws -> HandedCamera {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while line.count < limit {
            let count = Glibc.read(descriptor, &byte, 1)
            if count < 0, errno == EINTR { continue }
            guard count == 1, byte != 10 else { break }
            line.append(byte)
        }
        do throws(FileFault) {
            line = try TextBytes.withoutMark(line)
        } catch {
            throw StartError(message: "standard input: \(error.message)")
        }
        guard line.first == UInt8(ascii: "{") else {
            return HandedCamera(source: try SourceSpecification(parsing: String(decoding: line, as: UTF8.self)))
        }
        let camera = try? JSONDecoder().decode(HandedCamera.self, from: Data(line))
        guard let camera, camera.scoring.detector.problem == nil else {
            // The decoder's own words would repeat the line, and a password may stand in it.
            throw StartError(message: "standard input: the line is not a camera as this version's zanzod hands it over")
        }
        return camera
    }
}
