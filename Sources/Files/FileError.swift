import Glibc

/// Why a file could not be written, and what to do about it.
public struct FileError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of fault, for code that decides by it.
    public enum Code: String, Sendable, Hashable {
        /// The file system is full, or the quota is used up.
        case noSpace
        /// The file system is mounted read-only.
        case readOnly
        /// The user may not write there.
        case noPermission
        /// The name is no file's.
        case badName
        /// The file is in place, and may be gone after a power cut.
        case unsynced
        /// Another fault of the operating system.
        case system
    }

    /// The kind of fault.
    public var code: Code
    /// What was being done: "write /var/lib/zanzo/porch/latest.png".
    public var operation: String
    /// What happened, and what to do about it.
    public var message: String

    /// A fault of kind `code` during `operation`.
    public init(code: Code, operation: String, message: String) {
        self.code = code
        self.operation = operation
        self.message = message
    }

    /// An errno as an error that says what to do.
    public init(errno number: Int32, operation: String) {
        let reason = String(cString: strerror(number))
        let (code, advice): (Code, String?) =
            switch number {
            case ENOSPC, EDQUOT: (.noSpace, "free some space there, or lower the limits on what is kept")
            case EROFS: (.readOnly, "remount it writable, or name another directory in the configuration")
            case EACCES, EPERM: (.noPermission, "the user (uid \(geteuid())) needs to write there")
            case ENOTDIR:
                (.system, "a file lies where a directory belongs: move it away, or name another path")
            default: (.system, nil)
            }
        self.init(code: code, operation: operation, message: advice.map { "\(reason): \($0)" } ?? reason)
    }

    /// `operation: message`.
    public var description: String { "\(operation): \(message)" }
}
