import FoundationEssentials
import Glibc

/// Puts an event's picture into its line, for clients that cannot read the daemon's files.
enum InlineSnapshot {
    /// The line with `data.snapshot_png` (base64) added; the line as it is where there is no picture, one that cannot be
    /// read, or one larger than `limit` bytes.
    ///
    /// Reads a file: not for the event loop.
    static func expand(_ line: [UInt8], limit: Int) -> [UInt8] {
        // Lines of ours end in "}}" and a newline: data is the last key. Anything else is left alone.
        guard line.suffix(3) == [0x7D, 0x7D, 0x0A], let event = EventLine(line), let path = event.data.snapshot,
            let png = read(path, limit: limit)
        else { return line }
        let text = ",\"snapshot_png\":\"\(Data(png).base64EncodedString())\""
        var expanded = line
        expanded.removeLast(3)
        expanded += text.utf8
        expanded += [0x7D, 0x7D, 0x0A]
        return expanded
    }

    /// A PNG file's bytes; nil for a link, for what is no PNG, and for more than `limit` bytes.
    private static func read(_ path: String, limit: Int) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard let file = try? JournalFile(descriptor: descriptor, path: path), file.byteCount <= limit,
            let bytes = try? file.read(at: 0, count: file.byteCount)
        else { return nil }
        return bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) ? bytes : nil
    }
}
