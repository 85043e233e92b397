import Glibc
import Testing
import Video

@testable import Publish

extension SocketTests {
    @Suite(.timeLimit(.minutes(2))) struct ListeningTests {
        func failure(_ settings: ServerSettings) async throws -> PublishError {
            let server = EventServer(settings: settings, replay: JournalReader(path: "/nonexistent/x"), log: quiet)
            do {
                try await server.start()
            } catch let error as PublishError {
                return error
            }
            await server.shutdown()
            Issue.record("the server started")
            return PublishError(code: .system, operation: "", message: "")
        }

        @Test func theSocketIsForOwnerAndGroupOnly() async throws {
            let station = try await Station()
            var status = stat()
            #expect(lstat(station.path, &status) == 0)
            #expect(status.st_mode == S_IFSOCK | 0o660)
            await station.server.shutdown()
            let open = try await Station { $0.mode = 0o666 }
            #expect(lstat(open.path, &status) == 0 && status.st_mode & 0o777 == 0o666, "whatever the umask is")
            await open.server.shutdown()
        }

        @Test func theSocketIsNeverOpenToAllAndTakesNoConnectionBeforeItIsReady() async throws {
            // With a group that is not there, everything before it has happened: nothing is left behind.
            let directory = try TemporaryDirectory()
            let path = directory.path + "/s"
            let error = try await failure(ServerSettings(path: path, group: "no-such-group"))
            #expect(error.code == .badSetting && error.message.contains("no group 'no-such-group'"))
            #expect(access(path, F_OK) != 0)
        }

        @Test func theGroupIsSet() async throws {
            let entry = try #require(getgrgid(getegid()))
            let name = String(cString: entry.pointee.gr_name)
            let station = try await Station { $0.group = name }
            var status = stat()
            #expect(lstat(station.path, &status) == 0 && status.st_gid == getegid())
            await station.server.shutdown()
        }

        @Test func aPathTooLongIsAClearError() async throws {
            let long = "/tmp/" + String(repeating: "x", count: 103)
            let error = try await failure(ServerSettings(path: long))
            #expect(error.code == .badSetting && error.message.contains("108 bytes"))
            #expect(throws: PublishError.self) { try EventClient(path: long, subscription: Subscription()) }
        }

        @Test func aSecondDaemonIsRefusedAndTheFirstGoesOn() async throws {
            let station = try await Station()
            let error = try await failure(ServerSettings(path: station.path))
            #expect(error.code == .busy && error.message.contains("another zanzod is running on \(station.path)"))
            let client = try station.client(#"{"subscribe":{}}"#)
            try await station.waitForClients(1)
            try station.publish([1])
            #expect(sequences([try next(client)]) == [1])
            await station.server.shutdown()
        }

        @Test func anotherProgramsSocketIsNotTakenAway() async throws {
            let directory = try TemporaryDirectory()
            let path = directory.path + "/s"
            let other = UnixAddress.makeSocket()
            defer { close(other) }
            #expect(UnixAddress.with(path) { bind(other, $0, $1) } == 0 && listen(other, 1) == 0)
            #expect(try await failure(ServerSettings(path: path)).code == .busy)
            #expect(access(path, F_OK) == 0)
        }

        @Test func aStaleSocketIsReplaced() async throws {
            let directory = try TemporaryDirectory()
            let dead = UnixAddress.makeSocket()
            #expect(UnixAddress.with(directory.path + "/events.sock") { bind(dead, $0, $1) } == 0)
            close(dead)
            let station = try await Station(directory: directory)
            #expect(text(try EventClient.status(path: station.path)) == #"{"ok":1}"#)
            await station.server.shutdown()
        }

        @Test func aFileIsNotTakenForAStaleSocket() async throws {
            let directory = try TemporaryDirectory()
            try writeFile([1], directory.path + "/s")
            let error = try await failure(ServerSettings(path: directory.path + "/s"))
            #expect(error.code == .badSetting && error.message.contains("move it away"))
            #expect(readFile(directory.path + "/s") == [1])
        }

        @Test func anInheritedSocketIsUsedAndItsFileLeftAlone() async throws {
            let directory = try TemporaryDirectory()
            let path = directory.path + "/activated"
            let socket = UnixAddress.makeSocket()
            #expect(UnixAddress.with(path) { bind(socket, $0, $1) } == 0 && listen(socket, 8) == 0)
            let station = try await Station { $0.inheritedDescriptor = socket }
            #expect(text(try EventClient.status(path: path)) == #"{"ok":1}"#)
            #expect(access(station.path, F_OK) != 0)
            await station.server.shutdown()
            #expect(access(path, F_OK) == 0, "it is systemd's")
        }

        @Test func whatIsInheritedMustBeAListeningUnixSocket() async throws {
            let file = open("/dev/null", O_RDONLY)
            defer { close(file) }
            let error = try await failure(ServerSettings(inheritedDescriptor: file))
            #expect(error.code == .badSetting && error.message.contains("ListenStream"))
            let plain = UnixAddress.makeSocket()
            defer { close(plain) }
            #expect(try await failure(ServerSettings(inheritedDescriptor: plain)).code == .badSetting)
        }

        @Test func aClientSaysWhenNoDaemonIsThere() {
            let error = #expect(throws: PublishError.self) {
                try EventClient(path: "/tmp/zanzo-no-such-socket", subscription: Subscription())
            }
            #expect(error?.code == .disconnected && error?.description.contains("not running") == true)
        }

        /// The daemon restarts twice; a follower sees every event once, those of the time between as well.
        /// What a daemon under SIGSTOP looks like: it listens, accepts nobody, and its queue is full.
        @Test func aDaemonThatAcceptsNobodyIsGivenUp() throws {
            let directory = try TemporaryDirectory()
            let path = directory.path + "/full.sock"
            let listener = UnixAddress.makeSocket()
            defer { close(listener) }
            #expect(UnixAddress.with(path) { bind(listener, $0, $1) } == 0)
            #expect(listen(listener, 0) == 0)
            var waiting: [EventClient] = []
            var refused: PublishError?
            for _ in 0..<10 where refused == nil {
                do {
                    waiting.append(try EventClient(path: path, firstLine: [], timeout: .milliseconds(50)))
                } catch {
                    refused = error
                }
            }
            #expect(!waiting.isEmpty, "the queue takes some")
            #expect(refused?.code == .disconnected)
            #expect(refused?.description.contains("zanzod has taken no connection for 0.05 seconds") == true)
        }

        @Test func aFollowerGoesOnAcrossRestarts() async throws {
            let directory = try TemporaryDirectory()
            var subscription = Subscription()
            subscription.after = 0
            var follower = EventFollower(path: directory.path + "/events.sock", subscription: subscription)
            var seen: [UInt64] = []
            for round in 0..<3 {
                let station = try await Station(directory: directory)
                try station.publish(round * 10..<round * 10 + 5)
                while seen.count < round * 6 + 5 {
                    let line = try #require(try follower.nextLine(timeout: .seconds(10)))
                    seen += sequences([text(line)])
                }
                await station.server.shutdown()
                _ = try station.journal.append(event(99))  // after the socket is closed
            }
            #expect(seen == (1...17).map { UInt64($0) })
            #expect(follower.last == 17)
        }
    }
}
