public import Capture
import Glibc
import Video

/// Where a demonstration keeps its things, and the configuration that it runs the real daemon with.
public struct DemoSetup: Sendable {
    /// The synthetic camera's name.
    public static let camera = "street"
    /// Frames a second, drawn and scored.
    public static let rate = 15.0

    /// Pictures, journal and configuration.
    public let directory: String
    /// The socket: in a folder of its own under the temporary directory, because its path may have 107 bytes only.
    public let socket: String
    /// The model.
    public let model: String
    /// The scene's seed.
    public let seed: UInt64
    /// Whether the script starts anew at its end, for ever.
    public let loops: Bool

    /// A demonstration in `directory`, which is made where it is missing.
    public init(directory: String, model: String?, seed: UInt64, loops: Bool) throws(StartError) {
        guard let model = model ?? Self.shippedModel() else {
            throw StartError(
                message: "the demo's model, demo.safetensors, lies in none of \(Self.places().joined(separator: ", "))")
        }
        var template = Array("/tmp/zanzo-demo.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw StartError(
                message: "/tmp: \(errorText(errno)): the demo needs a folder there for its socket")
        }
        let runtime = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard mkdir(directory, 0o755) == 0 || errno == EEXIST, let real = realpath(directory, nil) else {
            throw StartError(message: "\(directory): \(errorText(errno))")
        }
        defer { free(real) }
        self.directory = String(cString: real)
        socket = runtime + "/events.sock"
        self.model = model
        self.seed = seed
        self.loops = loops
    }

    /// The script's length: when a demonstration that does not loop is over.
    public var length: Duration { SyntheticScript.demoLength }

    /// What was staged, in order.
    public var anomalies: [SyntheticAnomaly] { SyntheticScript.demo.anomalies }

    /// Writes the configuration; returns its path.
    public func writeConfiguration() throws(StartError) -> String {
        let length = loops ? "loop=yes" : "length=\(Int(self.length.seconds))"
        let text = """
            # The configuration of a demonstration: the real daemon on the synthetic camera.
            state_directory: \(directory)
            events:
              socket: \(socket)
              file: \(directory)/events.jsonl
            snapshots:
              directory: \(directory)
              min_free: 100MiB
              every: 30s
            cameras:
              \(Self.camera):
                source: "synthetic:street?seed=\(seed)&rate=15&size=640x480&script=demo&\(length)&realtime=yes"
                model: \(model)
                rate: \(Self.rate)

            """
        let path = directory + "/zanzo.yaml"
        guard let file = fopen(path, "w") else {
            throw StartError(message: "\(path): \(errorText(errno))")
        }
        defer { fclose(file) }
        guard fputs(text, file) >= 0 else { throw StartError(message: "\(path): \(errorText(errno))") }
        return path
    }

    /// Takes the socket's folder away again, when the daemon has ended.
    public func removeSocketFolder() {
        for path in [socket, socket + ".lock"] { unlink(path) }
        rmdir(String(socket.dropLast("/events.sock".count)))
    }

    /// `demo.safetensors` as installed (`PREFIX/share/zanzo`), or as it lies in the source tree.
    static func shippedModel() -> String? { places().first { access($0, R_OK) == 0 } }

    /// The program called `name` in the folder of the running one.
    public static func besideThisProgram(_ name: String) throws(StartError) -> String {
        guard let own = ownPath, let slash = own.lastIndex(of: "/") else {
            throw StartError(message: "/proc/self/exe can't be read: name the daemon with --zanzod")
        }
        let path = own[...slash] + name
        guard access(String(path), X_OK) == 0 else {
            throw StartError(message: "\(path): \(errorText(errno)): name the daemon with --zanzod")
        }
        return String(path)
    }

    /// The running program's path.
    static var ownPath: String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        guard count > 0 else { return nil }
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func places() -> [String] {
        guard var folder = ownPath else { return [] }
        var places: [String] = []
        // PREFIX/bin/zanzo, or SOURCE/.build/TRIPLE/release/zanzo
        for _ in 0..<5 {
            guard let slash = folder.lastIndex(of: "/") else { break }
            folder = String(folder[..<slash])
            places.append(folder + "/share/zanzo/demo.safetensors")
            places.append(folder + "/config/demo.safetensors")
        }
        return places
    }
}
