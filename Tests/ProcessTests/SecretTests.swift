import FoundationEssentials
import Glibc
import Publish
import Testing

@testable import Service

extension ProcessTests {
    /// The real programs with addresses that have a password in them: it stands in nothing that they print or keep.
    @Suite struct SecretTests {
        let place: Workspace

        init() throws { place = try Workspace() }

        /// Nothing listens there. The password is SECRET, or a part of it.
        static let addresses = [
            "rtsp://admin:SECRET@127.0.0.1:1/live", "rtsp://admin:SEC%2FRET%23SECRET@127.0.0.1:1/live",
            "rtsp://127.0.0.1:1/user=admin_password=SECRET_channel=1_stream=0.sdp?real_stream",
            "rtsp://127.0.0.1:1/0/admin:SECRET/main",
            "http://127.0.0.1:1/videostream.cgi?loginuse=admin&loginpas=SECRET",
            "http://127.0.0.1:1/live;jsessionid=SECRET?token=SECRET",
        ]

        static let refused = [
            "rtsp://admin:1234/SECRET@127.0.0.1:1/live", "rtsp://admin:1234#SECRET@127.0.0.1:1/live",
            "rtsp://admin:1234?SECRET@127.0.0.1:1/live", "rtps://admin:SECRET@127.0.0.1/live",
            "RTSP:/admin:SECRET@127.0.0.1", "admin:SECRET@127.0.0.1/live", "127.0.0.1:5554/user=a_password=SECRET",
        ]

        private func isSecret(_ text: String) -> Bool {
            ["SECRET", "SEC%2FRET", "SEC/RET", "1234", "admin"].contains { text.contains($0) }
        }

        /// Whatever a command is called with, and wherever on the line.
        @Test(arguments: addresses + refused) func noCommandRepeatsIt(_ address: String) async throws {
            let out = place.path + "/out"
            let lines = [
                ["doctor", address], ["record", address, "--out", out], ["record", "x.png", "--out", address],
                ["record", "x.png", "--out=\(address)", "--frames=\(address)"],
                ["replay", address, "--model", Workspace.model],
                ["replay", "x.png", "--model", address], ["calibrate", Workspace.model, address, "--frames", "10"],
                ["calibrate", address, address], ["quantize", Workspace.model, address],
                ["train", address, "--record", "1m", "--out", out + "/m"],
                ["train", address, address, "--out", out + "/m"],
                ["train", "x.png", "--out", address], ["train", "x.png", "--out", out, "--record", address],
                ["evaluate", Workspace.model, "--data", address], ["check", address], ["check", "a", address],
                ["status", "--socket", address], ["doctor", "--config", address, address, "--bogus=\(address)"],
                ["doctor", address, "--credentials", address], ["snapshots", "--directory", address],
            ]
            for line in lines {
                let run = try place.zanzoProcess(line)
                defer { run.kill() }
                let ending = try await run.end()
                let said = run.output.text + run.errors.text
                #expect(!isSecret(said), "\(line): \(said)")
                #expect(ending != .exit(0) || line[0] == "snapshots", "\(line)")
            }
            let daemon = try Program(try DemoSetup.besideThisProgram("zanzod"), ["--config", address, address])
            defer { daemon.kill() }
            _ = try await daemon.end()
            #expect(!isSecret(daemon.output.text + daemon.errors.text), "\(daemon.errors.text)")
        }

        /// Cameras that are watched, one that learns by a program of its own, a reload that is refused, the status and the doctor.
        @Test func aDaemonKeepsIt() async throws {
            var cameras = Self.addresses.enumerated().map { #"cam\#($0): {source: "\#($1)"}"# }
            cameras.append(
                #"pupil: {source: "\#(Self.addresses[2])", model: \#(place.path)/state/pupil.safetensors, learn: {for: 1h}}"#
            )
            let text = try place.configure(cameras.joined(separator: "\n  "))
            let daemon = try place.daemon()
            defer { daemon.kill() }
            try await daemon.gives("every camera is told of") {
                try place.journal().count { $0.eventType == .cameraOffline } >= Self.addresses.count
            }
            try await daemon.gives("the training has failed") { daemon.errors.text.contains("learning failed") }
            let commands = Self.children(of: daemon.identifier)
            for mistake in Self.refused {
                try place.write("zanzo.yaml", text.replacing(Self.addresses[0], with: mistake))
                let before = try place.journal().last?.number ?? 0
                daemon.send(SIGHUP)
                try await daemon.gives("refused: \(mistake)") { try place.hasTold(.configRejected, after: before) }
                let check = try await place.zanzo("check", place.configuration)
                #expect(check.ending == .exit(78) && !isSecret(check.errors), "\(check.errors)")
            }
            try place.write("zanzo.yaml", text)
            for line in [
                ["status", "--socket", place.socket], ["status", "--json", "--socket", place.socket],
                ["events", "--after", "0", "--json", "--socket", place.socket], ["check", place.configuration],
                ["doctor", "--config", place.configuration],
            ] {
                let run = try place.zanzoProcess(line)
                defer { run.kill() }
                _ = try await run.end()
                let said = run.output.text + run.errors.text
                #expect(!isSecret(said) && said.contains("cam0"), "\(line): \(said)")
            }
            daemon.send(SIGTERM)
            #expect(try await daemon.end() == .exit(0))
            #expect(!isSecret(daemon.output.text + daemon.errors.text), "\(daemon.errors.text)")
            #expect(!isSecret(commands), "\(commands)")
            for name in try FileManager.default.subpathsOfDirectory(atPath: place.path) where name != "zanzo.yaml" {
                let bytes = FileManager.default.contents(atPath: place.path + "/" + name).map { Array($0) } ?? []
                #expect(!isSecret(name + String(decoding: bytes, as: UTF8.self)), "\(name)")
            }
        }

        /// The command lines of a process's children, as every user of the machine may read them.
        private static func children(of parent: pid_t) -> String {
            (Directory.names(in: "/proc") ?? []).compactMap { pid_t($0) }.map { process in
                let status = (try? BoundedFile.read("/proc/\(process)/status", limit: 1 << 16)) ?? []
                guard String(decoding: status, as: UTF8.self).contains("PPid:\t\(parent)\n") else { return "" }
                let line = (try? BoundedFile.read("/proc/\(process)/cmdline", limit: 1 << 16)) ?? []
                return String(decoding: line, as: UTF8.self)
            }.joined(separator: "\n")
        }
    }
}
