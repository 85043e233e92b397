/// An RTSP or HTTP address without its user and password.
///
/// It prints itself without what may be a secret in path and query, as cameras take passwords there too: `RedactedAddress`.
public struct StreamAddress: Sendable, Hashable, Codable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    static let schemes = ["rtsp", "rtsps", "http", "https"]

    /// The scheme in lower case: rtsp, rtsps, http or https.
    public let scheme: String
    /// `host[:port]`, as it was written.
    let host: String
    /// Path and query, as they were written; empty, or from the first `/` or `?`.
    let rest: String

    /// Whether the address is RTSP's (and not HTTP's).
    public var isRTSP: Bool { scheme.hasPrefix("rtsp") }

    /// The address without what may be a secret in path and query; safe to log.
    public var description: String { "\(scheme)://\(host)\(RedactedAddress.pathAndQuery(rest))" }

    /// The same: a debugger's print must not show more than a log.
    public var debugDescription: String { description }
    /// No children: the stored parts hold what `description` leaves out.
    public var customMirror: Mirror { Mirror(self, children: []) }

    /// The address as libavformat wants it, user and password in it: for opening only, never for showing.
    func url(user: String?, password: String?) -> String {
        guard let user else { return "\(scheme)://\(host)\(rest)" }
        let credentials = percentEncoded(user) + ":" + percentEncoded(password ?? "")
        return "\(scheme)://\(credentials)@\(host)\(rest)"
    }
}

extension StreamAddress {
    /// User and password that stood in an address, percent-decoded.
    typealias Credentials = (user: String, password: String?)

    /// Takes an address apart. Errors never repeat it: nobody knows yet where in it a password stands.
    static func parse(_ text: String) throws(CaptureError) -> (address: StreamAddress, credentials: Credentials?) {
        let operation = "read a camera's address"
        guard let colon = text.firstRange(of: "://") else {
            throw CaptureError(.unsupported, operation, "it has no ://; write rtsp://HOST/PATH")
        }
        let scheme = text[..<colon.lowerBound].lowercased()
        guard schemes.contains(scheme) else {
            // Longer, or with other signs in it, it may be more than a scheme.
            let isWord = scheme.utf8.count <= 10 && scheme.utf8.allSatisfy { (97...122).contains($0) }
            let shown = isWord ? "scheme \(scheme)://" : "what stands before ://"
            throw CaptureError(.unsupported, operation, "\(shown) is not one of \(schemes.joined(separator: ", "))")
        }
        let body = text[colon.upperBound...]
        guard body.utf8.allSatisfy({ $0 > 32 && $0 != 127 }) else {
            throw CaptureError(.unsupported, operation, "it has a space or a control character; write %20 for a space")
        }
        let end = body.firstIndex { "/?#".contains($0) } ?? body.endIndex
        let (authority, tail) = (body[..<end], body[end...])
        let at = authority.lastIndex(of: "@")
        let host = at.map { authority[authority.index(after: $0)...] } ?? authority
        if tail.contains("@"), !isNumeric(host), mayBePassword(authority, tail) {
            throw CaptureError(.unsupported, operation, "user, password and host in it cannot be told apart: \(hint)")
        }
        guard isHost(host) else {
            let hint = tail.contains("@") ? hint : "write HOST or HOST:PORT after ://"
            throw CaptureError(.unsupported, operation, "its host cannot be read: \(hint)")
        }
        let address = StreamAddress(scheme: scheme, host: String(host), rest: String(tail.prefix { $0 != "#" }))
        return (address, at.map { credentials(authority[..<$0]) })
    }

    private static let hint =
        "a password with / ? # or @ in it must be percent-encoded (%2F %3F %23 %40), or stand in the credentials file; an @ "
        + "in a path is written %40"

    /// Whether the last `@` of `tail` (path, query and fragment) may be the one behind a password that was not
    /// percent-encoded: `admin:1234/5@host` has the form of `host:554/5@x`. Where `authority` has neither a port nor a user,
    /// nothing before the path can be a part of a password.
    private static func mayBePassword(_ authority: Substring, _ tail: Substring) -> Bool {
        if authority.contains(where: { ":@".contains($0) }) { return true }
        let path = tail.prefix { !"?#".contains($0) }
        return path.firstIndex(of: ":").map { path[$0...].contains("@") } ?? false
    }

    /// Whether a host is an IP address, with or without a port: no user is called that.
    private static func isNumeric(_ host: Substring) -> Bool {
        if host.first == "[" { return isHost(host) }
        let parts = host.prefix { $0 != ":" }.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }

    private static func credentials(_ text: Substring) -> Credentials {
        guard let colon = text.firstIndex(of: ":") else { return (percentDecoded(text), nil) }
        return (percentDecoded(text[..<colon]), percentDecoded(text[text.index(after: colon)...]))
    }

    /// `name`, `name:port`, `1.2.3.4:port` or `[v6]:port`.
    private static func isHost(_ text: Substring) -> Bool {
        var port: Substring? = nil
        if text.first == "[" {
            guard let close = text.lastIndex(of: "]"), text[..<close].dropFirst().utf8.allSatisfy(isNumericSixByte)
            else {
                return false
            }
            let after = text[text.index(after: close)...]
            if !after.isEmpty {
                guard after.first == ":" else { return false }
                port = after.dropFirst()
            }
        } else {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count <= 2, let name = parts.first, !name.isEmpty, name.utf8.allSatisfy(isNameByte) else {
                return false
            }
            port = parts.count == 2 ? parts[1] : nil
        }
        guard let port else { return true }
        return UInt16(port) != nil
    }

    /// What a host's name has in it: letters, digits, `-`, `.`, `_`, and letters of other scripts.
    private static func isNameByte(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (97...122).contains(byte | 32) || byte >= 128 || "-._".utf8.contains(byte)
    }

    /// What an IPv6 address has in it, its zone too: `fe80::1%eth0`.
    private static func isNumericSixByte(_ byte: UInt8) -> Bool { isNameByte(byte) || ":%".utf8.contains(byte) }
}

private func percentEncoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF")
    var out = ""
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            out.unicodeScalars.append(Unicode.Scalar(byte))
        default:
            out += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
        }
    }
    return out
}

private func percentDecoded(_ text: Substring) -> String {
    let bytes = Array(text.utf8)
    var out: [UInt8] = []
    var index = 0
    while index < bytes.count {
        if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
            let high = hexDigit(bytes[index + 1]), let low = hexDigit(bytes[index + 2])
        {
            out.append(high << 4 | low)
            index += 3
        } else {
            out.append(bytes[index])
            index += 1
        }
    }
    return String(decoding: out, as: UTF8.self)
}

private func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}
