import Glibc
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import Publish

/// A hub and one client whose journal is read only when the test says so.
///
/// The pool that reads has one thread, and a gate is what it works at: readings queue up behind it in order.
private final class GatedHub {
    let directory: TemporaryDirectory
    let journal: Journal
    let inbox = Inbox(capacity: 1)
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let pool = NIOThreadPool(numberOfThreads: 1)
    let hub: NIOLoopBound<EventHub>
    let subscriber: NIOLoopBound<Subscriber>
    let client: Int32

    init(published: Int) throws {
        directory = try TemporaryDirectory()
        let journal = try Journal(
            settings: JournalSettings(path: directory.path + "/events.jsonl", host: "box"), log: quiet)
        self.journal = journal
        for number in 1...published { _ = try journal.append(event(number)) }
        var ends: [Int32] = [0, 0]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        client = ends[1]
        var limit = [Int(10), Int(0)]  // a timeval: no reading waits longer than ten seconds
        setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<Int>.size * 2))
        pool.start()
        let loop = group.next()
        let (reader, inbox, pool, server) = (journal.reader, inbox, pool, ends[0])
        let hub = try loop.submit {
            NIOLoopBound(
                try EventHub(
                    settings: ServerSettings(grace: .milliseconds(1)), reader: reader, inbox: inbox, loop: loop,
                    pool: pool, log: quiet, shared: EventServer.Shared()), eventLoop: loop)
        }.wait()
        self.hub = hub
        let subscriber = try loop.submit { NIOLoopBound(Subscriber(hub: hub.value), eventLoop: loop) }.wait()
        self.subscriber = subscriber
        _ = try ClientBootstrap(group: group)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(subscriber.value)
                }
            }
            .withConnectedSocket(server).wait()
    }

    deinit { close(client) }

    func onLoop<T: Sendable>(_ body: @escaping @Sendable () throws -> T) throws -> T {
        try group.next().submit(body).wait()
    }

    /// Waits, ten seconds at most, until something is so on the loop.
    func wait(until isTrue: @escaping @Sendable () -> Bool) throws {
        for _ in 0..<10_000 {
            if try onLoop(isTrue) { return }
            usleep(1000)
        }
        Issue.record("the subscriber did not get there")
    }

    func append(_ numbers: ClosedRange<Int>) throws -> [PublishedLine] {
        try numbers.map { try journal.append(event($0)) }
    }

    /// Hands lines to the hub in one go; all but the first find the inbox full.
    func publish(_ lines: [PublishedLine]) throws {
        let (inbox, hub) = (inbox, hub)
        lines.forEach { _ = inbox.put($0) }
        try onLoop { hub.value.drain() }
    }

    /// Keeps the pool's thread until the gate opens.
    func closeGate() -> Gate {
        let gate = Gate()
        pool.submit { _ in gate.wait() }
        return gate
    }

    /// The numbers of the next `count` event lines.
    func read(_ count: Int) throws -> [UInt64] {
        var bytes: [UInt8] = []
        while bytes.count(where: { $0 == 0x0A }) < count {
            var part = [UInt8](repeating: 0, count: 65_536)
            let got = recv(client, &part, part.count, 0)
            try #require(got > 0, "only \(text(bytes)) came")
            bytes += part.prefix(got)
        }
        return bytes.split(separator: 0x0A).map { LineScanner.sequence($0) ?? 0 }
    }

    func end() throws {
        let hub = hub
        try group.next().flatSubmit { hub.value.shutdown(reason: "stopped") }.wait()
        try pool.syncShutdownGracefully()
        try group.syncShutdownGracefully()
    }
}

/// Opened once.
private final class Gate: Sendable {
    private let isOpen = Atomic<Bool>(false)
    func open() { isOpen.store(true, ordering: .releasing) }
    /// For ten seconds at most: what comes after fails then, and says so.
    func wait() {
        for _ in 0..<50_000 where !isOpen.load(ordering: .acquiring) { usleep(200) }
    }
}

extension SocketTests {
    @Suite(.timeLimit(.minutes(1))) struct ResumeRaceTests {
        /// The client has read line 10 in the journal before the hub heard of it, and says so while an earlier reading
        /// of the journal is under way: what that reading leads to must not be sent, and nothing twice.
        @Test func aLateFirstLineDuringAReadingRepeatsNothing() throws {
            let station = try GatedHub(published: 6)
            let subscriber = station.subscriber
            try station.wait { subscriber.value.phase == .live }
            let gate = station.closeGate()
            try station.publish(station.append(7...8))  // 7 goes out live; 8 found no room: it is to be read
            let unpublished = try station.append(9...10)
            let first = #"{"subscribe":{"after":"10","scores":true}}"# + "\n"
            #expect(send(station.client, first, first.utf8.count, 0) == first.utf8.count)
            try station.wait { subscriber.value.wantsScores }
            try station.publish(unpublished + station.append(11...12))
            gate.open()
            #expect(try station.read(3) == [7, 11, 12])
            try station.publish(station.append(13...13))
            #expect(try station.read(1) == [13])
            try station.end()
        }
    }
}
