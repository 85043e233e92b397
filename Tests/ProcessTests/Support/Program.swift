import Glibc
import Synchronization
import Testing
import Video

@testable import Service

/// How a process ended.
enum Ending: Equatable {
    case exit(Int32)
    case signal(Int32)
}

/// One of the package's own programs as a real process: its output is collected, its end is awaited with a deadline, and
/// it never outlives the test.
///
/// Every signal has its default action in it, whatever the test's own process ignores.
final class Program {
    let identifier: pid_t
    /// What it wrote to standard output and standard error so far.
    let output: Captured
    let errors: Captured
    private var ended: Ending?

    /// Starts `path`. `environment` goes before the test's own; `descriptor` becomes the child's descriptor 3.
    init(
        _ path: String, _ arguments: [String], environment: [String: String] = [:], descriptor: Int32? = nil
    ) throws {
        let (output, errors) = (try Captured(), try Captured())
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output.writeEnd, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, errors.writeEnd, STDERR_FILENO)
        if let descriptor { posix_spawn_file_actions_adddup2(&actions, descriptor, 3) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var (all, none) = (sigset_t(), sigset_t())
        sigfillset(&all)
        sigemptyset(&none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
        var argv = ([path] + arguments).map { strdup($0) } + [nil]
        var envp = Self.environment(environment).map { strdup("\($0)=\($1)") } + [nil]
        defer { (argv + envp).forEach { free($0) } }
        var child = pid_t()
        let status = posix_spawnp(&child, path, &actions, &attributes, &argv, &envp)
        guard status == 0 else { throw Unmet("\(path): \(errorText(status)): is it there?") }
        (identifier, self.output, self.errors) = (child, output, errors)
        try output.collect()
        try errors.collect()
    }

    deinit { kill() }

    /// Nil as long as it runs.
    var ending: Ending? {
        if let ended { return ended }
        var status: Int32 = 0
        guard waitpid(identifier, &status, WNOHANG) == identifier else { return nil }
        // wait(2): the low seven bits are the signal, the next byte is the exit status.
        ended = status & 0x7F == 0 ? .exit(status >> 8 & 0xFF) : .signal(status & 0x7F)
        return ended
    }

    func send(_ signal: Int32) { if ending == nil { Glibc.kill(identifier, signal) } }

    /// Ends it at once, if it still runs.
    func kill() {
        guard ending == nil else { return }
        Glibc.kill(identifier, SIGKILL)
        var status: Int32 = 0
        waitpid(identifier, &status, 0)
        ended = .signal(SIGKILL)
    }

    /// Its ending, once all it wrote is collected.
    func end(_ location: SourceLocation = #_sourceLocation) async throws -> Ending {
        let ending = try await eventually("\(identifier) ends", location, detail: { self.errors.text }) { self.ending }
        try await eventually("the output ends", location) { output.hasEnded && errors.hasEnded }
        return ending
    }

    /// Waits until `look` gives something; fails at once, with the process's last words, where that has ended.
    @discardableResult
    func gives<T>(
        _ what: String, _ location: SourceLocation = #_sourceLocation, _ look: () throws -> T?
    ) async throws -> T {
        try await eventually(what, location, detail: { self.errors.text }) {
            let found = try look()
            if found == nil, let ending { throw Unmet("\(what): the process ended, \(ending): \(errors.text)") }
            return found
        }
    }

    /// Waits until `condition` holds.
    func gives(
        _ what: String, _ location: SourceLocation = #_sourceLocation, _ condition: () throws -> Bool
    ) async throws {
        try await gives(what, location) { try condition() ? () : nil }
    }

    /// The test's environment without what a service manager would have said to it, and `additions`.
    private static func environment(_ additions: [String: String]) -> [String: String] {
        var variables: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let sides = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if sides.count == 2 { variables[String(sides[0])] = String(sides[1]) }
            entry += 1
        }
        for name in ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "JOURNAL_STREAM"] {
            variables[name] = nil
        }
        return variables.merging(additions) { $1 }
    }
}

/// What a process writes, read by a thread of its own so that the process never waits for the test.
final class Captured: Sendable {
    let writeEnd: Int32
    private let readEnd: Int32
    private let bytes = Mutex<[UInt8]>([])
    private let isOver = Atomic<Bool>(false)

    init() throws {
        // Not a pipe: Glibc's module has no pipe2, and without it a program that another test starts now would inherit it.
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let result = socketpair(AF_UNIX, kind, 0, &ends)
        try #require(result == 0)
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    /// Reads until every process that has the other end has closed it. Called once, when the child has its copy.
    func collect() throws {
        close(writeEnd)
        _ = try NamedThread(name: "test-output") { [self] in
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = read(readEnd, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                bytes.withLock { $0 += buffer[..<count] }
            }
            close(readEnd)
            isOver.store(true, ordering: .releasing)
        }
    }

    var hasEnded: Bool { isOver.load(ordering: .acquiring) }

    var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }

    /// The whole lines so far.
    var lines: [String] { text.split(separator: "\n").map(String.init) }
}
