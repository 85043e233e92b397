import FoundationEssentials
import Glibc
import Publish
import Testing

@testable import Service

/// A folder for one test, gone with it: configuration, socket, journal and pictures of a daemon that runs as a process.
final class Workspace {
    let path: String

    /// The model that the package ships.
    static let model: String = {
        let package = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        return "/\(package)/config/demo.safetensors"
    }()

    init() throws {
        // Short: a socket lies in it. Under /tmp and not elsewhere, because the tests for unprivileged users read it.
        var template = Array("/tmp/zanzo-proc.XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var socket: String { path + "/s" }
    var journalPath: String { path + "/log/events.jsonl" }
    var configuration: String { path + "/zanzo.yaml" }

    @discardableResult
    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        try Data(bytes).write(to: URL(filePath: path + "/" + name))
        return path + "/" + name
    }

    @discardableResult
    func write(_ name: String, _ text: String) throws -> String { try write(name, Array(text.utf8)) }

    func makeFolder(_ name: String) throws -> String {
        try FileManager.default.createDirectory(atPath: path + "/" + name, withIntermediateDirectories: true)
        return path + "/" + name
    }

    /// Camera lines for `configure`: a small synthetic street in real time.
    ///
    /// Where it is `restless`, its alarm line is so low that an event begins with the first frames and never ends.
    static func street(_ name: String = "street", isRestless: Bool = false) -> String {
        let threshold = isRestless ? ", threshold: 0.000000001" : ""
        return #"\#(name): {source: "synthetic:street?seed=7&rate=15&size=64x64&realtime=yes"\#(threshold)}"#
    }

    /// Writes the configuration of a daemon with these cameras; returns its text, for tests that spoil it.
    @discardableResult
    func configure(
        _ cameras: String..., state: String? = nil, socket: String? = nil, journal: String? = nil, model: String? = nil,
        name: String = "zanzo.yaml"
    ) throws -> String {
        let text = """
            host: test
            workers: 1
            state_directory: \(state ?? path + "/state")
            events:
              socket: \(socket ?? self.socket)
              file: \(journal ?? journalPath)
            snapshots: {min_free: 0B, every: off}
            camera_defaults:
              model: \(model ?? Self.model)
              rate: 15
              latest_every: off
              detector: {warm_up_frames: 0, warm_up_time: 0s, max_updates: 0}
            cameras:
              \(cameras.joined(separator: "\n  "))

            """
        try write(name, text)
        return text
    }

    /// Starts the daemon. `wrapper` is a command line that is to start it, such as `sh -c 'exec "$@"' sh`.
    func daemon(
        _ wrapper: [String] = [], configuration: String? = nil, environment: [String: String] = [:],
        descriptor: Int32? = nil
    ) throws -> Program {
        let line =
            wrapper + [try DemoSetup.besideThisProgram("zanzod"), "--config", configuration ?? self.configuration]
        return try Program(line[0], Array(line.dropFirst()), environment: environment, descriptor: descriptor)
    }

    /// Starts `zanzo`.
    func zanzoProcess(_ arguments: [String]) throws -> Program {
        try Program(try DemoSetup.besideThisProgram("zanzo"), arguments)
    }

    /// Runs `zanzo` to its end.
    func zanzo(_ arguments: String..., location: SourceLocation = #_sourceLocation) async throws -> (
        ending: Ending, output: String, errors: String
    ) {
        let program = try zanzoProcess(arguments)
        defer { program.kill() }
        let ending = try await program.end(location)
        return (ending, program.output.text, program.errors.text)
    }

    /// The journal's whole lines so far.
    func journal(_ path: String? = nil) throws -> [EventLine] {
        let bytes = FileManager.default.contents(atPath: path ?? journalPath).map { Array($0) } ?? []
        guard let end = bytes.lastIndex(of: 0x0A) else { return [] }
        return try bytes[..<end].split(separator: 0x0A).map { line in
            try #require(EventLine(Array(line)), "no event: \(String(decoding: line, as: UTF8.self))")
        }
    }

    /// Whether the journal has an event of this type.
    func hasTold(_ type: EventType, after sequence: UInt64 = 0) throws -> Bool {
        try journal().contains { $0.eventType == type && $0.number > sequence }
    }

    /// A daemon that has told all that is `wanted` of it: an event that runs, by default.
    func runningDaemon(
        _ wrapper: [String] = [], told type: EventType = .anomalyStart, environment: [String: String] = [:],
        location: SourceLocation = #_sourceLocation
    ) async throws -> Program {
        let last = try journal().last?.number ?? 0
        let daemon = try daemon(wrapper, environment: environment)
        try await daemon.gives("\(type) in the journal", location) { try hasTold(type, after: last) }
        return daemon
    }
}

extension EventLine {
    /// The sequence as a number.
    var number: UInt64 { UInt64(sequence) ?? 0 }
}

/// Whether the numbers of these events go up one by one.
func isGapless(_ events: [EventLine]) -> Bool {
    zip(events, events.dropFirst()).allSatisfy { $0.number + 1 == $1.number }
}

/// Every test that starts real processes, one after the other: two cores do not run ten daemons at once in good time.
@Suite(.serialized) enum ProcessTests {}
