public import Capture
import FoundationEssentials
import Glibc
import Video

/// A source that one process hands to another on standard input, with all that is asked of it.
public enum HandedSource {
    /// What stands on the command line in a source's place.
    public static let argument = "-"
    private static let limit = 4096  // what a pipe takes without a reader, whatever the system's limits

    /// The source as one line of JSON, password and all.
    static func line(_ source: SourceSpecification, camera: String) throws(StartError) -> [UInt8] {
        let line = (try? JSONLine.encode(source)).map { $0 + [10] }
        guard let line, line.count <= limit else {
            throw StartError(camera: camera, message: "learn: the source is too long to be handed to zanzo train")
        }
        return line
    }

    /// Reads it from standard input.
    public static func readStandardInput() throws -> SourceSpecification { try read(from: STDIN_FILENO) }

    /// Reads the first line of `descriptor`: a source as people write it, or as the daemon hands it over.
    static func read(from descriptor: Int32) throws -> SourceSpecification {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while line.count < limit {
            let count = Glibc.read(descriptor, &byte, 1)
            if count < 0, errno == EINTR { continue }
            guard count == 1, byte != 10 else { break }
            line.append(byte)
        }
        guard line.first == UInt8(ascii: "{") else {
            return try SourceSpecification(parsing: String(decoding: line, as: UTF8.self))
        }
        do {
            return try JSONDecoder().decode(SourceSpecification.self, from: Data(line))
        } catch {
            // The decoder's own words would repeat the line, and a password may stand in it.
            throw StartError(message: "standard input: the line is not a source as this version's zanzod hands it over")
        }
    }
}

extension CredentialsReference {
    /// A file's path, or `systemd:NAME`, from a command line.
    public init(argument: String) {
        self = argument.hasPrefix("systemd:") ? .systemd(String(argument.dropFirst(8))) : .file(argument)
    }
}
