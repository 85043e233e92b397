/// What went wrong while a picture was encoded or decoded.
public struct PictureError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of fault, for code that decides by it.
    public enum Code: String, Sendable, Hashable {
        /// Width or height is zero, or beyond what is accepted.
        case badSize
        /// The bytes are not a PNG that can be read.
        case badData
        /// The encoder gave up.
        case encoding
    }

    /// The kind of fault.
    public var code: Code
    /// What was being done: "decode PNG".
    public var operation: String
    /// What happened, and what to do about it.
    public var message: String

    /// A fault of kind `code` during `operation`.
    public init(code: Code, operation: String, message: String) {
        self.code = code
        self.operation = operation
        self.message = message
    }

    /// `operation: message`.
    public var description: String { "\(operation): \(message)" }
}
