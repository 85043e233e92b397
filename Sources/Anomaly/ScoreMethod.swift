/// How one frame's error map becomes one number, the raw score.
public enum ScoreMethod: Sendable, Hashable {
    /// The mean of the squared error over all pixels that count: the article's MSE. Sees what changes the whole
    /// picture.
    case mean
    /// The mean of the `count` worst tiles of `size` × `size` model pixels, which overlap by half. Sees small things,
    /// which the mean over a whole picture hides.
    case worstTiles(count: Int, size: Int)

    /// What is used where nothing is said: the mean of the 4 worst tiles of 8×8 pixels.
    public static let standard = ScoreMethod.worstTiles(count: 4, size: 8)

    /// Tiles that may be averaged: more than this is no longer "the worst".
    static let countRange = 1...64
    /// Edges of a tile in model pixels: one pixel alone is noise.
    static let sizeRange = 2...1024

    /// Reads the textual form: `mean`, or `tiles:4x8` for the mean of the 4 worst tiles of 8×8 pixels.
    public init(parsing text: String) throws(ScoreMethodError) {
        if text == "mean" {
            self = .mean
            return
        }
        let form = text.split(separator: ":", omittingEmptySubsequences: false)
        guard form.count == 2, form[0] == "tiles" else {
            throw ScoreMethodError(text, "write \"mean\", or \"tiles:4x8\" for the 4 worst tiles of 8x8 pixels")
        }
        let numbers = form[1].split(separator: "x", omittingEmptySubsequences: false).map(Self.number)
        guard numbers.count == 2, let count = numbers[0], let size = numbers[1] else {
            throw ScoreMethodError(text, "after \"tiles:\" write COUNTxSIZE, two whole numbers, as in \"tiles:4x8\"")
        }
        guard Self.countRange.contains(count) else {
            throw ScoreMethodError(text, "the count of tiles is \(count); it may be 1 to \(Self.countRange.upperBound)")
        }
        guard Self.sizeRange.contains(size) else {
            throw ScoreMethodError(text, "a tile's size is \(size) pixels; it may be 2 to \(Self.sizeRange.upperBound)")
        }
        self = .worstTiles(count: count, size: size)
    }

    /// Decimal digits only: no sign, no blank; nil for anything else.
    private static func number(_ digits: Substring) -> Int? {
        guard !digits.isEmpty, digits.count <= 9, digits.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int(digits)
    }
}

extension ScoreMethod: CustomStringConvertible {
    /// The textual form: `mean` or `tiles:4x8`.
    public var description: String {
        switch self {
        case .mean: "mean"
        case .worstTiles(let count, let size): "tiles:\(count)x\(size)"
        }
    }
}

extension ScoreMethod: Codable {
    /// Reads the textual form.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do {
            self = try ScoreMethod(parsing: container.decode(String.self))
        } catch let error as ScoreMethodError {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: error.description)
        }
    }

    /// Writes the textual form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// A score method that can't be read.
public struct ScoreMethodError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What was written.
    public let text: String
    /// What is wrong with it, and how it should look.
    public let message: String

    init(_ text: String, _ message: String) {
        self.text = text
        self.message = message
    }

    /// One line: the text and what is wrong with it.
    public var description: String { "score method \"\(text)\": \(message)" }
}
