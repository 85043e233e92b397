import Anomaly
import Capture
import FoundationEssentials
import Glibc
import Logging
import Publish
import Synchronization
import Testing
import Video

@testable import Service

/// A whole daemon in the test's own process: the shipped demo model, the synthetic camera as fast as it goes, a
/// simulated clock, and files in a folder of its own under the temporary directory.
struct DaemonFixture: ~Copyable {
    let folder: String
    var configuration: Configuration
    let time = SimulatedTime()

    /// The model that the package ships.
    static let model: String = {
        let package = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        return "/\(package)/config/demo.safetensors"
    }()

    init() throws {
        var template = Array("/tmp/zanzo-test.XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        configuration = Configuration()
        configuration.configuredHost = "test"
        configuration.workers = 1
        configuration.stateDirectory = folder
        configuration.events.socket = folder + "/s"
        configuration.events.file = folder + "/events.jsonl"
        configuration.snapshots.minimumFree = 0
        configuration.snapshots.every = nil
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// A synthetic camera at 15 frames a second for `seconds`, of the scene that the demo model knows.
    static func camera(
        _ name: String = "street", seconds: Double, script: SyntheticScript = .normal, faults: [SyntheticFault] = [],
        frozenAfter: Duration = .seconds(10)
    ) -> CameraConfiguration {
        var settings = SyntheticSettings()
        settings.seed = 7
        settings.script = script
        settings.faults = faults
        settings.length = Duration(seconds: seconds)
        var options = SourceOptions()
        options.rate = 15
        options.size = FrameSize(width: 640, height: 480)
        var camera = CameraConfiguration(
            name: name, source: SourceSpecification(kind: .synthetic(settings), options: options), model: model)
        camera.rate = 15
        camera.frozenAfter = frozenAfter
        camera.snapshotEvery = nil
        return camera
    }

    /// A daemon whose log goes nowhere, or to `log`; `trainer` is the program that trains for its cameras.
    func daemon(trainer: String? = nil, log: LogLines? = nil) -> Daemon {
        var environment = DaemonEnvironment(
            time: time, log: Logger(label: "test") { _ in log.map(\.handler) ?? SwiftLogNoOpLogHandler() })
        environment.trainer = trainer
        return Daemon(configuration, environment)
    }

    /// Starts a daemon, waits until every camera has come to its end, and stops it.
    func runToTheEnd() async throws {
        let daemon = daemon()
        try await daemon.start()
        try await comes("every camera's end") { await daemon.hasEnded }
        await daemon.stop()
    }

    /// The journal's lines, in order.
    func journal() throws -> [JournalLine] {
        let text = try String(contentsOfFile: folder + "/events.jsonl", encoding: .utf8)
        return try text.split(separator: "\n").map { try JSONDecoder().decode(JournalLine.self, from: Data($0.utf8)) }
    }
}

/// What the tests look at in an event.
struct JournalLine: Decodable {
    struct Payload: Decodable {
        var camera: String?
        var event: String?
        var score: Double?
        var peak: Double?
        var frame: UInt64?
        var error: Double?
        var reason: String?
        var message: String?
        var snapshot: String?
        var picture: String?
        var strip: String?
        var dropped: [String: UInt64]?
    }
    var type: String
    var sequence: String
    var time: String
    var data: Payload

    /// The type's two words: `anomaly.start`.
    var kind: String { type.split(separator: ".").dropFirst(2).prefix(2).joined(separator: ".") }
}

/// What was logged, with its level in front: `warning camera porch: …`.
final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])

    /// The lines so far.
    var all: [String] { lines.withLock { $0 } }

    /// A handler that keeps every line here, whatever its level.
    var handler: any LogHandler { Handler(lines: self) }

    private struct Handler: LogHandler {
        let lines: LogLines
        var logLevel = Logger.Level.trace
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            lines.lines.withLock { $0.append("\(event.level) \(event.message)") }
        }
    }
}

/// Waits until `isTrue`, for two minutes at most: a wait that does not end is a failure, not a hung test run.
func comes(_ what: String, _ isTrue: () async throws -> Bool) async throws {
    let clock = SystemTime()
    let deadline = clock.now() + .seconds(120)
    while try await !isTrue() {
        try #require(clock.now() < deadline, "\(what) has not come in 120 s")
        try await Task.sleep(for: .milliseconds(10))
    }
}
