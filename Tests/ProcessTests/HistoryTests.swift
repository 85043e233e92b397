import FoundationEssentials
import Glibc
import Publish
import Testing

@testable import Publish

extension ProcessTests {
    /// What the real daemon makes of history that it cannot read, and of pictures that it may keep for ever.
    @Suite struct HistoryTests {
        let place: Workspace

        init() throws { place = try Workspace() }

        /// No descriptor is left when a subscriber asks for old events: an error, no hole; and with descriptors all of them.
        @Test func withoutADescriptorHistoryIsNotCalledDeleted() async throws {
            try place.configure(Workspace.street(isRestless: true))
            let daemon = try await place.runningDaemon()
            defer { daemon.kill() }
            let client = UnixAddress.makeSocket()
            defer { close(client) }
            let connected = UnixAddress.with(place.socket) { connect(client, $0, $1) }
            try #require(connected == 0)
            // The daemon has to have taken the connection before it can take no more: it tells this client something.
            try await daemon.gives("the connection") {
                daemon.send(SIGHUP)
                return try received(client, with: "config.reloaded") != nil
            }
            try await limitDescriptors(of: daemon, to: "3:")
            let line = #"{"subscribe":{"after":"0"}}"# + "\n"
            #expect(send(client, line, line.utf8.count, Int32(MSG_NOSIGNAL)) == line.utf8.count)
            let told = try await daemon.gives("an error") { try received(client, with: "\"error\"") }
            #expect(told.contains("Too many open files") && !told.contains("resume_gap"), "\(told)")
            #expect(told.contains(#""resume_after":"00000000000000000000""#))
            try await limitDescriptors(of: daemon, to: "1024:")
            var subscription = Subscription()
            subscription.after = 0
            let again = try await daemon.gives("a connection") {
                try? EventClient(path: place.socket, subscription: subscription)
            }
            let first = try #require(try again.nextLine(timeout: patience))
            #expect(EventLine(first)?.number == 1)
            daemon.send(SIGTERM)
            #expect(try await daemon.end() == .exit(0))
        }

        /// `max_age: off` and an event's folder: the first sweep is at the start.
        @Test(arguments: ["off", "36500d", "1h"]) func everyAgeIsBorne(age: String) async throws {
            let text = try place.configure(Workspace.street(isRestless: true))
            try place.write(
                "zanzo.yaml", text.replacing("every: off}", with: "every: off, max_age: \(age), max_size: 1024TiB}"))
            for _ in 0..<2 {
                let daemon = try await place.runningDaemon()
                defer { daemon.kill() }
                daemon.send(SIGTERM)
                #expect(try await daemon.end() == .exit(0))
            }
            let pictures = try SnapshotList.read(place.path + "/state", SnapshotFilter(kinds: [.event]))
            #expect(!pictures.isEmpty)
        }

        private func limitDescriptors(of daemon: Program, to limit: String) async throws {
            let program = try Program("prlimit", ["--pid", "\(daemon.identifier)", "--nofile=\(limit)"])
            #expect(try await program.end() == .exit(0))
        }

        /// What waits to be read, once `word` is in it; nil before.
        private func received(_ client: Int32, with word: String) throws -> String? {
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = recv(client, &buffer, buffer.count, Int32(MSG_DONTWAIT) | Int32(MSG_PEEK))
            guard count > 0 else { return nil }
            let text = String(decoding: buffer[..<count], as: UTF8.self)
            return text.contains(word) ? text : nil
        }
    }
}
