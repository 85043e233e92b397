/// Which camera, stream, file or scene to watch, and what to ask of it: the configuration's `source` line, taken apart.
///
/// Encoded it holds all of it, user and password too: for a pipe between two processes of the daemon's user, never for a
/// file, a log or a client.
public struct SourceSpecification: Sendable, Hashable, Codable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    /// The kinds of source.
    public enum Kind: Sendable, Hashable, Codable {
        /// A V4L2 device: `/dev/video0`, `/dev/v4l/by-id/…`, `v4l2:PATH`.
        case v4l2(path: String)
        /// `rtsp://`, `rtsps://`, `http://` or `https://`.
        case stream(StreamAddress)
        /// A video file, in anything that libavformat reads.
        case file(path: String)
        /// A directory of PNG and JPEG pictures, one picture that is a strip of square frames, or a directory of strips.
        case pictures(path: String)
        /// The built-in street scene.
        case synthetic(SyntheticSettings)
    }

    /// What kind of source it is, and where.
    public var kind: Kind
    /// What is asked of it.
    public var options: SourceOptions

    /// A source of a known kind.
    public init(kind: Kind, options: SourceOptions = SourceOptions()) {
        self.kind = kind
        self.options = options
    }

    /// Reads what people write:
    ///
    ///     /dev/video0   v4l2:/dev/v4l/by-id/…   rtsp://HOST/PATH   http://HOST/PATH   clip.mp4   file:PATH
    ///     frames/       strip.png               synthetic:street?seed=1&rate=15&size=320x240&script=demo
    ///
    /// A user and password in an address end up in `options`. Errors never repeat them. What only looks like an address
    /// (`admin:pw@host/live`, `rtsp:/host`) is refused: it would be taken for a file's name, and shown; `file:` in front says
    /// that it is one.
    public init(parsing text: String) throws(CaptureError) {
        let text = text.drop { $0 == " " || $0 == "\t" }
        guard !text.isEmpty else {
            throw CaptureError(.unsupported, "read a source", "it is empty; write /dev/video0, rtsp://…, a file's path")
        }
        guard !text.utf8.contains(0) else {
            throw CaptureError(.unsupported, "read a source", "it has a NUL byte in it")
        }
        options = SourceOptions()
        if text.hasPrefix("v4l2:") {
            try Self.refuseAddress(text.dropFirst(5))
            kind = .v4l2(path: String(text.dropFirst(5)))
        } else if text.hasPrefix("synthetic:") {
            kind = .synthetic(try SyntheticSettings(parsing: text.dropFirst(10), options: &options))
        } else if text.hasPrefix("file:") {
            let path = text.dropFirst(text.hasPrefix("file://") ? 7 : 5)
            if text.hasPrefix("file://") || path.contains("://") { try Self.refuseAddress(path) }
            kind = Self.kind(ofPath: String(path))
        } else if text.hasPrefix("/dev/") {
            try Self.refuseAddress(text)
            kind = .v4l2(path: String(text))
        } else if text.contains("://") {
            let (address, credentials) = try StreamAddress.parse(String(text))
            kind = .stream(address)
            options.user = credentials?.user
            options.password = credentials?.password
        } else {
            try Self.refuseAddress(text)
            kind = Self.kind(ofPath: String(text))
        }
        switch kind {
        case .v4l2(let path) where path.isEmpty, .file(let path) where path.isEmpty:
            throw CaptureError(.unsupported, "read a source", "the path after the : is missing")
        default: break
        }
    }

    /// Throws where a path looks like an address, or holds one; a message never repeats it. A path that begins at the root or
    /// at a dot may have a `:` and an `@` in it.
    private static func refuseAddress(_ path: Substring) throws(CaptureError) {
        let text = String(path)
        let isRooted = ["/", "./", "../"].contains { text.hasPrefix($0) } && !text.hasPrefix("//")
        guard isRooted ? Redaction.namesPassword(text) || text.contains("://") : Redaction.mayHoldSecret(text) else {
            return
        }
        throw CaptureError(
            .unsupported, "read a source",
            "it looks like an address, and no rtsp:// or http:// stands at its beginning; a file of such a name is written "
                + "file:PATH")
    }

    private static func kind(ofPath path: String) -> Kind {
        let lower = path.lowercased()
        let isPicture = [".png", ".jpg", ".jpeg"].contains { lower.hasSuffix($0) }
        return isPicture || path.hasSuffix("/") ? .pictures(path: path) : .file(path: path)
    }

    /// The source as people write it, without user, password or what may be a secret in an address: safe to log.
    public var redacted: String {
        switch kind {
        case .v4l2(let path), .file(let path), .pictures(let path): path
        case .stream(let address): address.description
        case .synthetic(let settings): settings.description
        }
    }

    /// The same as `redacted`.
    public var description: String { redacted }
    /// The same as `redacted`: a debugger's print must not show more than a log.
    public var debugDescription: String { redacted }
    /// The redacted text alone.
    public var customMirror: Mirror { Mirror(self, children: ["source": redacted]) }
}
