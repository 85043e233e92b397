/// What may be shown of an address's path and query. Cameras take passwords nearly everywhere in them:
///
///     /user=admin_password=x_channel=1_stream=0.sdp?real_stream   ->  /user=***_password=***_channel=***_stream=***?***
///     /0/admin:x/main                                             ->  /0/***
///     /videostream.cgi?loginuse=admin&loginpas=x                  ->  /videostream.cgi?loginuse=***&loginpas=***
///
/// In the query every value is hidden. In the path a piece between slashes is shown as it is where it has no `=`, `:`, `@`,
/// `;` in it, is not 16 or more letters and digits mixed (a stream's token), and does not follow a word such as `token`.
/// From the first of those signs on only names that cameras are known to have are shown: a password may have any sign in it.
enum RedactedAddress {
    /// What stands in the place of what is hidden.
    static let mark = "***"

    /// Path and query (empty, or from the first `/` or `?` on) without what may be a secret.
    static func pathAndQuery(_ text: String) -> String {
        let bytes = Array(text.utf8)
        let end = bytes.firstIndex(of: UInt8(ascii: "?")) ?? bytes.endIndex
        let shown = path(bytes[..<end])
        return end == bytes.endIndex ? shown : shown + "?" + query(bytes[(end + 1)...])
    }

    // MARK: -

    private static func query(_ bytes: ArraySlice<UInt8>) -> String {
        let pieces = bytes.split(omittingEmptySubsequences: false) { "&;?".utf8.contains($0) }
        return pieces.map { piece in
            // Without a value the name may be one: base64 ends with a =.
            guard let sign = piece.firstIndex(of: equals), piece[sign...].contains(where: { $0 != equals }),
                isName(piece[..<sign])
            else { return mark }
            return text(piece[..<sign]) + "=" + mark
        }.joined(separator: "&")
    }

    private static func path(_ bytes: ArraySlice<UInt8>) -> String {
        var shown: [String] = []
        var rest = bytes
        while true {
            let end = rest.firstIndex(of: slash) ?? rest.endIndex
            let segment = rest[..<end]
            // What has a sign in it may have slashes in it too: it is taken to go on to the path's end.
            if hasSign(segment) { return (shown + [fromSign(rest)]).joined(separator: "/") }
            let isSecret = isToken(segment) || shown.last.map { tellingNames.contains($0.lowercased()) } ?? false
            shown.append(isSecret && !segment.isEmpty ? mark : text(segment))
            guard end < rest.endIndex else { return shown.joined(separator: "/") }
            rest = rest[(end + 1)...]
        }
    }

    /// The path from the beginning of the first segment with a sign in it.
    private static func fromSign(_ rest: ArraySlice<UInt8>) -> String {
        var chunks = rest.split(separator: equals, omittingEmptySubsequences: false)[...]
        guard chunks.count > 1, let first = chunks.popFirst(), chunks.contains(where: { !$0.isEmpty }) else {
            return mark
        }
        // `live;jsessionid=…` or `user=…`; of anything else the sign may be a password's own.
        let parts = first.split(omittingEmptySubsequences: false) { $0 == UInt8(ascii: ";") }
        let isMatrix = parts.count == 2 && !isToken(parts[0]) && !hasSign(parts[0]) && isName(parts[1])
        let name = first.split(omittingEmptySubsequences: false, whereSeparator: isSeparator).last ?? first
        guard isMatrix || !hasSign(first) && isName(name) else { return mark }
        var shown = text(first) + "="
        while let chunk = chunks.popFirst(), !chunks.isEmpty {
            let name = chunk.suffix { !isSeparator($0) }
            guard name.startIndex > chunk.startIndex, knownNames.contains(text(name).lowercased()) else { continue }
            shown += mark + text(chunk[(name.startIndex - 1)..<name.startIndex]) + text(name) + "="
        }
        return shown + mark
    }

    private static let (equals, slash) = (UInt8(ascii: "="), UInt8(ascii: "/"))

    /// What cameras put between the pieces of a path.
    private static func isSeparator(_ byte: UInt8) -> Bool { "/&;,_|".utf8.contains(byte) }

    /// Whether there is something in it with which a password begins, as it is or percent-encoded.
    private static func hasSign(_ segment: ArraySlice<UInt8>) -> Bool {
        if segment.contains(where: { "=:@;".utf8.contains($0) }) { return true }
        return text(segment).lowercased().split(separator: "%", omittingEmptySubsequences: false).dropFirst().contains {
            ["3d", "3a", "40", "3b", "26", "25", "2f"].contains($0.prefix(2))
        }
    }

    /// Whether it is what a server gives out for nobody to guess: 16 or more letters and digits, both in it, or a UUID.
    private static func isToken(_ segment: ArraySlice<UInt8>) -> Bool {
        guard segment.count >= 16, segment.contains(where: isLetter), segment.contains(where: isDigit) else {
            return false
        }
        let isHex = segment.allSatisfy { isDigit($0) || (97...102).contains($0 | 32) || $0 == UInt8(ascii: "-") }
        return isHex || segment.allSatisfy { isLetter($0) || isDigit($0) }
    }

    private static func isName(_ piece: ArraySlice<UInt8>) -> Bool {
        (1...32).contains(piece.count) && !isToken(piece)
            && piece.allSatisfy { isLetter($0) || isDigit($0) || "-_.".utf8.contains($0) }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (97...122).contains(byte | 32) }

    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

    /// Names after which a path's next piece is a secret.
    private static let tellingNames: Set = [
        "auth", "key", "pass", "passwd", "password", "psw", "pwd", "secret", "session", "sid", "token",
    ]

    /// Names that cameras give to pieces within a path. Another may be a part of a password that has a `=` in it.
    private static let knownNames: Set = tellingNames.union([
        "app", "audio", "authbasic", "bitrate", "cam", "camera", "ch", "channel", "chn", "codec", "fps", "id", "idc",
        "ids",
        "jsessionid", "login", "loginpas", "loginuse", "mode", "name", "profile", "proto", "pw", "rate", "real_stream",
        "resolution", "sessionid", "size", "stream", "streamtype", "subtype", "type", "uid", "unicast", "user",
        "userid",
        "username", "usr", "video",
    ])
}

extension BidirectionalCollection where SubSequence == Self {
    /// The elements at the end that all fulfil `isPart`.
    fileprivate func suffix(while isPart: (Element) -> Bool) -> Self {
        self[(lastIndex { !isPart($0) }.map { index(after: $0) } ?? startIndex)...]
    }
}
