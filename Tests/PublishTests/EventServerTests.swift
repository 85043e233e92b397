import FoundationEssentials
import Glibc
import Pictures
import Synchronization
import Testing
import Video

@testable import Publish

/// A journal and a server over it, in a directory of their own.
final class Station: Sendable {
    let directory: TemporaryDirectory
    let journal: Journal
    let server: EventServer
    let path: String

    init(
        directory: TemporaryDirectory? = nil, maximumFile: Int = 16 << 20, keep: Int = 100,
        reading: ReadOperations = ReadOperations(),
        _ change: (inout ServerSettings) -> Void = { _ in }
    ) async throws {
        let directory = try directory ?? TemporaryDirectory()
        self.directory = directory
        path = directory.path + "/events.sock"
        journal = try Journal(
            settings: JournalSettings(
                path: directory.path + "/events.jsonl", host: "box", maximumByteCount: maximumFile, keep: keep,
                unsynced: Set(EventType.allCases)), operations: JournalOperations(reading: reading), log: quiet)
        var settings = ServerSettings(path: path, grace: .milliseconds(20), status: { Array("{\"ok\":1}\n".utf8) })
        change(&settings)
        server = EventServer(settings: settings, replay: journal.reader, log: quiet)
        try await server.start()
    }

    /// Journals and publishes events.
    @discardableResult
    func publish(_ numbers: some Sequence<Int>, type: EventType = .anomalyStart, camera: String? = "porch") throws
        -> [PublishedLine]
    {
        try numbers.map { number in
            let line = try journal.append(event(number, type: type, camera: camera))
            server.publish(line)
            return line
        }
    }

    func client(_ first: String) throws -> EventClient {
        try EventClient(path: path, firstLine: Array((first + "\n").utf8))
    }

    func client(after: UInt64) throws -> EventClient {
        var subscription = Subscription()
        subscription.after = after
        return try EventClient(path: path, subscription: subscription)
    }

    /// Returns once the server has `count` clients.
    func waitForClients(_ count: Int) async throws { try await waitUntil { $0.clients == count } }

    func waitUntil(_ isTrue: (ServerCounters) -> Bool) async throws {
        for _ in 0..<2000 {
            if isTrue(server.counters) { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record("the server did not get there: \(server.counters)")
    }
}

/// The next line as text; "" where none came within ten seconds.
func next(_ client: EventClient) throws -> String { text(try client.nextLine(timeout: .seconds(10)) ?? []) }

/// Reads lines until the connection is closed.
func rest(_ client: EventClient) throws -> [String] {
    var lines: [String] = []
    do {
        while let line = try client.nextLine(timeout: .seconds(10)) { lines.append(text(line)) }
        Issue.record("the connection was not closed")
    } catch {
        #expect(error.code == .disconnected)
    }
    return lines
}

/// The numbers of the events among lines.
func sequences(_ lines: [String]) -> [UInt64] { lines.compactMap { LineScanner.sequence(Array($0.utf8)[...]) } }

/// One after the other: they block threads in reading, and some measure time.
@Suite(.serialized) enum SocketTests {}

extension SocketTests {
    @Suite(.timeLimit(.minutes(2))) struct EventServerTests {
        @Test func aClientThatSaysNothingGetsEverythingFromItsConnectionOn() async throws {
            let station = try await Station()
            try station.publish(1...2)
            let client = try EventClient(path: station.path, firstLine: [])
            try await station.waitForClients(1)
            let lines = try station.publish(3...4)  // some of these come before the grace is over
            #expect(try next(client) + "\n" == text(lines[0].bytes))
            #expect(try next(client) + "\n" == text(lines[1].bytes))
            await station.server.shutdown()
        }

        @Test func filtersAreKept() async throws {
            let station = try await Station()
            let client = try station.client(#"{"subscribe":{"types":["camera"],"cameras":["gate"],"after":"0"}}"#)
            for round in 0..<3 {
                try station.publish([round], type: .anomalyStart, camera: "gate")
                try station.publish([round], type: .cameraOnline, camera: "porch")
                try station.publish([round], type: .cameraOffline, camera: "gate")
            }
            #expect(sequences([try next(client), try next(client), try next(client)]) == [3, 6, 9])
            await station.server.shutdown()
            #expect(try rest(client).first?.contains(#""resume_after":"00000000000000000009""#) == true)
        }

        @Test func resumingReplaysAndThenGoesOnLive() async throws {
            let station = try await Station(maximumFile: 4000)
            try station.publish(1...50)
            let client = try station.client(after: 20)
            for expected in 21...50 { #expect(sequences([try next(client)]) == [UInt64(expected)]) }
            try station.publish(51...60)
            for expected in 51...60 { #expect(sequences([try next(client)]) == [UInt64(expected)]) }
            await station.server.shutdown()
        }

        /// Clients come at any moment of a stream of events, from any place: each sees every line after it, once, in order.
        @Test func resumingIsExactWhileEventsArePublished() async throws {
            let station = try await Station(maximumFile: 20_000) { $0.maximumPendingLines = 8 }
            let last = 3000
            try withThread {
                for number in 1...last { _ = try? station.publish([number]) }
            } while: {
                for start in stride(from: 0, to: 600, by: 60) {
                    while station.journal.lastSequence < start { usleep(200) }
                    let client = try station.client(after: UInt64(start))
                    var seen = UInt64(start)
                    while seen < UInt64(last) {
                        let line = try next(client)
                        let number = try #require(sequences([line]).first, "\(line)")
                        try #require(number == seen + 1)
                        seen = number
                    }
                }
            }
            await station.server.shutdown()
        }

        @Test func aClientWithoutASubscriptionMissesNothingWhenTheInboxOverflows() async throws {
            let station = try await Station { $0.maximumPendingLines = 2 }
            let client = try EventClient(path: station.path, firstLine: [])
            try await station.waitForClients(1)
            try station.publish(1...500)
            for expected in 1...500 { try #require(sequences([try next(client)]) == [UInt64(expected)]) }
            await station.server.shutdown()
        }

        @Test func linesThatAreGoneAreToldAsAGap() async throws {
            let station = try await Station(maximumFile: 2000, keep: 2)
            try station.publish(1...60)
            let client = try station.client(after: 3)
            let first = try next(client)
            #expect(first.hasPrefix(#"{"notice":"resume_gap","after":"00000000000000000003","next":""#))
            let second = try #require(sequences([try next(client)]).first)
            #expect(first.contains(SequenceText.padded(second)))
            for expected in (second + 1)...60 { #expect(sequences([try next(client)]) == [expected]) }
            // All of the journal is gone, and yet the client goes on live.
            for name in try directoryEntries(station.directory.path) where name.hasPrefix("events.jsonl") {
                unlink(station.directory.path + "/" + name)
            }
            let late = try station.client(after: 3)
            #expect(try next(late).contains(#""next":"00000000000000000061""#))
            try station.publish([61])
            for client in [late, client] { #expect(sequences([try next(client)]) == [61]) }
            await station.server.shutdown()
        }

        @Test func aPlaceInTheFutureIsTold() async throws {
            let station = try await Station()
            try station.publish([1])
            let client = try station.client(after: 77)
            #expect(
                try next(client)
                    == #"{"notice":"resume_ahead","after":"00000000000000000077","last":"00000000000000000001"}"#)
            try station.publish([2])
            #expect(sequences([try next(client)]) == [2])
            await station.server.shutdown()
        }

        @Test func aSlowClientIsCutOffWithALastLineAndOthersGetEverything() async throws {
            let station = try await Station { $0.maximumQueuedByteCount = 200_000 }
            let slow = try station.client(#"{"subscribe":{}}"#)
            try await station.waitForClients(1)
            let reader = try station.client(#"{"subscribe":{"after":"0"}}"#)
            try await station.waitForClients(2)
            var published = 0
            // The slow one reads nothing until it is cut off; the reader takes each line.
            while station.server.counters.cutOff == 0, published < 20_000 {
                published += 1
                try station.publish([published])
                try #require(sequences([try next(reader)]) == [UInt64(published)])
            }
            #expect(station.server.counters.cutOff == 1)
            try await station.waitForClients(1)  // closed already, and yet everything can be read:
            let lines = try rest(slow)
            let numbers = sequences(lines)
            #expect(numbers == (1...UInt64(numbers.count)).map { $0 })
            let resumeAfter = SequenceText.padded(try #require(numbers.last))
            #expect(lines.last == #"{"notice":"too_slow","resume_after":"\#(resumeAfter)"}"#)
            #expect(lines.count == numbers.count + 1, "every line is whole")
            let again = try station.client(after: try #require(numbers.last))
            #expect(sequences([try next(again)]) == [UInt64(numbers.count + 1)])
            await station.server.shutdown()
        }

        @Test func aClientThatStallsWhileReplayingIsCutOff() async throws {
            let station = try await Station { $0.stallTimeout = .milliseconds(100) }
            try station.publish(1...2000)
            let client = try station.client(after: 0)
            try await station.waitUntil { $0.cutOff == 1 }
            let lines = try rest(client)
            let numbers = sequences(lines)
            #expect(numbers == (1...UInt64(numbers.count)).map { $0 } && numbers.count < 2000)
            #expect(lines.last?.contains("too_slow") == true)
            #expect(lines.last?.contains(SequenceText.padded(UInt64(numbers.count))) == true)
            await station.server.shutdown()
        }
    }
}
