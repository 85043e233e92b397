public import Logging
import NIOCore
import NIOPosix
import Synchronization

/// Gives event lines to everyone who connects to a Unix socket. docs/events.md tells what clients see.
///
/// `publish` may be called by any thread and only enqueues, under a lock that nobody holds for long: a client that does not
/// read, a journal on a slow disk or a thousand clients never hold up the caller. One event loop thread serves all clients; a second thread reads the
/// journal for those that resume.
public final class EventServer: Sendable {
    private let settings: ServerSettings
    private let reader: JournalReader
    private let last: UInt64?
    private let log: Logger
    private let inbox: Inbox
    private let state = Mutex(State())
    /// Clients that want scores: while there are none, a score costs one load.
    private let scoreClients = Shared()

    /// What the loop counts and others read.
    final class Shared: Sendable {
        let scoreClients = Atomic<Int>(0)
        let counters = Mutex(ServerCounters())
    }

    private struct State {
        var running: Running?
        var isStopping = false
    }

    private struct Running {
        let group: MultiThreadedEventLoopGroup
        let pool: NIOThreadPool
        let loop: any EventLoop
        let hub: NIOLoopBound<EventHub>
        let listener: any Channel
        let socket: SocketOwner
    }

    /// Keeps the socket's file and lock for as long as the server runs.
    private final class SocketOwner: Sendable {
        let socket: ListeningSocket
        init(_ socket: consuming ListeningSocket) { self.socket = socket }
    }

    /// A server that does nothing before `start`.
    ///
    /// - Parameters:
    ///   - replay: reads the journal in which every line lies before it is published.
    ///   - last: the last number that the journal has given (`Journal.lastSequence`): after a power cut it may have given
    ///     more than it has lines. Nil: that of its last line.
    public init(
        settings: ServerSettings, replay: JournalReader, last: UInt64? = nil,
        log: Logger = Logger(label: "zanzo.events")
    ) {
        self.settings = settings
        (self.reader, self.last) = (replay, last)
        self.log = log
        inbox = Inbox(capacity: settings.maximumPendingLines)
    }

    /// What the server has done so far.
    public var counters: ServerCounters {
        var counters = scoreClients.counters.withLock { $0 }
        counters.droppedScores += inbox.droppedScores
        return counters
    }

    /// Binds the socket and takes clients from now on.
    ///
    /// - Throws: `PublishError`: `busy` where another daemon listens, `badSetting`, `noPermission`, …
    public func start() async throws {
        let socket = SocketOwner(try ListeningSocket(settings))
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let pool = NIOThreadPool(numberOfThreads: 1)
        pool.start()
        do {
            let loop = group.next()
            let (settings, reader, last, inbox, log, shared) = (settings, reader, last, inbox, log, scoreClients)
            let hub = try await loop.submit {
                NIOLoopBound(
                    try EventHub(
                        settings: settings, reader: reader, last: last, inbox: inbox, loop: loop, pool: pool, log: log,
                        shared: shared), eventLoop: loop)
            }.get()
            let listener = try await listen(socket.socket.descriptor, group, hub)
            let running = Running(
                group: group, pool: pool, loop: loop, hub: hub, listener: listener, socket: socket)
            state.withLock { $0.running = running }
            // What was published before the start waits in the inbox.
            loop.execute { hub.value.drain() }
        } catch {
            socket.socket.removeFile()
            try? await pool.shutdownGracefully()
            try? await group.shutdownGracefully()
            throw error
        }
    }

    private func listen(
        _ descriptor: Int32, _ group: MultiThreadedEventLoopGroup, _ hub: NIOLoopBound<EventHub>
    ) async throws -> any Channel {
        try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Subscriber(hub: hub.value))
                }
            }
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            // Little is handed to the channel at a time, and the kernel's buffer is kept small, so that there is room
            // for a last line when a client has to be cut off: see Subscriber.cutOff.
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 4096, high: 16_384))
            .childChannelOption(.socketOption(.so_sndbuf), value: Subscriber.sendBufferByteCount)
            .withBoundSocket(descriptor)
            .get()
    }

    /// Gives an event's line to everyone who wants it. Any thread; never waits for a client or a disk.
    public func publish(_ line: PublishedLine) {
        if inbox.put(line) { wake() }
    }

    /// Gives a frame's score to everyone who wants scores. Any thread; never waits for a client; dropped where it is too
    /// much.
    public func publishScore(_ line: ScoreLine) {
        guard scoreClients.scoreClients.load(ordering: .relaxed) > 0 else { return }
        if inbox.putScore(camera: line.camera, bytes: line.bytes) { wake() }
    }

    private func wake() {
        guard let running = state.withLock({ $0.isStopping ? nil : $0.running }) else { return }
        running.loop.execute { running.hub.value.drain() }
    }

    /// Tells every client that the daemon stops and from where to resume, and closes everything within a second.
    public func shutdown(reason: String = "stopped") async {
        let running = state.withLock { state -> Running? in
            defer { state.isStopping = true }
            return state.isStopping ? nil : state.running
        }
        inbox.close()
        guard let running else { return }
        running.socket.socket.removeFile()
        try? await running.listener.close()
        try? await running.loop.flatSubmit { running.hub.value.shutdown(reason: reason) }.get()
        try? await running.pool.shutdownGracefully()
        try? await running.group.shutdownGracefully()
        state.withLock { $0.running = nil }
    }
}
