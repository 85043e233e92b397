import FoundationEssentials
import Glibc
import Model
import Publish
import Testing

@testable import Service

extension ProcessTests {
    /// The real daemon with a script in `zanzo`'s place, beside it, as it is installed.
    @Suite struct LearningTests {
        let place: Workspace
        let systemd: NotifySocket

        init() throws {
            place = try Workspace()
            systemd = try NotifySocket(path: place.path + "/notify")
        }

        /// A script's lines that tell how far they are until a file `go` is there, and say so in `ends` when they are told
        /// to end. As the real trainer does they outlive their reader: the kernel closes a killed daemon's pipes before it
        /// tells them.
        static let patient = """
            trap '' PIPE
            trap 'echo $$ >>"$place/ends"; exit 0' TERM
            while [ ! -e "$place/go" ]; do echo '{"phase":"recording","done":0.5}'; sleep 0.02; done
            """

        static let learner =
            #"porch: {source: "synthetic:street?rate=15&size=64x64", model: porch.safetensors, learn: {for: 1h}}"#

        /// Starts a copy of the daemon, whose `zanzo` is a script.
        func daemon(_ body: String) throws -> Program {
            let bin = try place.makeFolder("bin")
            try FileManager.default.copyItem(
                atPath: try DemoSetup.besideThisProgram("zanzod"), toPath: bin + "/zanzod")
            try place.write(
                "bin/zanzo",
                """
                #!/bin/sh
                place='\(place.path)'
                model='\(Workspace.model)'
                echo $$ >>"$place/starts"
                env >"$place/environment"
                for word do
                    [ "$before" = --out ] && out=$word
                    before=$word
                done
                \(body)

                """)
            try #require(chmod(bin + "/zanzo", 0o755) == 0)
            return try Program(
                bin + "/zanzod", ["--config", place.configuration],
                environment: ["NOTIFY_SOCKET": systemd.path, "WATCHDOG_USEC": "5000000", "CREDENTIALS_DIRECTORY": "/c"])
        }

        func lines(_ name: String) -> [String] {
            let bytes = FileManager.default.contents(atPath: place.path + "/" + name).map { Array($0) } ?? []
            return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
        }

        func isAlive(_ process: String) -> Bool {
            guard let bytes = FileManager.default.contents(atPath: "/proc/\(process)/stat") else { return false }
            return !String(decoding: Array(bytes), as: UTF8.self).contains(") Z ")
        }

        func learning() throws -> LearningStatus? {
            let line = try EventClient.status(path: place.socket, timeout: patience)
            return try JSONDecoder().decode(DaemonStatus.self, from: Data(line)).cameras
                .first { $0.name == "porch" }?.learning
        }

        @Test func aCameraComesOnlineByItself() async throws {
            try place.configure(Workspace.street(), Self.learner)
            let daemon = try daemon(Self.patient + "\ncp \"$model\" \"$out\"\necho '{\"phase\":\"done\"}'\n")
            defer { daemon.kill() }
            try await daemon.gives("READY=1 while it learns") { systemd.count("READY=1") == 1 }
            try await daemon.gives("its progress") { try learning()?.done == 0.5 }
            let table = try await place.zanzo("status", "--socket", place.socket)
            #expect(
                table.output.contains("porch               learning  recording 30 min of 60 min\n"), "\(table.output)")
            try await daemon.gives("the other camera is up") {
                systemd.messages.contains { $0.hasPrefix("STATUS=1/2 cameras up, 1 learning, ") }
            }
            let environment = lines("environment")
            #expect(environment.contains("CREDENTIALS_DIRECTORY=/c"))
            #expect(!environment.contains { $0.hasPrefix("NOTIFY_SOCKET") || $0.hasPrefix("WATCHDOG") })
            let last = try place.journal().last?.number ?? 0
            try place.write("go", "")
            try await daemon.gives("it is online") {
                try place.journal().contains { $0.eventType == .cameraOnline && $0.data.camera == "porch" }
            }
            let told = try place.journal().filter { $0.number > last && $0.data.camera == "porch" }
            #expect(told.first?.eventType == .modelLoaded && told.first?.data.threshold != nil)
            #expect(access(place.path + "/porch.safetensors", R_OK) == 0)
            try await daemon.gives("both are up") {
                systemd.messages.contains { $0.hasPrefix("STATUS=2/2 cameras up, ") }
            }
            daemon.send(SIGTERM)
            #expect(try await daemon.end() == .exit(0))
            #expect(lines("starts").count == 1)
            #expect(isGapless(try place.journal()))
        }

        /// All of it with the real trainer, on a network and for a number of steps that take no time.
        @Test func aRealTrainingBringsTheCameraOnline() async throws {
            let topology = Topology(size: 16, widths: [2, 2, 4, 4, 4], latent: 4, hidden: 6)
            try place.write("topology.json", topology.json)
            try place.configure(
                #"porch: {source: "synthetic:street?rate=15&size=64x64&realtime=no", model: porch.safetensors, "#
                    + "learn: {for: 5m}}")
            let daemon = try daemon(
                """
                for word do
                    shift
                    case $before in --minutes) text=60 ;; *) text=$word ;; esac
                    [ "$word" = --minutes ] && text=--iterations
                    set -- "$@" "$text"
                    before=$word
                done

                """
                    + "exec '\(try DemoSetup.besideThisProgram("zanzo"))' \"$@\" --topology \"$place/topology.json\"\n")
            defer { daemon.kill() }
            try await daemon.gives("it is online") {
                // Read, as systemd does: its queue is short, and who notifies waits for room in it.
                _ = systemd.messages
                return try place.journal().contains { $0.eventType == .cameraOnline && $0.data.camera == "porch" }
            }
            #expect(try place.journal().first { $0.eventType == .modelLoaded }?.data.threshold != nil)
            let model = try Model(path: place.path + "/porch.safetensors")
            #expect(model.topology == topology)
            // By this name a later daemon knows that a finished training is this camera's.
            let camera = try Configuration.load(path: place.configuration).cameras[0]
            #expect(model.trainingSummary?.sources == ["\(camera.source)"])
            for phase in ["recording", "training", "has learned its model"] {
                #expect(daemon.errors.text.contains("camera porch: \(phase)"), "\(daemon.errors.text)")
            }
            let left = try FileManager.default.subpathsOfDirectory(atPath: place.path + "/porch.learning")
            #expect(left.contains("model.training/report.png") && !left.contains { $0.hasSuffix(".frames") })
            _ = systemd.messages
            daemon.send(SIGTERM)
            #expect(try await daemon.end() == .exit(0))
        }

        @Test(arguments: [SIGTERM, SIGINT]) func aStopEndsTheTrainingFirst(_ signal: Int32) async throws {
            try place.configure(Self.learner)
            let daemon = try daemon(Self.patient)
            defer { daemon.kill() }
            try await daemon.gives("its progress") {
                access(place.socket, F_OK) == 0 ? (try? learning())?.done == 0.5 : false
            }
            daemon.send(signal)
            #expect(try await daemon.end() == .exit(0))
            #expect(lines("ends") == lines("starts") && lines("ends").count == 1)
            #expect(lines("starts").allSatisfy { !isAlive($0) })
        }

        @Test func aKilledDaemonLeavesNoTraining() async throws {
            try place.configure(Self.learner)
            let daemon = try daemon(Self.patient)
            defer { daemon.kill() }
            try await daemon.gives("its progress") {
                access(place.socket, F_OK) == 0 ? (try? learning())?.done == 0.5 : false
            }
            daemon.kill()
            try await eventually("the training is told to end, and does") {
                lines("ends") == lines("starts") && lines("starts").allSatisfy { !isAlive($0) }
            }
        }

        @Test func aReloadWithoutTheCameraEndsItsTraining() async throws {
            try place.configure(Workspace.street(), Self.learner)
            let daemon = try daemon(Self.patient)
            defer { daemon.kill() }
            try await daemon.gives("its progress") {
                access(place.socket, F_OK) == 0 ? (try? learning())?.done == 0.5 : false
            }
            try place.configure(Workspace.street())
            daemon.send(SIGHUP)
            try await daemon.gives("the training's end") { lines("ends").count == 1 }
            try await daemon.gives("config.reloaded") {
                try place.journal().contains { $0.data.message == "changed: porch" }
            }
            #expect(try learning() == nil)
        }

        @Test func aTrainingThatFailsIsTriedAgainAndShown() async throws {
            try place.configure(Self.learner)
            let daemon = try daemon("echo 'too dark to see' >&2; exit 4")
            defer { daemon.kill() }
            try await daemon.gives("a second try") {
                guard access(place.socket, F_OK) == 0, let status = try learning() else { return false }
                return status.attempts >= 2 && status.problem != nil
            }
            let table = try await place.zanzo("status", "--socket", place.socket)
            #expect(
                table.output.contains(
                    "porch               learning  learning failed: zanzo train ended with status 4: too dark"),
                "\(table.output)")
            #expect(
                daemon.errors.text.components(of: "learning failed: zanzo train ended with status 4: too dark to see")
                    == 1)
            daemon.send(SIGTERM)
            #expect(try await daemon.end() == .exit(0))
        }
    }
}
