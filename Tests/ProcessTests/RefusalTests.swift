import FoundationEssentials
import Glibc
import Testing

@testable import Service

extension ProcessTests {
    /// What a daemon can't start with: one clear line, and an exit status that tells systemd whether to try again.
    @Suite struct RefusalTests {
        let place: Workspace

        init() throws { place = try Workspace() }

        struct Mistake: Sendable, CustomTestStringConvertible {
            let testDescription: String
            let old: String
            let new: String
            /// What the line must say.
            let words: [String]

            init(_ description: String, _ old: String, _ new: String, _ words: String...) {
                (testDescription, self.old, self.new, self.words) = (description, old, new, words)
            }
        }

        @Test(arguments: [
            Mistake("a misspelt key", "workers:", "wokers:", ":2: wokers: unknown key; did you mean workers?"),
            Mistake("a bad value", "workers: 1", "workers: many", ":2: workers:", "whole number"),
            Mistake("a tab", "workers: 1", "workers:\t1\n\tx: 2", "zanzo.yaml:3:"),
            Mistake(
                "a camera's key misspelt", "latest_every", "latest_evry",
                "latest_evry: unknown key; did you mean latest_every?"),
            Mistake("a camera of no size", "size=64x64", "size=0x0", "cameras.street.source", "size=0x0"),
            Mistake(
                "a socket path too long", "/s\n", "/" + String(repeating: "s", count: 108) + "\n",
                ":5: events.socket:", "107"),
        ])
        func aBadConfiguration(_ mistake: Mistake) async throws {
            let text = try place.configure(Workspace.street())
            try place.write("zanzo.yaml", text.replacing(mistake.old, with: mistake.new))
            try await refuses(status: 78, mistake.words)
            // `zanzo check` says the same before anybody restarts anything.
            let check = try await place.zanzo("check", place.configuration)
            #expect(check.ending == .exit(78))
            #expect(mistake.words.allSatisfy(check.errors.contains), "\(check.errors)")
        }

        @Test func noConfiguration() async throws {
            try await refuses(status: 78, [place.configuration, "No such file"])
        }

        struct Spoiled: Sendable, CustomTestStringConvertible {
            let testDescription: String
            let spoil: @Sendable (inout [UInt8]) -> Void
            let words: [String]

            init(_ description: String, _ words: String..., spoil: @escaping @Sendable (inout [UInt8]) -> Void) {
                (testDescription, self.words, self.spoil) = (description, words, spoil)
            }
        }

        @Test(arguments: [
            Spoiled("empty", "empty") { $0 = [] },
            Spoiled("no model", "header") { $0 = Array("this is no model, it is a text".utf8) },
            Spoiled("cut short in its header", "cut short") { $0 = Array($0.prefix(1000)) },
            Spoiled("cut short in its weights", "tensor", "cut short") { $0 = Array($0.dropLast(1000)) },
            Spoiled("a header longer than the file", "header of") { $0[4] = 1 },
            Spoiled("another type than it says", "tensor", "F64") { bytes in
                guard let place = bytes.firstRange(of: "F32".utf8) else { return }
                bytes.replaceSubrange(place, with: "F64".utf8)
            },
            Spoiled("a weight that is not a number", "tensor", "NaN") { bytes in
                // The first weight: safetensors begin with their header's length in eight bytes, then the header.
                let header = bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
                let offsets = "\"encoder.0.weight\":{\"dtype\":\"F32\"".utf8
                guard let at = bytes.firstRange(of: offsets),
                    let list = bytes[at.upperBound...].firstRange(of: "offsets\":[".utf8)
                else { return }
                let first = bytes[list.upperBound...].prefix { $0 != UInt8(ascii: ",") }.reduce(0) {
                    $0 * 10 + Int($1) - 48
                }
                bytes.replaceSubrange(8 + header + first..<12 + header + first, with: [0, 0, 0xC0, 0x7F])
            },
        ])
        func aBadModel(_ spoiled: Spoiled) async throws {
            var bytes = Array(try Data(contentsOf: URL(filePath: Workspace.model)))
            spoiled.spoil(&bytes)
            let model = try place.write("spoiled.safetensors", bytes)
            try place.configure(Workspace.street(), model: model)
            try await refuses(status: 78, ["camera street: \(model): "] + spoiled.words)
        }

        @Test func noModel() async throws {
            try place.configure(Workspace.street(), model: place.path + "/none.safetensors")
            try await refuses(status: 78, ["none.safetensors", "No such file", "train one"])
            let check = try await place.zanzo("check", place.configuration)
            #expect(check.ending == .exit(78) && check.errors.contains("none.safetensors"), "\(check.errors)")
        }

        /// The daemon would start and try again for ever; who asks before is told.
        @Test func checkWarnsOfCredentialsThatAreNotThere() async throws {
            try place.configure(Workspace.street().dropLast() + ", credentials: \(place.path)/none}")
            let check = try await place.zanzo("check", place.configuration)
            #expect(check.ending == .exit(0) && check.output.contains("good; 1 camera"), "\(check.errors)")
            #expect(check.errors.contains("warning: camera street: credentials \(place.path)/none"), "\(check.errors)")
        }

        /// Root writes where the mode says no, unless it gives that up.
        private static let humble =
            geteuid() == 0 ? ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] : []

        @Test(arguments: ["state", "log"]) func aFolderThatMayNotBeWritten(_ name: String) async throws {
            let folder = try place.makeFolder(name)
            #expect(chmod(folder, 0o555) == 0)
            try place.configure(Workspace.street())
            try await refuses(status: 1, [folder, "Permission denied", "needs to write there"], by: Self.humble)
        }

        @Test(arguments: ["state", "log"]) func aFileInPlaceOfAFolder(_ name: String) async throws {
            let file = try place.write(name, "a file")
            try place.configure(Workspace.street())
            try await refuses(status: 1, [file, "Not a directory", "move it away"])
        }

        @Test(.enabled(if: Mounting.isPossible, Mounting.reason))
        func aReadOnlyStateDirectory() async throws {
            let folder = try place.makeFolder("state")
            try place.configure(Workspace.street())
            let wrapper = Mounting.wrapper(#"mount --bind "$0" "$0" && mount -o remount,ro,bind "$0""#, folder)
            try await refuses(status: 1, [folder, "Read-only file system", "remount it writable"], by: wrapper)
        }

        @Test func somethingElseWhereTheSocketBelongs() async throws {
            let file = try place.write("s", "precious")
            try place.configure(Workspace.street())
            try await refuses(status: 78, [file, "no socket", "move it away"])
            #expect(try String(contentsOfFile: file, encoding: .utf8) == "precious")
        }

        /// The daemon ends with `status` and one line that has all of `words`, and leaves no socket.
        private func refuses(
            status: Int32, _ words: [String], by wrapper: [String] = [], _ location: SourceLocation = #_sourceLocation
        ) async throws {
            let daemon = try place.daemon(wrapper)
            defer { daemon.kill() }
            let ending = try await daemon.end(location)
            let text = daemon.errors.text
            #expect(ending == .exit(status), "\(text)", sourceLocation: location)
            #expect(daemon.errors.lines.count == 1 && text.hasSuffix("\n"), "\(text)", sourceLocation: location)
            for word in words { #expect(text.contains(word), sourceLocation: location) }
        }
    }
}
