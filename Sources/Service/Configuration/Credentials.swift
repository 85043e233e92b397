import Capture
import Glibc

/// Where a camera's user and password are kept: never in the configuration itself.
public enum CredentialsReference: Sendable, Hashable, CustomStringConvertible {
    /// A file that only the daemon's user (and its group) may read.
    case file(String)
    /// A credential that the unit names (`LoadCredential=NAME:…`), in `$CREDENTIALS_DIRECTORY`.
    case systemd(String)

    /// A file's path, or `systemd:NAME`, from a command line. Throws where user and password themselves stand there; the
    /// error does not repeat them.
    public init(argument: String) throws(CredentialsError) {
        guard !argument.hasPrefix("systemd:") else {
            self = .systemd(String(argument.dropFirst(8)))
            return
        }
        guard !Self.isSecret(argument) else { throw CredentialsError(what: "", message: Self.secretAdvice) }
        self = .file(argument)
    }

    /// Whether a text that should be a path is more likely user and password themselves, or an address that has them.
    static func isSecret(_ text: String) -> Bool {
        let isRooted = ["/", "./", "../"].contains { text.hasPrefix($0) }
        return !isRooted && (Redaction.mayHoldSecret(text) || text.prefix { $0 != "/" }.contains(":"))
    }

    /// What is wrong with such a text, and what to do.
    static let secretAdvice =
        "user and password stand here, or an address: write them into a file that not everybody may read, and its path here"

    /// As the configuration has it; no secret.
    public var description: String {
        switch self {
        case .file(let path): path
        case .systemd(let name): "systemd:\(name)"
        }
    }

    /// Reads user and password now.
    ///
    /// `directory` stands for `$CREDENTIALS_DIRECTORY`.
    public func load(directory: String? = Environment["CREDENTIALS_DIRECTORY"]) throws(CredentialsError) -> Credentials
    {
        switch self {
        case .file(let path): return try Self.read(path, refusingWorldReadable: true)
        case .systemd(let name):
            guard let directory else {
                throw CredentialsError(
                    what: description,
                    message: "CREDENTIALS_DIRECTORY is not set; add LoadCredential=\(name):PATH to the unit's [Service]"
                )
            }
            // systemd has set its permissions, on a file system of its own.
            return try Self.read("\(directory)/\(name)", refusingWorldReadable: false)
        }
    }

    private static func read(_ path: String, refusingWorldReadable: Bool) throws(CredentialsError) -> Credentials {
        var status = stat()
        if refusingWorldReadable, stat(path, &status) == 0, status.st_mode & 0o004 != 0 {
            throw CredentialsError(
                what: path, message: "everyone on this machine may read the password in it; run chmod 640 \(path)")
        }
        let bytes: [UInt8]
        do throws(FileFault) {
            bytes = try BoundedFile.readText(path, limit: 4096)
        } catch {
            throw CredentialsError(what: path, message: error.message)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CredentialsError(what: path, message: "is not UTF-8 text")
        }
        guard let credentials = Credentials(parsing: text) else {
            throw CredentialsError(
                what: path, message: "has neither one line user:password nor two lines user=NAME and password=WORD")
        }
        return credentials
    }
}

/// A user and a password. Shows neither when it is printed.
public struct Credentials: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable
{
    /// The user's name.
    public let user: String
    /// The password.
    public let password: String

    /// Reads `user:password` on one line, or `user=…` and `password=…` on two; nil where it is neither.
    init?(parsing text: String) {
        let lines = text.split(whereSeparator: \.isNewline)
        if lines.count == 1, let colon = lines[0].firstIndex(of: ":") {
            user = String(lines[0][..<colon])
            password = String(lines[0][lines[0].index(after: colon)...])
        } else if lines.count == 2 {
            func value(_ key: String) -> String? {
                lines.first { $0.hasPrefix(key + "=") }.map { String($0.dropFirst(key.count + 1)) }
            }
            guard let user = value("user"), let password = value("password") else { return nil }
            self.user = user
            self.password = password
        } else {
            return nil
        }
        if user.isEmpty { return nil }
    }

    /// Nothing of it.
    public var description: String { "***" }
    /// Nothing of it.
    public var debugDescription: String { "***" }
    /// No children.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Why user and password can't be had.
public struct CredentialsError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file or credential; empty where it must not be shown.
    public let what: String
    /// What is wrong with it, and what to do.
    public let message: String

    /// One line.
    public var description: String { "credentials\(what.isEmpty ? "" : " " + what): \(message)" }
}
