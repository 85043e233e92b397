import Glibc
import Synchronization
import Testing

@testable import Capture

/// A TCP port on 127.0.0.1 that answers every connection with the same bytes, on a thread of its own.
final class CannedServer: Sendable {
    let port: UInt16
    private let listener: Int32
    private let isOver = Atomic(false)

    /// Answers with `reply` after the request's blank line and closes; nil: stays silent and keeps the connection.
    init(reply: [UInt8]?) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.listener = listener
        port = try Loopback.bind(listener)
        guard listen(listener, 8) == 0 else { throw TestFailure("listen: errno \(errno)") }
        var thread = pthread_t()
        let context = Unmanaged.passRetained(Serving(listener: listener, reply: reply)).toOpaque()
        pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Serving>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, context)
        pthread_detach(thread)
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    private final class Serving: Sendable {
        let listener: Int32
        let reply: [UInt8]?
        init(listener: Int32, reply: [UInt8]?) { (self.listener, self.reply) = (listener, reply) }

        func run() {
            var open: [Int32] = []
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { break }
                guard let reply else {
                    open.append(connection)
                    continue
                }
                var (request, buffer) = ([UInt8](), [UInt8](repeating: 0, count: 4096))
                while !String(decoding: request, as: UTF8.self).contains("\r\n\r\n") {
                    let count = recv(connection, &buffer, buffer.count, 0)
                    guard count > 0 else { break }
                    request += buffer[..<count]
                }
                var sent = 0
                while sent < reply.count {
                    let count = reply[sent...].withUnsafeBytes {
                        send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                    }
                    guard count > 0 else { break }
                    sent += count
                }
                shutdown(connection, Int32(SHUT_WR))
                close(connection)
            }
            open.forEach { _ = close($0) }
            _ = close(listener)
        }
    }
}

enum Loopback {
    /// Binds to a free port of 127.0.0.1.
    static func bind(_ descriptor: Int32) throws -> UInt16 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(descriptor, $0, length) == 0 ? getsockname(descriptor, $0, &length) : -1
            }
        }
        guard code == 0 else { throw TestFailure("bind: errno \(errno)") }
        return UInt16(bigEndian: address.sin_port)
    }

    /// A port that nobody listens on (just now).
    static func freePort() throws -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        return try bind(descriptor)
    }
}

/// A real RTSP server (GStreamer's, by the project's lab script) as a child process.
final class RTSPServer {
    let port: UInt16
    private let process: pid_t
    private var isOver = false

    /// The lab's script, in the repository or among the shared data.
    static let script: String? = {
        let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return ["\(root)/Tests/Lab/rtsp_server.py", "\(SharedData.path)/lab/rtsp_server.py"].first {
            access($0, R_OK) == 0
        }
    }()

    /// Why there is no server on this machine; nil where there is one.
    static let missing: String? = {
        if script == nil { return "Tests/Lab/rtsp_server.py is not there" }
        if !ClipWriter.has("libx264") { return "this FFmpeg has no encoder libx264" }
        let check = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"
        guard let child = try? spawn(["/usr/bin/python3", "-c", check], output: nil) else {
            return "no /usr/bin/python3"
        }
        var status: Int32 = 0
        waitpid(child, &status, 0)
        return status == 0 ? nil : "gir1.2-gst-rtsp-server-1.0 and python3-gi are not installed"
    }()

    init(mounts: [String], credentials: (String, String)? = nil) throws {
        port = try Loopback.freePort()
        var pipe: [Int32] = [0, 0]
        guard Glibc.pipe(&pipe) == 0, let script = Self.script else { throw TestFailure("pipe: errno \(errno)") }
        var arguments = ["/usr/bin/python3", script, "--port", "\(port)"]
        for mount in mounts { arguments += ["--mount", mount] }
        if let credentials { arguments += ["--user", credentials.0, "--password", credentials.1] }
        process = try Self.spawn(arguments, output: pipe[1])
        close(pipe[1])
        defer { close(pipe[0]) }
        // It prints one line once it listens.
        var buffer = [UInt8](repeating: 0, count: 256)
        guard Glibc.read(pipe[0], &buffer, buffer.count) > 0 else { throw TestFailure("the RTSP server did not start") }
    }

    deinit { end() }

    func signal(_ number: Int32) { kill(process, number) }

    /// Kills the server and waits until it is gone, with all of its connections and ports.
    func end() {
        guard !isOver else { return }
        isOver = true
        kill(process, SIGKILL)
        waitpid(process, nil, 0)
    }

    private static func spawn(_ arguments: [String], output: Int32?) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let output { posix_spawn_file_actions_adddup2(&actions, output, 1) }
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        var pointers = arguments.map { strdup($0) } + [nil]
        defer { pointers.forEach { free($0) } }
        var child = pid_t()
        guard posix_spawn(&child, arguments[0], &actions, nil, &pointers, environ) == 0 else {
            throw TestFailure("cannot start \(arguments[0])")
        }
        return child
    }
}
