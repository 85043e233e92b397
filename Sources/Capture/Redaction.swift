/// What may be shown of a text that somebody wrote: it may be an address, mistyped or in a wrong place, and hold a password.
public enum Redaction {
    /// Whether a password may stand in `text`, as far as it is told by the form of it: it has `://` in it, or a `:` and then
    /// an `@`, or begins like an address, or has a piece such as `password=`.
    public static func mayHoldSecret(_ text: String) -> Bool {
        text.contains("://") || isUnfinished(text) || namesPassword(text)
    }

    /// Whether a piece such as `password=` stands in `text`.
    static func namesPassword(_ text: String) -> Bool {
        let text = text.lowercased()
        return passwordNames.contains { text.contains($0 + "=") || text.contains($0 + "%3d") }
    }

    /// `text`, where no password can stand in it; of an address what may be shown; of anything else `***`.
    public static func shown(_ text: String) -> String {
        guard mayHoldSecret(text) else { return text }
        guard text.contains("://"), let source = try? SourceSpecification(parsing: text) else {
            return RedactedAddress.mark
        }
        return source.redacted
    }

    /// `message` as it may be shown by a program that was called with `arguments`: where it repeats one in which a password
    /// may stand, or a part of one, that is hidden.
    public static func message(_ message: String, arguments: [String]) -> String {
        // An option's value as well: --out=rtsp://…
        let values = arguments.flatMap { argument in
            [argument] + (argument.firstIndex(of: "=").map { [String(argument[argument.index(after: $0)...])] } ?? [])
        }
        var parts: [String: String] = [:]
        for value in values where mayHoldSecret(value) && shown(value) != value {
            let isRefused = shown(value) == RedactedAddress.mark
            // Of a path, messages repeat the folder or the last name.
            for slash in value.indices where value[slash] == "/" {
                let (folder, name) = (String(value[..<slash]), String(value[value.index(after: slash)...]))
                let isMore = folder.contains(":") && !folder.hasSuffix(":") && !folder.hasSuffix(":/")
                // In what can't be read, what looks like a host may be a part of a password.
                if isMore { parts[folder] = isRefused ? RedactedAddress.mark : shown(folder) }
                if name.contains("@") || namesPassword(name) { parts[name] = RedactedAddress.mark }
            }
            parts[value] = shown(value)
        }
        var message = message
        for (part, shown) in parts.sorted(by: { $0.key.utf8.count > $1.key.utf8.count }) {
            message = message.replacing(part, with: shown)
        }
        let lines = message.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.map { line in
            line.split(separator: " ", omittingEmptySubsequences: false).map(withoutCredentials).joined(separator: " ")
        }.joined(separator: "\n")
    }

    /// A word, without what stands between `://` and the last `@` after it.
    private static func withoutCredentials(_ word: Substring) -> String {
        guard let start = word.firstRange(of: "://"), let at = word[start.upperBound...].lastIndex(of: "@") else {
            return String(word)
        }
        return word[..<start.upperBound] + RedactedAddress.mark + word[at...]
    }

    /// Whether a text without `://` looks like an address whose beginning is missing or mistyped: `user:password@host`,
    /// `rtsp:/host`, `rtsp//host`, `host:554/path`.
    static func isUnfinished(_ text: String) -> Bool {
        let text = text.lowercased()
        if let colon = text.firstIndex(of: ":"), text[colon...].contains("@") { return true }
        for scheme in StreamAddress.schemes {
            guard text.hasPrefix(scheme) else { continue }
            let rest = text.dropFirst(scheme.count)
            if [":", "//", "\\"].contains(where: rest.hasPrefix) { return true }
        }
        guard let colon = text.firstIndex(of: ":"), !text[..<colon].contains("/") else { return false }
        let digits = text[text.index(after: colon)...].prefix { "0"..."9" ~= $0 }
        // A folder may be called by the time of day, 12:30.
        let isHost = text[..<colon].contains(".") || digits.count > 2
        return (1...5).contains(digits.count) && text[digits.endIndex...].hasPrefix("/") && isHost
    }

    /// What cameras call a password.
    private static let passwordNames = [
        "pas", "pass", "passwd", "password", "passwort", "psw", "pwd", "token", "authbasic",
    ]
}
