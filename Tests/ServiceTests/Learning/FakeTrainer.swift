import FoundationEssentials
import Glibc
import Testing
import Video

@testable import Service

/// A program in `zanzo train`'s place: a shell script that does what a test wants of it.
///
/// Before the body it reads the source, and appends its process number to `starts` in the test's folder. The body finds the
/// folder in `$folder`, the model to write in `$out`, a calibrated model in `$model`, and what it was told in `$line`.
struct FakeTrainer {
    let folder: String
    var path: String { folder + "/zanzo" }

    init(in folder: String, _ body: String) throws {
        self.folder = folder
        let script = """
            #!/bin/sh
            folder='\(folder)'
            model='\(DaemonFixture.model)'
            line="$*"
            while [ $# -gt 0 ]; do
                [ "$1" = --out ] && out=$2
                shift
            done
            read -r source
            echo $$ >>"$folder/starts"
            \(body)

            """
        try Data(script.utf8).write(to: URL(filePath: path))
        try #require(chmod(path, 0o755) == 0)
    }

    /// The process numbers of each start so far.
    var starts: [pid_t] { lines("starts").compactMap { pid_t($0) } }

    /// The lines of a file that the script wrote.
    func lines(_ name: String) -> [String] {
        let bytes = FileManager.default.contents(atPath: folder + "/" + name).map { Array($0) } ?? []
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// Whether a process of that number is there and not a corpse.
    static func isAlive(_ process: pid_t) -> Bool {
        guard let bytes = FileManager.default.contents(atPath: "/proc/\(process)/stat") else { return false }
        return !String(decoding: Array(bytes), as: UTF8.self).contains(") Z ")
    }

    /// A script's lines that run until SIGTERM, and then say so in the file `ends`.
    static let untilTold = """
        trap 'echo $$ >>"$folder/ends"; exit 0' TERM
        echo '{"phase":"recording","done":0.25}'
        while :; do sleep 0.02; done
        """

    /// A script's lines that leave a good model.
    static let well = """
        echo '{"phase":"recording","done":1}'
        echo '{"phase":"training","done":0.5,"loss":0.002,"seconds_left":60}'
        : >"${out%/*}/frames"
        : >"${out%/*}/report.png"
        cp "$model" "$out"
        echo '{"phase":"done"}'
        """
}

extension DaemonFixture {
    /// A camera that is to learn its model, which lies in the fixture's folder.
    func learner(_ name: String = "street", seconds: Double = 2) -> CameraConfiguration {
        var camera = Self.camera(name, seconds: seconds)
        camera.model = "\(folder)/\(name)/model.safetensors"
        camera.learn.recordFor = .seconds(3600)
        return camera
    }
}

/// Looks every few milliseconds until `isThere`, for a minute at most: another process is at work, and may never get there.
func comes(
    _ what: String, _ location: SourceLocation = #_sourceLocation, _ isThere: () throws -> Bool
) async throws {
    let deadline = SystemTime().now() + .seconds(60)
    while try !isThere() {
        guard SystemTime().now() < deadline else {
            Issue.record("\(what): not in a minute", sourceLocation: location)
            throw CancellationError()
        }
        try await Task.sleep(for: .milliseconds(5))
    }
}

extension Daemon {
    /// Ticks until `look` gives something of the status.
    @discardableResult
    func shows<T: Sendable>(
        _ what: String, _ location: SourceLocation = #_sourceLocation, _ look: @Sendable (DaemonStatus) -> T?
    ) async throws -> T {
        let deadline = SystemTime().now() + .seconds(60)
        while SystemTime().now() < deadline {
            tick()
            if let found = look(status) { return found }
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record("\(what): not in a minute; \(status.cameras)", sourceLocation: location)
        throw CancellationError()
    }
}
