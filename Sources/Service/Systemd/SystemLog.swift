import CLinux
import Glibc
import Logging

/// Log lines for whoever reads them: for journald a priority in front (sd-daemon(3)) and no time, for a person the
/// local time and the level. One line each, on standard error.
struct SystemLog: LogHandler {
    /// Levels of less weight are left out.
    var logLevel: Logger.Level
    /// Written behind the message as `key=value`.
    var metadata: Logger.Metadata = [:]
    private let isJournal: Bool

    init(level: Logger.Level, isJournal: Bool = SystemLog.isStandardErrorTheJournal()) {
        logLevel = level
        self.isJournal = isJournal
    }

    /// A logger for the whole process.
    static func logger(level: Logger.Level) -> Logger {
        Logger(label: "zanzod") { _ in SystemLog(level: level) }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        zanzo_complain(line(level: event.level, message: "\(event.message)", metadata: event.metadata))
    }

    /// The line as it is written, with its end.
    func line(level: Logger.Level, message: String, metadata extra: Logger.Metadata?) -> String {
        let all = metadata.merging(extra ?? [:]) { $1 }
        let fields = all.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        let text = (message + fields).replacing("\n", with: " ").replacing("\r", with: " ")
        return isJournal ? "<\(priority(level))>\(text)\n" : "\(localTime()) \(name(level)) \(text)\n"
    }

    /// systemd sets JOURNAL_STREAM to the device and inode of the stream that it gave us (systemd.exec(5)).
    static func isStandardErrorTheJournal() -> Bool {
        guard let stream = getenv("JOURNAL_STREAM") else { return false }
        var status = stat()
        guard fstat(STDERR_FILENO, &status) == 0 else { return false }
        return String(cString: stream) == "\(status.st_dev):\(status.st_ino)"
    }

    /// syslog(3)'s priorities.
    private func priority(_ level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }

    private func name(_ level: Logger.Level) -> String {
        let name = level.rawValue
        return name + String(repeating: " ", count: max(0, 8 - name.count))
    }

    private func localTime() -> String {
        var buffer = [CChar](repeating: 0, count: 32)
        let count = zanzo_local_time(&buffer, buffer.count)
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
