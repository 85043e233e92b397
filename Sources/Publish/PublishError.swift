public import Files
import Glibc

/// What went wrong on the way from an event to those who want to know of it.
public struct PublishError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of fault, for code that decides by it.
    public enum Code: String, Sendable, Hashable {
        /// A setting that cannot be used: a path too long, a name with a slash in it.
        case badSetting
        /// Another process holds the journal or the socket.
        case busy
        /// The file system is full, or the quota is used up.
        case noSpace
        /// Free space is under the floor: pictures that can be done without are not written.
        case storageLow
        /// The file system is mounted read-only.
        case readOnly
        /// The user may not do that.
        case noPermission
        /// The other side hung up or is not there.
        case disconnected
        /// The other side sent what is not an event line.
        case badData
        /// Another fault of the operating system.
        case system
    }

    /// The kind of fault.
    public var code: Code
    /// What was being done: "append to /var/log/zanzo/events.jsonl".
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

    /// The same fault of a file.
    public init(_ error: FileError) {
        let code: Code =
            switch error.code {
            case .noSpace: .noSpace
            case .readOnly: .readOnly
            case .noPermission: .noPermission
            case .badName: .badSetting
            case .unsynced, .system: .system
            }
        self.init(code: code, operation: error.operation, message: error.message)
    }

    /// An errno as an error that says what to do.
    init(errno number: Int32, operation: String) {
        self.init(FileError(errno: number, operation: operation))
    }

    /// A file or a directory that is there and cannot be read.
    init(errno number: Int32, reading path: String) {
        let reason = String(cString: strerror(number))
        let (code, advice): (Code, String?) =
            switch number {
            case EMFILE, ENFILE:
                (.system, "close what holds too many files open, or raise LimitNOFILE= in zanzod.service")
            case EACCES, EPERM: (.noPermission, "the user (uid \(geteuid())) needs to read it")
            case EIO: (.system, "the disk fails there: save what can be read, and move the file away")
            default: (.system, nil)
            }
        self.init(code: code, operation: "read \(path)", message: advice.map { "\(reason): \($0)" } ?? reason)
    }
}
