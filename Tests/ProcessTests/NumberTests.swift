import ArgumentParser
import Capture
import FoundationEssentials
import Glibc
import Testing
import Video

@testable import Service
@testable import zanzo

/// Numbers that nobody means and somebody writes, in every place that takes one.
@Suite("No number ends a program by a signal")
struct NumberTests {
    static let numbers = [
        "0", "-0", "-1", "1", "nan", "inf", "-inf", "1e300", "-1e300", "1e-300", "1e-10", "9223372036854775807",
        "-9223372036854775808", "18446744073709551615", "9223372036854775808", "1e19", "0x10", "", " ", "1.5.5", "١",
    ]

    /// A command's options that take a value, as the parser itself lists them.
    static let options: [(command: String, option: String)] = {
        struct Dump: Decodable {
            struct Command: Decodable {
                struct Argument: Decodable {
                    struct Name: Decodable { var kind, name: String }
                    var kind: String
                    var names: [Name]?
                }
                var commandName: String
                var subcommands: [Command]?
                var arguments: [Argument]?
            }
            var command: Command
        }
        guard let dump = try? JSONDecoder().decode(Dump.self, from: Data(Zanzo._dumpHelp().utf8)) else { return [] }
        return (dump.command.subcommands ?? []).flatMap { command in
            (command.arguments ?? []).filter { $0.kind == "option" }.compactMap { argument in
                argument.names?.first { $0.kind == "long" }.map { (command.commandName, "--\($0.name)") }
            }
        }
    }()

    @Test func theParserListsItsOptions() { #expect(Self.options.count > 50) }

    @Test("Every option of every command takes or refuses every number", arguments: numbers)
    func everyOption(_ number: String) {
        for (command, option) in Self.options {
            for arguments in [[command, "a", option, number], [command, "a", option, number, "--out", "x"]] {
                do {
                    _ = try Zanzo.parseAsRoot(arguments)
                } catch {
                    #expect(!Zanzo.fullMessage(for: error).isEmpty, "\(arguments)")
                }
            }
        }
    }

    @Test(
        "A rate that is none is refused with the same words everywhere",
        arguments: ["record", "replay", "train", "calibrate", "quantize", "evaluate"])
    func rates(_ command: String) throws {
        for number in ["0", "-0", "-5", "nan", "inf", "1e-10", "1e300", "1001", ""] {
            let error = #expect(throws: (any Error).self) {
                try Zanzo.parseAsRoot([command, "a", "--out", "x", "--model", "m", "--data", "d", "--rate", number])
            }
            let text = error.map { Zanzo.fullMessage(for: $0) } ?? ""
            let isRefused =
                text.contains(Rate.words) || text.contains("Unknown option") || text.contains("Unexpected argument")
            #expect(isRefused, "\(command) --rate \(number): \(text)")
        }
    }

    @Test("Durations, sizes and rates of the configuration are values or none, never a trap", arguments: numbers)
    func quantities(_ number: String) {
        for unit in ["", "ms", "s", "m", "h", "d", "B", "KiB", "TiB", "/m", "/s"] {
            let text = number + unit
            if let duration = Quantity.duration(text) {
                #expect(duration >= .zero && duration * 3 > duration - .seconds(1))
            }
            if let count = Quantity.byteCount(text) { #expect(count >= 0) }
            if let rate = Quantity.rate(text) { #expect(Rate.range.contains(rate)) }
            _ = (
                Quantity.number(text), Quantity.integer(text), Quantity.frameSize(text + "x" + text),
                Quantity.mode(text)
            )
        }
    }

    @Test("Every key of the configuration takes or refuses every number", arguments: numbers)
    func everyKey(_ number: String) throws {
        let folder = try Folder()
        let keys = [
            "rate", "input_rate", "size", "decoder_threads", "threshold", "timeout", "frozen_after", "latest_every",
            "snapshot_every", "detector: {start_frames", "detector: {release_level", "detector: {merge_gap",
            "detector: {max_length", "detector: {update_every", "detector: {warm_up_time", "learn: {for",
            "learn: {train_for",
        ]
        let whole = [
            "workers", "snapshots: {max_size", "snapshots: {max_age", "snapshots: {min_free", "snapshots: {width",
            "events: {rotate_size", "events: {rotate_age", "events: {rotate_keep", "events: {max_clients",
            "events: {client_queue",
        ]
        func close(_ key: String) -> String { key.contains("{") ? "}" : "" }
        for key in keys {
            try folder.write(
                "zanzo.yaml",
                "cameras:\n  a:\n    source: a.mp4\n    model: b\n    \(key): \"\(number)\"\(close(key))\n")
            check(folder.path + "/zanzo.yaml")
        }
        for key in whole {
            try folder.write("zanzo.yaml", "\(key): \"\(number)\"\(close(key))\ncameras: {}\n")
            check(folder.path + "/zanzo.yaml")
        }
    }

    /// A folder of the test's own.
    private final class Folder {
        let path: String
        init() throws {
            var template = Array("/tmp/zanzo-numbers-XXXXXX".utf8CString)
            try #require(mkdtemp(&template) != nil)
            path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        deinit { try? FileManager.default.removeItem(atPath: path) }
        func write(_ name: String, _ text: String) throws {
            try Data(text.utf8).write(to: URL(filePath: path + "/" + name))
        }
    }

    private func check(_ path: String) {
        do {
            let configuration = try Configuration.load(path: path)
            // What is taken can be used: these are computed from it at every start.
            _ = (configuration.journalSettings, configuration.snapshotStoreSettings)
        } catch {
            #expect(!"\(error)".isEmpty)
        }
    }

    @Test("A source's own numbers too", arguments: numbers)
    func sources(_ number: String) {
        for key in ["rate", "size", "seed", "length", "noise", "loop", "realtime"] {
            for text in ["synthetic:street?\(key)=\(number)", "synthetic:street?\(key)=\(number)x\(number)"] {
                _ = try? SourceSpecification(parsing: text)
            }
        }
    }
}
