/// Why the daemon, or one of its cameras, can't start: what, where and what to do, in one line.
public struct StartError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The camera that it is about; nil where it is about the daemon itself.
    public let camera: String?
    /// The line to print.
    public let message: String

    /// An error about `camera`, or about the daemon.
    public init(camera: String? = nil, message: String) {
        self.camera = camera
        self.message = message
    }

    /// `camera NAME: message`, or the message alone.
    public var description: String { camera.map { "camera \($0): \(message)" } ?? message }
}
