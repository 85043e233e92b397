import Pictures
public import Publish
import Video

/// A snapshot as a line.
public enum SnapshotText {
    /// How lines look.
    public enum Style: Sendable {
        /// For a person: when, which camera, what for, how large, where.
        case row
        /// The path alone, for `xargs` and the like.
        case path
        /// One JSON object, for programs.
        case json
    }

    /// What stands over rows.
    public static let head = row("WRITTEN (UTC)", "CAMERA", "KIND", "SIZE", "PATH")

    /// The snapshot as one line, without its end.
    public static func line(_ snapshot: Snapshot, _ style: Style) throws -> String {
        switch style {
        case .row:
            let time = snapshot.time.description
            return row(
                "\(time.prefix(10)) \(time.dropFirst(11).prefix(8))", snapshot.camera, snapshot.kind.rawValue,
                size(snapshot.byteCount), snapshot.path)
        case .path: return snapshot.path
        case .json: return String(decoding: try JSONLine.encode(Wire(snapshot)), as: UTF8.self)
        }
    }

    /// Bytes with three digits and a unit: "812 B", "1.21 MiB".
    static func size(_ byteCount: Int64) -> String {
        var value = Double(byteCount)
        var unit = "B"
        for next in ["KiB", "MiB", "GiB", "TiB"] where value >= 1000 {
            value /= 1024
            unit = next
        }
        return "\(NumberText.short(value)) \(unit)"
    }

    private static func row(_ time: String, _ camera: String, _ kind: String, _ size: String, _ path: String) -> String
    {
        TextTable.row([time, camera, kind, size], widths: [21, 16, 10, 10]) + path
    }

    private struct Wire: Encodable {
        let path, camera, kind, time: String
        let event: String?
        let bytes: Int64

        init(_ snapshot: Snapshot) {
            (path, camera, kind) = (snapshot.path, snapshot.camera, snapshot.kind.rawValue)
            (time, event, bytes) = (snapshot.time.description, snapshot.event, snapshot.byteCount)
        }
    }
}

/// Columns of text.
package enum TextTable {
    /// The cells, each filled up to its width; one that is longer moves the others on, by a space at least.
    package static func row(_ cells: [String], widths: [Int]) -> String {
        zip(cells, widths).map { cell, width in cell + String(repeating: " ", count: max(1, width - cell.count)) }
            .joined()
    }
}
