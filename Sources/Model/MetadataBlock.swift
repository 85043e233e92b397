import FoundationEssentials

/// A block of a model file's metadata as it stands there: JSON whose keys and version are looked at before its values.
///
/// A block that a later Zanzo wrote may mean something else by the same words. So every block has a `version` (a file without
/// one is of the first), and a newer one is refused.
struct MetadataBlock: Decodable {
    /// The keys that stand in it.
    let keys: Set<String>
    /// The version that it states; 1 where it states none.
    let version: Int

    private struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        keys = Set(values.allKeys.map(\.stringValue))
        version = try Key(stringValue: "version").flatMap { try values.decodeIfPresent(Int.self, forKey: $0) } ?? 1
    }

    /// Throws where the block `name` of the file at `path`, whose text is `text`, is of a later version than `version`, or has
    /// keys that are not among `known` (nil: others are passed over). A text that is no JSON is left to whoever reads its values.
    static func check(
        _ text: String, _ name: String, path: String, version: Int = 1, known: Set<String>? = nil
    ) throws(ModelError) {
        guard let block = try? JSONDecoder().decode(MetadataBlock.self, from: Data(text.utf8)) else { return }
        guard block.version == version else {
            throw ModelError(
                .unsuitable, path: path,
                "metadata \(name) is of version \(block.version), and this Zanzo reads version \(version): it was written by "
                    + "another Zanzo; update this one, or train the model again")
        }
        guard let known else { return }
        let unknown = block.keys.subtracting(known).subtracting(["version"]).sorted()
        guard unknown.isEmpty else {
            throw ModelError(
                .unsuitable, path: path,
                "metadata \(name) has \(unknown.joined(separator: ", ")), which this Zanzo (version \(version) of it) does not "
                    + "know: the model is of another kind; update Zanzo, or train the model again")
        }
    }
}
