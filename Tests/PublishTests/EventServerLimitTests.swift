import FoundationEssentials
import Glibc
import Pictures
import Testing
import Video

@testable import Publish

extension SocketTests {
    @Suite(.timeLimit(.minutes(2))) struct EventServerLimitTests {
        @Test(arguments: [
            ("not json", "not a JSON object"), (#"{"subscribe":{"cams":[]}}"#, "'cams' is no key"),
            (String(repeating: "x", count: 5000), "longer than 4096 bytes"), ("\0\u{1}", "not a JSON object"),
        ])
        func aBadFirstLineGetsOneAnswer(line: String, message: String) async throws {
            let station = try await Station { $0.grace = .seconds(60) }
            let lines = try rest(station.client(line))
            #expect(lines.count == 1)
            #expect(lines.first?.hasPrefix(#"{"error":""#) == true && lines.first?.contains(message) == true)
            await station.server.shutdown()
        }

        @Test func aLineWithoutAnEndIsBounded() async throws {
            let station = try await Station { $0.grace = .seconds(60) }
            let client = try EventClient(path: station.path, firstLine: [UInt8](repeating: 0x20, count: 4097))
            #expect(try rest(client).first?.contains("longer than") == true)
            await station.server.shutdown()
        }

        /// The server has hung up before the client has said all: the reason must not be lost behind a broken pipe.
        @Test func aClientThatIsRefusedWhileItStillSpeaksHearsWhy() async throws {
            let station = try await Station { $0.grace = .seconds(60) }
            let client = try EventClient(path: station.path, firstLine: [UInt8](repeating: 0x20, count: 8 << 20))
            #expect(try rest(client).first?.contains("longer than") == true)
            await station.server.shutdown()
        }

        @Test(arguments: [UInt64.max, UInt64.max - 1, UInt64.max / 2 + 1, UInt64.max / 2])
        func theGreatestNumbersHarmNobody(after: UInt64) async throws {
            let station = try await Station { $0.grace = .seconds(60) }
            let other = try station.client(#"{"subscribe":{}}"#)
            try await station.waitForClients(1)
            try station.publish([1])
            let answer = try next(station.client(after: after))
            #expect(answer.contains("resume_ahead") || answer.hasPrefix(#"{"error":"'after' is"#))
            try station.publish([2])
            #expect(sequences([try next(other), try next(other)]) == [1, 2])
            await station.server.shutdown()
        }

        @Test func aSecondLineEndsTheConnectionAndBlanksDoNot() async throws {
            let station = try await Station()
            let client = try station.client("{\"subscribe\":{}}\n\n \r\n")
            try await station.waitForClients(1)
            try station.publish([1])
            #expect(sequences([try next(client)]) == [1])
            #expect(
                try rest(station.client("{\"subscribe\":{}}\n{\"status\":true}")).last?.contains("only one line")
                    == true)
            await station.server.shutdown()
        }

        @Test func statusIsOneLine() async throws {
            let station = try await Station { $0.grace = .seconds(60) }
            #expect(text(try EventClient.status(path: station.path)) == #"{"ok":1}"#)
            #expect(try rest(station.client(#"{"status":true}"#)) == [#"{"ok":1}"#])
            #expect(try rest(station.client("\n\r\n{\"status\":true}")) == [#"{"ok":1}"#])
            await station.server.shutdown()
        }

        @Test func tooManyClientsAreTurnedAwayWithAWord() async throws {
            let station = try await Station { $0.maximumClients = 2 }
            let clients = [try station.client(#"{"subscribe":{}}"#), try station.client(#"{"subscribe":{}}"#)]
            try await station.waitForClients(2)
            #expect(
                try rest(EventClient(path: station.path, firstLine: [])).first?.contains("too many clients") == true)
            #expect(station.server.counters.refused == 1)
            try station.publish([1])
            for client in clients { #expect(sequences([try next(client)]) == [1]) }
            await station.server.shutdown()
        }

        @Test func aClientThatHangsUpIsNoticedWhileNothingHappens() async throws {
            let station = try await Station()
            var client: EventClient? = try station.client(#"{"subscribe":{}}"#)
            try await station.waitForClients(1)
            _ = client
            client = nil
            try await station.waitForClients(0)
            await station.server.shutdown()
        }

        /// `echo '{"status":true}' | nc -N -U …`: the client closes its sending side and still listens.
        @Test func aClientMayCloseItsSendingSide() async throws {
            let station = try await Station { $0.grace = .seconds(60) }
            for (first, isStatus) in [(#"{"status":true}"#, true), ("", false), (#"{"subscribe":{}}"#, false)] {
                let descriptor = UnixAddress.makeSocket()
                #expect(UnixAddress.with(station.path) { connect(descriptor, $0, $1) } == 0)
                #expect(write(descriptor, first, first.utf8.count) == first.utf8.count)
                #expect(Glibc.shutdown(descriptor, Int32(SHUT_WR)) == 0)
                if !isStatus {
                    try await station.waitForClients(1)
                    try station.publish([1])
                }
                var byte: UInt8 = 0
                #expect(recv(descriptor, &byte, 1, 0) == 1)
                #expect(byte == UInt8(ascii: "{"))
                close(descriptor)
                try await station.waitForClients(0)
            }
            await station.server.shutdown()
        }

        @Test func scoresGoToThoseWhoAskAndAreFirstToBeDropped() async throws {
            let station = try await Station { $0.maximumQueuedByteCount = 40_000 }
            func score(_ frame: Int, camera: String = "porch") -> ScoreLine {
                ScoreLine(camera: camera, frame: UInt64(frame), time: someTime, raw: 0.0201, score: 1.66123)
            }
            let plain = try station.client(#"{"subscribe":{}}"#)
            let client = try station.client(#"{"subscribe":{"scores":true,"cameras":["porch"]}}"#)
            try await station.waitForClients(2)
            // Until the subscription has been read, a score finds nobody.
            var first = ""
            for frame in 1...1000 where first.isEmpty {
                station.server.publishScore(score(frame, camera: "gate"))
                station.server.publishScore(score(1))
                first = text(try client.nextLine(timeout: .milliseconds(10)) ?? [])
            }
            #expect(
                first
                    == #"{"type":"dev.zanzo.score.v1","camera":"porch","frame":1,"time":"2026-09-01T02:03:04.123456Z","score":1.661,"raw":0.0201}"#
            )
            // Nobody reads: scores are dropped and counted, and the client is not cut off for them.
            for frame in 0..<3000 { station.server.publishScore(score(frame)) }
            try await station.waitUntil { $0.droppedScores > 0 }
            try station.publish([1])
            #expect(sequences([try next(plain)]) == [1])
            while sequences([try next(client)]) != [1] {}
            #expect(station.server.counters.cutOff == 0)
            station.server.publishScore(score(1))
            #expect(try next(client).hasPrefix(#"{"notice":"scores_dropped","count":"#))
            await station.server.shutdown()
        }

        @Test func picturesComeInlineWhereTheyAreAskedForAndFit() async throws {
            let station = try await Station { $0.maximumInlineByteCount = 2000 }
            func publish(_ name: String, _ bytes: [UInt8]) throws -> PublishedLine {
                let path = station.directory.path + "/" + name
                try writeFile(bytes, path)
                var event = event(1)
                event.data.snapshot = path
                let line = try station.journal.append(event)
                station.server.publish(line)
                return line
            }
            let png = try PNG.encode(Canvas(width: 8, height: 8, colour: Colour(200, 0, 0)))
            let early = try publish("early.png", png)
            let inline = try station.client(#"{"subscribe":{"snapshots":"inline","after":"0"}}"#)
            let path = try station.client(#"{"subscribe":{"after":"0"}}"#)
            let lines = try [
                early, publish("live.png", png), publish("large.png", png + [UInt8](repeating: 0, count: 2000)),
                publish("passwd", Array("root:x:0:0".utf8)),
            ]
            for (index, line) in lines.enumerated() {
                #expect(try next(path) + "\n" == text(line.bytes))
                let got = try next(inline)
                #expect(EventLine(Array(got.utf8)) == EventLine(line.bytes))
                struct Picture: Decodable {
                    struct Payload: Decodable { var snapshot_png: Data? }
                    var data: Payload
                }
                let picture = try JSONDecoder().decode(Picture.self, from: Data(got.utf8)).data.snapshot_png
                #expect(picture.map { Array($0) } == (index < 2 ? png : nil))
            }
            await station.server.shutdown()
        }

        @Test func shutdownIsToldAndTakesLessThanASecondEvenIfNobodyReads() async throws {
            let station = try await Station()
            let clients = try (0..<3).map { _ in try station.client(#"{"subscribe":{"after":"0"}}"#) }
            try await station.waitForClients(3)
            try station.publish(1...1500)  // more than the kernel's buffers hold
            let start = SystemTime().now()
            await station.server.shutdown(reason: "stopped")
            #expect((SystemTime().now() - start).seconds < 1.5)
            #expect(access(station.path, F_OK) != 0, "the socket's file is gone")
            for client in clients { #expect(sequences(try rest(client)).first == 1) }
            await station.server.shutdown()
            station.server.publish(try station.journal.append(event(1)))

            let other = try await Station()
            let reader = try other.client(#"{"subscribe":{"after":"0"}}"#)
            try other.publish(1...3)
            for expected in 1...3 { #expect(sequences([try next(reader)]) == [UInt64(expected)]) }
            await other.server.shutdown(reason: "reconfigured")
            #expect(
                try rest(reader)
                    == [#"{"notice":"shutdown","reason":"reconfigured","resume_after":"00000000000000000003"}"#])
        }

        /// A client that never reads, and a journal without end: `publish` takes no longer for it.
        @Test func publishNeverWaits() async throws {
            let station = try await Station { $0.maximumPendingLines = 100 }
            let clients = try (0..<5).map { _ in try station.client(#"{"subscribe":{"scores":true}}"#) }
            try await station.waitForClients(5)
            let line = try station.journal.append(event(1))
            var longest = Duration.zero
            for number in 0..<5000 {
                var line = line
                line.sequence = UInt64(number + 1)
                let start = SystemTime().now()
                station.server.publish(line)
                longest = max(longest, SystemTime().now() - start)
            }
            print("the longest of 5000 publish calls took \(longest.seconds * 1e6) µs")
            #expect(longest < .milliseconds(250), "a busy machine may stop a thread for a while, a blocked one stays")
            _ = clients
            await station.server.shutdown()
        }
    }
}
