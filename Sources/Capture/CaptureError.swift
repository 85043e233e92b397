/// Why frames cannot be had: what a camera's owner reads at 3 a.m.
public struct CaptureError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of fault it is; decides whether trying again can help.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// There is nothing there now: no such device, no such host, connection refused.
        case unavailable
        /// It is there, and this user may not open it.
        case noPermission
        /// Another program has it.
        case busy
        /// It is there, and it is not something that gives frames.
        case notACamera
        /// It gives frames of a kind, or was asked for something, that is not supported.
        case unsupported
        /// No frame came in time; the source is still open.
        case timedOut
        /// It was open, and went away: an unplugged cable, a closed connection.
        case disconnected
        /// A live source said that it is over.
        case ended
        /// Its bytes are not what they should be: empty, cut short, garbage.
        case badData
        /// User or password are missing or wrong.
        case authentication
    }

    /// What kind of fault it is.
    public var code: Code
    /// What was being done, and to what: "open /dev/video0". Never holds a password.
    public var operation: String
    /// What happened and what can be done about it.
    public var message: String

    /// A fault of kind `code` in `operation`.
    public init(_ code: Code, _ operation: String, _ message: String) {
        self.code = code
        self.operation = operation
        self.message = message
    }

    /// The fault in one line.
    public var description: String { "\(operation): \(message)" }

    /// Whether the same attempt may succeed later without anyone's help: a camera may be plugged in again, a password
    /// may be put right on the camera's side; a picture that is not a strip stays one.
    public var isTransient: Bool {
        switch code {
        case .unavailable, .noPermission, .busy, .timedOut, .disconnected, .ended, .authentication: true
        case .notACamera, .unsupported, .badData: false
        }
    }
}
