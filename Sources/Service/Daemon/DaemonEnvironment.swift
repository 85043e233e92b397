public import Capture
public import Kernels
public import Logging
public import Video

/// What the daemon takes from outside, so that a test can give it another clock, another camera, another socket.
public struct DaemonEnvironment: Sendable {
    /// The clocks.
    public var time: any TimeSource
    /// Makes a camera's source.
    public var makeSource: @Sendable (SourceSpecification, any TimeSource) -> any FrameSource
    /// Where log lines go.
    public var log: Logger
    /// The kernels to compute with.
    public var kernels: KernelTable
    /// A listening socket from systemd; nil to bind one.
    public var inheritedSocket: Int32?
    /// The program that trains for cameras that learn; nil: `zanzo` beside this program, else in `PATH`.
    public var trainer: String?

    /// The machine's own clocks, cameras and kernels.
    public init(
        time: any TimeSource = SystemTime(), log: Logger, kernels: KernelTable = .best, inheritedSocket: Int32? = nil,
        makeSource: @escaping @Sendable (SourceSpecification, any TimeSource) -> any FrameSource = {
            Capture.makeSource($0, time: $1)
        }
    ) {
        self.time = time
        self.log = log
        self.kernels = kernels
        self.inheritedSocket = inheritedSocket
        self.makeSource = makeSource
    }
}
