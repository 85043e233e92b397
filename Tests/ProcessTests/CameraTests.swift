import FoundationEssentials
import Glibc
import Pictures
import Publish
import Testing

@testable import Service

extension ProcessTests {
    /// Sources of every size, and files that are none: what `zanzo replay` says of them, and that a daemon bears them.
    @Suite struct CameraTests {
        let place: Workspace

        init() throws { place = try Workspace() }

        /// A source that is laid into the test's folder.
        struct Source: Sendable, CustomTestStringConvertible {
            let testDescription: String
            /// Its path in the folder, or a `synthetic:` address.
            let name: String
            /// What the line about it must say; empty where frames come.
            let words: [String]
            let make: @Sendable (Workspace) throws -> Void

            init(
                _ description: String, _ name: String, _ words: String...,
                make: @escaping @Sendable (Workspace) throws -> Void = { _ in }
            ) {
                (testDescription, self.name, self.words, self.make) = (description, name, words, make)
            }

            func specification(in place: Workspace) throws -> String {
                try make(place)
                return name.hasPrefix("synthetic:") ? name : place.path + "/" + name
            }
        }

        private static func picture(_ name: String, _ width: Int, _ height: Int) -> @Sendable (Workspace) throws -> Void
        {
            { place in
                if let slash = name.lastIndex(of: "/") { _ = try place.makeFolder(String(name[..<slash])) }
                try place.write(name, try PNG.encode(Canvas(width: width, height: height)))
            }
        }

        static let bad: [Source] = [
            Source("a video of no bytes", "empty.mp4", "empty.mp4", "the file is empty (0 bytes)") {
                try $0.write("empty.mp4", "")
            },
            Source("a text called a video", "text.mp4", "text.mp4", "it is not a video that can be read") {
                try $0.write("text.mp4", String(repeating: "this is not a video\n", count: 500))
            },
            Source("a picture of no bytes", "empty.png", "empty.png", "empty") { try $0.write("empty.png", "") },
            Source(
                "a strip of no whole frames", "wide.png", "100x64 is not a strip of square frames",
                make: picture("wide.png", 100, 64)),
            Source("a strip of one frame", "square.png", "64x64 is not a strip", make: picture("square.png", 64, 64)),
            Source("a strip on its side", "tall.png", "64x256 is not a strip", make: picture("tall.png", 64, 256)),
            Source("a folder without a picture", "folder/", "folder/", "no .png") { _ = try $0.makeFolder("folder") },
            Source("a file that is not there", "gone.mp4", "gone.mp4", "there is no such file"),
        ]

        static let good: [Source] = [
            Source("1x1", "synthetic:street?size=1x1&length=1"),
            Source("1x480", "synthetic:street?size=1x480&length=1"),
            Source("a strip of 1x1", "tiny.png", make: picture("tiny.png", 2, 1)),
            Source("8K", "wide/", make: picture("wide/1.png", 7680, 4320)),
        ]

        @Test(arguments: bad) func replayRefuses(_ source: Source) async throws {
            let replay = try await place.zanzo(
                "replay", try source.specification(in: place), "--model", Workspace.model)
            #expect(replay.ending == .exit(1) && replay.output.isEmpty)
            #expect(replay.errors.components(of: "\n") == 1, "\(replay.errors)")
            for word in source.words { #expect(replay.errors.contains(word), "\(replay.errors)") }
        }

        @Test(arguments: good) func replayPlays(_ source: Source) async throws {
            let replay = try await place.zanzo(
                "replay", try source.specification(in: place), "--model", Workspace.model, "--json")
            #expect(replay.ending == .exit(0), "\(replay.errors)")
            let summary = try JSONDecoder().decode(Replay.Summary.self, from: Data(replay.output.utf8))
            #expect(summary.frames > 0 && summary.meanRaw.isFinite)
        }

        /// Every source at once, and a street beside them that nothing of it touches.
        @Test func aDaemonBearsThemAll() async throws {
            let bad = Self.bad.enumerated().map { ("bad\($0.offset)", $0.element) }
            let good = Self.good.enumerated().map { ("good\($0.offset)", $0.element) }
            let cameras = try (bad + good).map { name, source in
                "\(name): {source: \"\(try source.specification(in: place))\"}"
            }
            try place.configure(([Workspace.street()] + cameras).joined(separator: "\n  "))
            let daemon = try place.daemon()
            defer { daemon.kill() }
            let names = (bad + good).map(\.0)
            // A file that was played to its end is told with the same event.
            let offline = try await daemon.gives("every camera but the street is offline") { () -> [EventLine]? in
                let events = try place.journal().filter { $0.eventType == .cameraOffline }
                return Set(events.compactMap(\.data.camera)).isSuperset(of: names) ? events : nil
            }
            for (name, source) in bad {
                let told = offline.filter { $0.data.camera == name }
                #expect(told.count == 1, "\(name) was told \(told.count) times")
                let reason = told.first?.data.reason ?? ""
                for word in source.words { #expect(reason.contains(word), "\(name): \(reason)") }
            }
            for (name, _) in good {
                #expect(offline.first { $0.data.camera == name }?.data.reason == "end of file")
            }
            try await daemon.gives("the street goes on") {
                let line = try EventClient.status(path: place.socket, timeout: patience)
                let status = try JSONDecoder().decode(DaemonStatus.self, from: Data(line))
                let street = status.cameras.first { $0.name == "street" }
                return street?.state == "online" && (street?.frames["scored"] ?? 0) > 5
            }
            daemon.send(SIGTERM)
            #expect(try await daemon.end() == .exit(0))
            #expect(isGapless(try place.journal()))
        }
    }
}
