import Glibc
import Publish
import Testing
import Video

extension ProcessTests {
    /// From start to stop, as systemd sees it.
    @Suite struct LifecycleTests {
        let place: Workspace
        let systemd: NotifySocket
        /// What the unit gives its process; a watchdog of half a second must be told more often than once a second.
        let environment: [String: String]

        init() throws {
            place = try Workspace()
            systemd = try NotifySocket(path: place.path + "/notify")
            environment = ["NOTIFY_SOCKET": systemd.path, "WATCHDOG_USEC": "500000"]
        }

        @Test func systemdHearsOfEachStage() async throws {
            try place.configure(Workspace.street())
            let daemon = try place.daemon(environment: environment)
            defer { daemon.kill() }
            try await daemon.gives("READY=1") { systemd.count("READY=1") == 1 }
            try await daemon.gives("a status with a camera that is up") {
                systemd.messages.contains { $0.hasPrefix("STATUS=1/1 cameras up") }
            }
            try await daemon.gives("the watchdog is told twice in its half second") {
                _ = systemd.messages
                return zip(systemd.pings, systemd.pings.dropFirst()).contains { $1 - $0 < .milliseconds(500) }
            }
            daemon.send(SIGTERM)
            #expect(try await daemon.end() == .exit(0))
            #expect(systemd.messages.last == "STOPPING=1")
            #expect(systemd.count("READY=1") == 1)
            #expect(access(place.socket, F_OK) != 0, "a stopped daemon leaves its socket's file behind")
        }

        @Test func aDaemonWithoutACameraIsReadyAndSaysSo() async throws {
            try place.write("zanzo.yaml", try place.configure().replacing("cameras:\n", with: ""))
            let daemon = try place.daemon(environment: environment)
            defer { daemon.kill() }
            try await daemon.gives("READY=1") { systemd.count("READY=1") == 1 }
            try await daemon.gives("the status") { systemd.count("STATUS=no cameras configured") > 0 }
        }

        /// journald adds the time itself, and wants the priority.
        @Test func forTheJournalEachLineHasItsPriority() async throws {
            try place.configure(Workspace.street(isRestless: true))
            let stream = #"JOURNAL_STREAM=$(stat -L -c %d:%i /proc/$$/fd/2) exec "$@""#
            let daemon = try await place.runningDaemon(["sh", "-c", stream, "sh"])
            defer { daemon.kill() }
            try place.write("zanzo.yaml", "nonsense: 1\n")
            daemon.send(SIGHUP)
            try await daemon.gives("config.rejected") { try place.hasTold(.configRejected) }
            daemon.send(SIGTERM)
            #expect(try await daemon.end() == .exit(0))
            let lines = daemon.errors.lines
            #expect(lines.allSatisfy { $0.prefixMatch(of: /<[2-6]>[a-z]/) != nil }, "\(lines)")
            #expect(lines.contains { $0.hasPrefix("<3>reload refused, the old configuration stays: ") })
        }

        @Test(arguments: [SIGTERM, SIGINT]) func aStopEndsTheRunningEvent(_ signal: Int32) async throws {
            try place.configure(Workspace.street(isRestless: true))
            let daemon = try await place.runningDaemon()
            defer { daemon.kill() }
            daemon.send(signal)
            #expect(try await daemon.end() == .exit(0))
            let events = try place.journal()
            // Behind it, and only there, stands what a busy machine lost of the camera's frames.
            let last = try #require(events.last { $0.eventType != .framesDropped })
            #expect(last.eventType == .anomalyEnd && last.data.reason == "stopped")
            #expect(last.data.event == events.first { $0.eventType == .anomalyStart }?.data.event)
            // The end does not wait for its strip, so it names none; there is time to draw it all the same.
            #expect(last.data.strip == nil)
            let start = try #require(events.first { $0.eventType == .anomalyStart }?.data.snapshot)
            let strip = start.split(separator: "/").dropLast().map { "/" + $0 }.joined() + "/strip.png"
            #expect(access(strip, R_OK) == 0, "\(strip)")
        }

        /// A signal in the daemon's first moments must not find it without a handler: SIGHUP's own action is death.
        @Test(arguments: 0..<5) func aReloadRightAfterTheStartIsHeard(_ round: Int) async throws {
            try place.configure(Workspace.street())
            let daemon = try place.daemon(environment: environment)
            defer { daemon.kill() }
            let deadline = SystemTime().now() + patience
            // Without a pause: the moment counts.
            while systemd.count("READY=1") == 0, daemon.ending == nil, SystemTime().now() < deadline {}
            daemon.send(SIGHUP)
            try await daemon.gives("config.reloaded") { try place.hasTold(.configReloaded) }
            daemon.send(SIGTERM)
            #expect(try await daemon.end() == .exit(0))
        }

        @Test func aReloadTakesAGoodConfigurationAndRefusesABadOne() async throws {
            let good = try place.configure(Workspace.street("a"))
            let daemon = try await place.runningDaemon(told: .cameraOnline, environment: environment)
            defer { daemon.kill() }
            try await daemon.gives("READY=1") { systemd.count("READY=1") == 1 }

            try place.configure(Workspace.street("a"), Workspace.street("b"))
            daemon.send(SIGHUP)
            try await daemon.gives("the reload's end") { systemd.count("READY=1") == 2 }
            let first = try #require(systemd.messages.firstIndex(of: "RELOADING=1"))
            let stamp = try #require(UInt64(systemd.messages[first + 1].trimmingPrefix("MONOTONIC_USEC=")))
            #expect(stamp > 0 && stamp <= UInt64(SystemTime().now().nanoseconds / 1000))
            try await daemon.gives("both cameras are online") {
                try place.journal().count { $0.eventType == .cameraOnline } == 2
            }
            #expect(try place.journal().contains { $0.data.message == "changed: b" })

            try place.write("zanzo.yaml", good.replacing("rate: 15\n", with: "rat: 15\n"))
            daemon.send(SIGHUP)
            try await daemon.gives("the refusal's end") { systemd.count("READY=1") == 3 }
            try await daemon.gives("config.rejected") { try place.hasTold(.configRejected) }
            let refusal = try #require(try place.journal().last { $0.eventType == .configRejected }?.data.message)
            #expect(refusal.hasPrefix(place.configuration) && refusal.contains("rat: unknown key; did you mean rate?"))
            try await daemon.gives("both cameras go on") {
                let status = try EventClient.status(path: place.socket, timeout: patience)
                return String(decoding: status, as: UTF8.self).components(of: #""state":"online""#) == 2
            }
        }

        /// What logrotate does: rename, then SIGHUP.
        @Test func aReloadReopensTheJournal() async throws {
            try place.configure(Workspace.street())
            let daemon = try await place.runningDaemon(told: .cameraOnline)
            defer { daemon.kill() }
            let aside = place.journalPath + ".1"
            #expect(rename(place.journalPath, aside) == 0)
            daemon.send(SIGHUP)
            try await daemon.gives("a new journal") { access(place.journalPath, F_OK) == 0 }
            daemon.send(SIGHUP)
            try await daemon.gives("events in it") { try place.hasTold(.configReloaded) }
            daemon.send(SIGTERM)
            #expect(try await daemon.end() == .exit(0))
            #expect(isGapless(try place.journal(aside) + place.journal()))
        }
    }
}

extension String {
    /// How often `text` stands in it.
    func components(of text: String) -> Int { ranges(of: text).count }
}
