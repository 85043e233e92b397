/// An RTSP or HTTP address without its user and password.
///
/// It prints itself with the values of its query left out, as cameras take passwords there too (`?usr=…&pwd=…`).
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

    /// The address with the values of its query replaced by `***`; safe to log.
    public var description: String {
        guard let mark = rest.firstIndex(of: "?") else { return "\(scheme)://\(host)\(rest)" }
        let query = rest[rest.index(after: mark)...].split(separator: "&").map { pair in
            pair.firstIndex(of: "=").map { "\(pair[..<$0])=***" } ?? "***"
        }
        return "\(scheme)://\(host)\(rest[..<mark])?\(query.joined(separator: "&"))"
    }

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
            throw CaptureError(
                .unsupported, operation, "scheme \(scheme):// is not one of \(schemes.joined(separator: ", "))")
        }
        let body = text[colon.upperBound...]
        guard body.utf8.allSatisfy({ $0 > 32 && $0 != 127 }) else {
            throw CaptureError(.unsupported, operation, "it has a space or a control character; write %20 for a space")
        }
        let end = body.firstIndex { "/?#".contains($0) } ?? body.endIndex
        let authority = body[..<end]
        let rest = body[end...].prefix { $0 != "#" }
        let at = authority.lastIndex(of: "@")
        let host = at.map { authority[authority.index(after: $0)...] } ?? authority
        guard isHost(host) else {
            let hint =
                body[end...].contains("@")
                ? "a password with / ? # or @ in it must be percent-encoded, or given by its own key"
                : "write HOST or HOST:PORT after ://"
            throw CaptureError(.unsupported, operation, "its host cannot be read: \(hint)")
        }
        let address = StreamAddress(scheme: scheme, host: String(host), rest: String(rest))
        return (address, at.map { credentials(authority[..<$0]) })
    }

    private static func credentials(_ text: Substring) -> Credentials {
        guard let colon = text.firstIndex(of: ":") else { return (percentDecoded(text), nil) }
        return (percentDecoded(text[..<colon]), percentDecoded(text[text.index(after: colon)...]))
    }

    /// `name`, `name:port`, `1.2.3.4:port` or `[v6]:port`.
    private static func isHost(_ text: Substring) -> Bool {
        var port: Substring? = nil
        if text.first == "[" {
            guard let close = text.lastIndex(of: "]") else { return false }
            let after = text[text.index(after: close)...]
            if !after.isEmpty {
                guard after.first == ":" else { return false }
                port = after.dropFirst()
            }
        } else {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count <= 2, let name = parts.first, !name.isEmpty else { return false }
            port = parts.count == 2 ? parts[1] : nil
        }
        guard let port else { return true }
        return UInt16(port) != nil
    }
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
