import FoundationEssentials
import Glibc
import Publish
import Testing

extension ProcessTests {
    /// A disk that takes nothing more, and later does again: nobody misses an event.
    @Suite struct DiskTests {
        let place: Workspace

        init() throws { place = try Workspace() }

        /// The kernel cuts a write off in mid-line, and refuses the next: what a full disk does, without a disk.
        @Test func aWriteThatIsCutOff() async throws {
            try place.configure(Workspace.street())
            let daemon = try await place.runningDaemon(Self.unkilled, told: .cameraOnline)
            defer { daemon.kill() }
            let size = try #require(try fileByteCount(place.journalPath))
            try await lastsThrough(
                daemon, journal: place.journalPath, words: "File too large",
                fill: { try await limitFiles(of: daemon, to: "\(size + 100)") },
                makeRoom: { try await limitFiles(of: daemon, to: "unlimited") })
        }

        /// Nothing can be written from the first moment on.
        @Test func aStartWithoutRoom() async throws {
            try place.configure(Workspace.street())
            let first = try await place.runningDaemon(told: .cameraOnline)
            defer { first.kill() }
            first.send(SIGTERM)
            #expect(try await first.end() == .exit(0))
            let daemon = try place.daemon(Self.unkilled + ["prlimit", "--fsize=1:"])
            defer { daemon.kill() }
            try await lastsThrough(
                daemon, journal: place.journalPath, words: "File too large", fill: {},
                makeRoom: { try await limitFiles(of: daemon, to: "unlimited") })
        }

        /// What still waits at the end is lost, and that is said; the numbers go on without a gap.
        @Test func aStopWithoutRoom() async throws {
            try place.configure(Workspace.street(isRestless: true))
            let first = try await place.runningDaemon(Self.unkilled)
            defer { first.kill() }
            let size = try #require(try fileByteCount(place.journalPath))
            try await limitFiles(of: first, to: "\(size + 100)")
            first.send(SIGTERM)
            #expect(try await first.end() == .exit(0))
            #expect(first.errors.text.contains("could not be journaled before the end"), "\(first.errors.text)")
            let second = try await place.runningDaemon()
            defer { second.kill() }
            second.send(SIGTERM)
            #expect(try await second.end() == .exit(0))
            let all = try place.journal()
            // Behind it, and only there, stands what a busy machine lost of the camera's frames.
            let last = all.last { $0.eventType != .framesDropped }
            #expect(isGapless(all) && last?.data.reason == "stopped", "\(String(describing: last))")
        }

        @Test(.enabled(if: Mounting.isPossible, Mounting.reason)) func aFullDisk() async throws {
            let folder = try place.makeFolder("disk")
            let journal = folder + "/log/events.jsonl"
            try place.configure(
                Workspace.street(isRestless: true), state: folder + "/state", journal: journal)
            let daemon = try place.daemon(Mounting.wrapper(#"mount -t tmpfs -o size=1M tmpfs "$0""#, folder))
            defer { daemon.kill() }
            // Another process's mounts are seen through its root.
            let root = "/proc/\(daemon.identifier)/root"
            try await daemon.gives("an event") {
                try place.journal(root + journal).contains { $0.eventType == .anomalyStart }
            }
            let filler = root + folder + "/filler"
            try await lastsThrough(
                daemon, journal: root + journal, words: "No space left on device",
                fill: { try fillDisk(filler) }, makeRoom: { #expect(unlink(filler) == 0) })
        }

        /// A file that would grow over its limit is an error to bear, not the signal that ends the process.
        private static let unkilled = ["sh", "-c", #"trap "" XFSZ; exec "$@""#, "sh"]

        /// Events while there is no room, some more after it: all of them are told, in order, on both ways.
        private func lastsThrough(
            _ daemon: Program, journal: String, words: String, fill: () async throws -> Void,
            makeRoom: () async throws -> Void
        ) async throws {
            var subscription = Subscription()
            subscription.after = 0
            let subscriber = try await daemon.gives("a connection") {
                try? EventClient(path: place.socket, subscription: subscription)
            }
            let before = try #require(try place.journal(journal).last)
            try await fill()
            // A reload is an event; the first may still fit into what is left of a page.
            try await daemon.gives("the fault in the log") {
                daemon.send(SIGHUP)
                return daemon.errors.lines.contains { $0.contains("append to ") && $0.contains(words) }
            }
            let untilThen = try place.journal(journal)
            #expect(isGapless(untilThen))
            _ = try EventClient.status(path: place.socket, timeout: patience)

            try await makeRoom()
            try await daemon.gives("what waited is written") {
                daemon.errors.text.contains("that waited are written, 0 wait still")
            }
            daemon.send(SIGHUP)
            try await daemon.gives("later events follow") {
                let events = try place.journal(journal)
                return events.count { $0.eventType == .configReloaded }
                    == daemon.errors.text.components(of: "notice   reloaded")
            }
            let all = try place.journal(journal)
            #expect(isGapless(all) && Array(all.prefix(untilThen.count)) == untilThen)
            let last = try #require(all.last)
            #expect(last.number > before.number)
            var heard: [EventLine] = []
            while heard.last?.number != last.number, let line = try subscriber.nextLine(timeout: patience) {
                EventLine(line).map { heard.append($0) }
            }
            #expect(heard == all)
            daemon.send(SIGTERM)
            #expect(try await daemon.end() == .exit(0))
        }

        /// The soft limit alone, so that it can be raised again.
        private func limitFiles(of daemon: Program, to byteCount: String) async throws {
            let program = try Program("prlimit", ["--pid", "\(daemon.identifier)", "--fsize=\(byteCount):"])
            defer { program.kill() }
            #expect(try await program.end() == .exit(0), "\(program.errors.text)")
        }

        private func fillDisk(_ path: String) throws {
            let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
            try #require(file >= 0)
            defer { close(file) }
            for chunk in [65_536, 4096, 1] {
                let bytes = [UInt8](repeating: 0, count: chunk)
                while write(file, bytes, chunk) > 0 {}
            }
            try #require(errno == ENOSPC)
        }

        private func fileByteCount(_ path: String) throws -> Int? {
            try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
        }
    }
}
