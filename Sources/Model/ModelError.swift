import Files

/// Why a model file cannot be used: one line that names the file, the tensor where there is one, and what to do.
public struct ModelError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of fault it is.
    public enum Code: String, Sendable, Hashable {
        /// The file cannot be opened, read or mapped.
        case unreadable
        /// The file is not well-formed safetensors.
        case malformed
        /// The file is well-formed, but its tensors are not those of a network that Zanzo runs.
        case unsuitable
        /// The file cannot be written.
        case unwritable
    }

    /// What kind of fault it is.
    public let code: Code
    /// The file.
    public let path: String
    /// The tensor at fault, where it is one tensor's.
    public let tensor: String?
    /// What is wrong and what to do about it.
    public let message: String

    /// An error about `path`, or about one tensor in it.
    public init(_ code: Code, path: String, tensor: String? = nil, _ message: String) {
        (self.code, self.path, self.tensor, self.message) = (code, path, tensor, message)
    }

    /// A model file that could not be written in the place of `path`.
    init(replacing path: String, _ error: FileError) {
        let text = error.code == .unsynced ? error.message : "cannot be replaced, and is untouched: \(error.message)"
        self.init(.unwritable, path: path, text)
    }

    /// `FILE: tensor NAME: message`, on one line whatever the file's own words contain.
    public var description: String {
        let text = tensor.map { "\(path): tensor \($0): \(message)" } ?? "\(path): \(message)"
        return String(text.map { $0.isNewline ? " " : $0 })
    }
}
