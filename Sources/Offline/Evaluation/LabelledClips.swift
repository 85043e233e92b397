import Capture
import Files
import Glibc
import Service
import Video

/// The clips of a data set's folder, with what is known of their frames.
///
///     DIR/01/            pictures, one a frame
///     DIR/02.png         a strip of square frames
///     DIR/03.mp4         a video
///     DIR/01.labels.txt  one 0 (normal) or 1 (anomalous) a frame; without it all of the clip is normal
struct LabelledClip {
    /// The clip's name: the file's or folder's, without suffix.
    let name: String
    /// Where it lies.
    let path: String
    /// Whether it is a folder or a strip, whose frames carry no time.
    let isPictures: Bool
    /// Its labels, one a frame; nil where there is no file of them.
    let labels: [Bool]?

    private static let pictures = [".png", ".jpg", ".jpeg"]
    private static let videos = [".mp4", ".mkv", ".avi", ".mov", ".webm", ".m4v", ".mpg", ".ts"]
    private static let labelSuffix = ".labels.txt"
    private static let largestLabelFile = 64 << 20

    /// The clips in `folder`, in natural order, at least one; what is neither clip nor labels is left aside.
    static func find(in folder: String) throws -> [LabelledClip] {
        guard let names = Directory.names(in: folder) else {
            throw StartError(message: "\(folder): no folder that can be read: give --data the folder of the clips")
        }
        let visible = names.filter { !$0.hasPrefix(".") }
        var clips: [LabelledClip] = []
        for name in visible.sorted(by: isNaturallyBefore) {
            let path = folder + "/" + name
            let stem: String
            let isPictures: Bool
            if Directory.names(in: path) != nil {
                (stem, isPictures) = (name, true)
            } else if let suffix = suffix(of: name, in: pictures) {
                (stem, isPictures) = (String(name.dropLast(suffix.count)), true)
            } else if let suffix = suffix(of: name, in: videos) {
                (stem, isPictures) = (String(name.dropLast(suffix.count)), false)
            } else {
                continue
            }
            if let other = clips.first(where: { $0.name == stem }) {
                throw StartError(
                    message:
                        "\(path): \(other.path) has the same name, so that \(stem)\(labelSuffix) would be of "
                        + "both: rename one of them")
            }
            let labels = visible.contains(stem + labelSuffix) ? try read(folder + "/" + stem + labelSuffix) : nil
            clips.append(LabelledClip(name: stem, path: path, isPictures: isPictures, labels: labels))
        }
        for name in visible where name.hasSuffix(labelSuffix) {
            let stem = name.dropLast(labelSuffix.count)
            guard clips.contains(where: { $0.name == stem }) else {
                throw StartError(
                    message: "\(folder)/\(name): there is no clip \(stem) beside it: a folder, \(stem).png or a video")
            }
        }
        guard !clips.isEmpty else {
            throw StartError(
                message: "\(folder): no clip in it: it takes folders of pictures, strips (.png) or videos (.mp4 …)")
        }
        if let strip = clips.first(where: { suffix(of: $0.path, in: pictures) != nil }) {
            try refuseFrames(strip.path, in: folder)
        }
        return clips
    }

    /// Throws where `folder` is one clip's: its labels lie beside it, or `path`, a picture in it, is a frame and no strip.
    private static func refuseFrames(_ path: String, in folder: String) throws(StartError) {
        let trimmed = String(folder.reversed().drop { $0 == "/" }.reversed())
        let parent = trimmed == "." ? ".." : PathParts(trimmed).directory
        let advice = "give the folder above it, with the labels beside the clip: --data \(parent)"
        let labels = trimmed + labelSuffix
        if access(labels, F_OK) == 0 {
            throw StartError(message: "\(folder): is one clip, whose labels are \(labels): \(advice)")
        }
        let source = makeSource(SourceSpecification(kind: .pictures(path: path)), time: SystemTime())
        do throws(CaptureError) {
            _ = try source.open()
        } catch {
            // What else is wrong with it is said when the clip is played.
            guard error.code == .notACamera else { return }
            throw StartError(
                message: "\(path): is a frame, not a clip (a strip): where \(folder) is one clip, \(advice)")
        }
    }

    private static func suffix(of name: String, in suffixes: [String]) -> String? {
        let lower = name.lowercased()
        return suffixes.first { lower.hasSuffix($0) && lower.count > $0.count }
    }

    /// Reads a file of labels; blank lines count for nothing.
    private static func read(_ path: String) throws -> [Bool] {
        let bytes: [UInt8]
        do throws(FileFault) {
            bytes = try BoundedFile.readText(path, limit: largestLabelFile)
        } catch {
            throw StartError(message: "\(path): \(error.message)")
        }
        var labels: [Bool] = []
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (number, line) in lines.enumerated() {
            let text = line.filter { $0 != 13 && $0 != 32 && $0 != 9 }
            switch text {
            case []: continue
            case [UInt8(ascii: "0")]: labels.append(false)
            case [UInt8(ascii: "1")]: labels.append(true)
            default:
                let shown = String(decoding: text.prefix(20), as: UTF8.self)
                throw StartError(
                    message: "\(path):\(number + 1): \"\(shown)\" is no label: write one 0 or 1 a line, a line a frame")
            }
        }
        return labels
    }
}
