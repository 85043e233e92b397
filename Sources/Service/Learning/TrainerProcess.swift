import CChild
import Glibc
import Video

/// A training beside the daemon: started with little weight, heard line by line, and ended with SIGTERM, or with SIGKILL
/// where that is not enough.
///
/// The kernel ends it with the thread that started it, however that ends: so it belongs to one thread, from start to end.
final class TrainerProcess {
    /// What it says.
    enum Word {
        /// A line of its standard output.
        case output([UInt8])
        /// A line of its standard error.
        case complaint([UInt8])
    }

    /// How it ended.
    enum Ending: Hashable, CustomStringConvertible {
        case exit(Int32)
        case signal(Int32)

        /// sysexits.h: the command line or the data are wrong, and will be at once again.
        var isFinal: Bool { self == .exit(64) || self == .exit(65) }

        var description: String {
            switch self {
            case .exit(127): "could not be run"
            case .exit(let status): "ended with status \(status)"
            case .signal(SIGKILL): "was killed (signal 9; was there too little memory?)"
            case .signal(let number): "was ended by signal \(number)"
            }
        }
    }

    private static let lineLimit = 4096
    private let identifier: pid_t
    private var pipes: [Stream]

    /// One of its pipes' ends that we read.
    private struct Stream {
        var descriptor: Int32
        var lines = BoundedLines(limit: TrainerProcess.lineLimit)
        let isOutput: Bool
    }

    /// Starts it.
    init(_ command: TrainerCommand) throws(StartError) {
        var ends: [Int32] = []
        defer { ends.forEach { close($0) } }
        // A file in memory and no pipe, which may hold no more than a page: nobody needs to wait for the reader.
        let input = zanzo_memory_file(command.input, command.input.count)
        guard input >= 0 else { throw Self.failure(command, errno) }
        ends.append(input)
        for _ in 0..<2 {
            var (reading, writing): (Int32, Int32) = (-1, -1)
            guard zanzo_pipe(&reading, &writing) == 0 else { throw Self.failure(command, errno) }
            ends += [reading, writing]
        }
        // Our ends only: the child's have descriptions of their own, and a print of its must not fail.
        for end in [ends[1], ends[3]] { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
        var argv: [UnsafeMutablePointer<CChar>?] = ([command.path] + command.arguments).map { strdup($0) } + [nil]
        var envp: [UnsafeMutablePointer<CChar>?] = Self.environment().map { strdup($0) } + [nil]
        defer { (argv + envp).forEach { free($0) } }
        let child = zanzo_start_background(command.path, &argv, &envp, input, ends[2], ends[4])
        guard child > 0 else { throw Self.failure(command, -child) }
        identifier = child
        pipes = [Stream(descriptor: ends[1], isOutput: true), Stream(descriptor: ends[3], isOutput: false)]
        ends = [input, ends[2], ends[4]]
    }

    deinit { for pipe in pipes where pipe.descriptor >= 0 { close(pipe.descriptor) } }

    /// Hears it to its end, which comes soon once `shouldStop` says so: SIGTERM, `patience` to save what it has, SIGKILL.
    func run(patience: Duration, shouldStop: () -> Bool, hear: (Word) -> Void) -> Ending {
        let clock = SystemTime()
        var deadline: MonotonicTime?
        // Its process group is killed before it is reaped: until then nobody else can have its number.
        while zanzo_child_has_ended(identifier) == 0 {
            if shouldStop() {
                if deadline == nil { kill(-identifier, SIGTERM) }
                let end = deadline ?? clock.now() + patience
                deadline = end
                if clock.now() >= end { kill(-identifier, SIGKILL) }
            }
            listen(timeout: .milliseconds(100), hear)
        }
        kill(-identifier, SIGKILL)
        listen(timeout: .zero, hear)
        for index in pipes.indices {
            let isOutput = pipes[index].isOutput
            pipes[index].lines.finish { hear(isOutput ? .output($0) : .complaint($0)) }
        }
        var status: Int32 = 0
        while waitpid(identifier, &status, 0) < 0, errno == EINTR {}
        // wait(2): the low seven bits are the signal, the next byte is the exit status.
        return status & 0x7F == 0 ? .exit(status >> 8 & 0xFF) : .signal(status & 0x7F)
    }

    /// Gives everything of it less weight than any camera has: from now on it has only what nobody else wants.
    ///
    /// For when it computes. Not from its start: a recording that never gets the processor is full of holes.
    func makeIdle() {
        for name in Directory.names(in: "/proc/\(identifier)/task") ?? [] {
            if let thread = pid_t(name) { zanzo_make_idle(thread) }
        }
    }

    /// Waits for words, `timeout` at most, and hears those that are there: a bounded number, however fast it talks.
    private func listen(timeout: Duration, _ hear: (Word) -> Void) {
        var polls = pipes.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        poll(&polls, UInt(polls.count), Int32(timeout.nanoseconds / 1_000_000))
        var buffer = [UInt8](repeating: 0, count: 65_536)
        for index in pipes.indices where pipes[index].descriptor >= 0 && polls[index].revents != 0 {
            let isOutput = pipes[index].isOutput
            let count = read(pipes[index].descriptor, &buffer, buffer.count)
            if count > 0 {
                pipes[index].lines.take(buffer[..<count]) { hear(isOutput ? .output($0) : .complaint($0)) }
            } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
                close(pipes[index].descriptor)
                pipes[index].descriptor = -1
            }
        }
        // Nothing to hear any more: poll(2) waits for nobody then, so the pause is taken here.
        if pipes.allSatisfy({ $0.descriptor < 0 }), timeout > .zero { usleep(20_000) }
    }

    /// This process's environment without what the service manager says to the daemon alone.
    private static func environment() -> [String] {
        let private_ = ["NOTIFY_SOCKET=", "WATCHDOG_", "LISTEN_"]
        var (entries, entry): ([String], _) = ([], environ)
        while let text = entry.pointee {
            let line = String(cString: text)
            if !private_.contains(where: { line.hasPrefix($0) }) { entries.append(line) }
            entry += 1
        }
        return entries
    }

    private static func failure(_ command: TrainerCommand, _ number: Int32) -> StartError {
        StartError(message: "\(command.path) can't be started: \(errorText(number))")
    }
}
