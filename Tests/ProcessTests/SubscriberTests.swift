import Glibc
import Publish
import Testing

@testable import Publish

extension ProcessTests {
    /// Subscribers at the daemon's real socket: while it runs, while it is killed and started again.
    @Suite struct SubscriberTests {
        let place: Workspace

        init() throws { place = try Workspace() }

        @Test func theSocketTellsWhatTheJournalHas() async throws {
            try place.configure(Workspace.street(isRestless: true))
            let daemon = try await place.runningDaemon()
            defer { daemon.kill() }
            let all = try Follower(place, after: 0)
            let fromNow = try Follower(place, after: nil)
            daemon.send(SIGHUP)
            daemon.send(SIGTERM)
            #expect(try await daemon.end() == .exit(0))
            let journal = try place.journal()
            #expect(try all.toTheEnd() == journal && isGapless(journal))
            #expect(try fromNow.toTheEnd().last == journal.last)
        }

        /// A client that goes away in the middle of a line is nobody's trouble.
        @Test func clientsThatVanishAreNotNoticed() async throws {
            try place.configure(Workspace.street())
            let daemon = try await place.runningDaemon(told: .cameraOnline)
            defer { daemon.kill() }
            for _ in 0..<20 {
                var subscription = Subscription()
                (subscription.scores, subscription.after) = (true, 0)
                _ = try EventClient(path: place.socket, subscription: subscription)
                _ = try EventClient(path: place.socket, firstLine: Array("{\"subscribe\":".utf8))
            }
            let garbage = try EventClient(path: place.socket, firstLine: Array("GET / HTTP/1.1\r\n\r\n".utf8))
            let answer = try garbage.nextLine(timeout: patience).map { String(decoding: $0, as: UTF8.self) }
            #expect(answer?.hasPrefix(#"{"error":"#) == true, "\(answer ?? "no answer")")
            daemon.send(SIGTERM)
            #expect(try await daemon.end() == .exit(0))
        }

        @Test func killedInMidEventItGoesOnWhereItWas() async throws {
            try place.configure(Workspace.street(isRestless: true))
            let first = try await place.runningDaemon()
            defer { first.kill() }
            let follower = try place.follower()
            defer { follower.kill() }
            try await follower.gives("the first events") { follower.output.text.contains("anomaly.start") }

            first.kill()
            #expect(access(place.socket, F_OK) == 0, "no stale socket to take over")
            let before = try place.journal()
            let journal = try #require(fopen(place.journalPath, "a"))
            fputs(#"{"specversion":"1.0","id":"01M8"#, journal)
            fclose(journal)

            let second = try await place.runningDaemon()
            defer { second.kill() }
            #expect(access(place.journalPath + ".torn", F_OK) == 0)
            let said = second.errors.lines.filter { $0.contains("its last line is torn") }
            #expect(said.count == 1 && said[0].contains(" warning  \(place.journalPath): "), "\(said)")
            try await second.gives("the follower is back") {
                follower.output.text.components(of: "anomaly.start") == 2
            }
            second.send(SIGTERM)
            #expect(try await second.end() == .exit(0))
            let after = try place.journal()
            #expect(Array(after.prefix(before.count)) == before)
            #expect(isGapless(after) && after.count > before.count)
            // The anomaly that ran when it was killed is the first thing that the second run tells of.
            #expect(after[before.count].eventType == .anomalyEnd && after[before.count].data.reason == "interrupted")
            let starts = after.filter { $0.eventType == .anomalyStart }.map(\.data.event)
            #expect(after.filter { $0.eventType == .anomalyEnd }.map(\.data.event) == starts, "every start has one end")
            func followed() -> [EventLine] { follower.output.lines.compactMap { EventLine(Array($0.utf8)) } }
            try await follower.gives("the last event") { followed().last == after.last }
            #expect(followed() == after)
        }

        /// The socket outlives the daemon: who connects while none runs is answered by the next.
        @Test func socketActivation() async throws {
            try place.configure(Workspace.street())
            let listener = UnixAddress.makeSocket()
            defer { close(listener) }
            let bound = UnixAddress.with(place.socket) { bind(listener, $0, $1) }
            try #require(bound == 0 && listen(listener, 8) == 0)
            for round in 1...2 {
                let client = try EventClient(path: place.socket, firstLine: Array("{\"status\":true}\n".utf8))
                let daemon = try place.daemon(
                    ["sh", "-c", #"LISTEN_PID=$$ exec "$@""#, "sh"], environment: ["LISTEN_FDS": "1"],
                    descriptor: listener)
                defer { daemon.kill() }
                let answer = try client.nextLine(timeout: patience).map { String(decoding: $0, as: UTF8.self) }
                #expect(answer?.contains(#""cameras""#) == true, "round \(round)")
                daemon.send(SIGTERM)
                #expect(try await daemon.end() == .exit(0))
                #expect(access(place.socket, F_OK) == 0, "systemd's socket is not the daemon's to take away")
            }
        }

        @Test func aSecondDaemonIsRefusedAndTheFirstUndisturbed() async throws {
            try place.configure(Workspace.street())
            let first = try await place.runningDaemon(told: .cameraOnline)
            defer { first.kill() }
            let elsewhere = try place.makeFolder("elsewhere")
            try place.configure(
                Workspace.street(), state: elsewhere, journal: elsewhere + "/events.jsonl", name: "second.yaml")
            for configuration in [place.configuration, place.path + "/second.yaml"] {
                let second = try place.daemon(configuration: configuration)
                defer { second.kill() }
                #expect(try await second.end() == .exit(1))
                #expect(second.errors.lines.count == 1)
                #expect(second.errors.text.contains("another zanzod"), "\(second.errors.text)")
            }
            _ = try EventClient.status(path: place.socket, timeout: patience)
            first.send(SIGTERM)
            #expect(try await first.end() == .exit(0))
            #expect(isGapless(try place.journal()))
        }
    }
}

/// A client of the test's own.
private struct Follower {
    private let client: EventClient

    init(_ place: Workspace, after: UInt64?) throws {
        var subscription = Subscription()
        subscription.after = after
        client = try EventClient(path: place.socket, subscription: subscription)
    }

    /// Every event until the daemon closes the connection.
    func toTheEnd() throws -> [EventLine] {
        var events: [EventLine] = []
        do throws(PublishError) {
            while let line = try client.nextLine(timeout: patience) { EventLine(line).map { events.append($0) } }
        } catch {
            guard error.code == .disconnected else { throw error }
        }
        return events
    }
}

extension Workspace {
    /// `zanzo events --follow` from the journal's beginning, as JSON.
    fileprivate func follower() throws -> Program {
        let line = ["events", "--follow", "--json", "--after", "0", "--socket", socket]
        return try zanzoProcess(line)
    }
}
