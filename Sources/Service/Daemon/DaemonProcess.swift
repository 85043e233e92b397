import CLinux
import Glibc
import Kernels
import Logging
import Publish
import ServiceLifecycle
import UnixSignals
import Video

/// Zanzo's version, as `--version` and `zanzo status` print it.
public let zanzoVersion = "0.1.0"

/// The daemon as a process: configuration, signals, systemd, and the exit status.
public struct DaemonProcess: Sendable {
    private let path: String
    private let cpu: String?
    private let demo: DemoSetup?

    /// A process that reads its configuration from `path`, and computes with the kernels called `cpu` (nil: the best).
    public init(path: String, cpu: String?) { self.init(path: path, cpu: cpu, demo: nil) }

    private init(path: String, cpu: String?, demo: DemoSetup?) {
        self.path = path
        self.cpu = cpu
        self.demo = demo
    }

    /// sysexits.h: the same as for any other argument that can't be used.
    private static let badCommandLine: Int32 = 64

    /// sysexits.h: what systemd's `RestartPreventExitStatus=78` waits for.
    static let badConfiguration: Int32 = 78

    /// Runs until a signal ends it; returns the exit status.
    public func run() async -> Int32 {
        defer { demo?.removeSocketFolder() }
        // First of all: a signal's own action is death, and the first may come right after READY, or before.
        let signals = await UnixSignalsSequence(trapping: .sighup, .sigterm, .sigint)
        let configuration: Configuration
        do {
            configuration = try load()
        } catch {
            Self.complain("\(error)")
            return Self.badConfiguration
        }
        let log = SystemLog.logger(level: configuration.logLevel)
        if let cpu, let problem = KernelTable.problem(with: cpu) {
            Self.complain("--cpu: \(problem)")
            return Self.badCommandLine
        }
        if let cpu = configuration.cpu, let problem = KernelTable.problem(with: cpu) {
            Self.complain("\(path): cpu: \(problem)")
            return Self.badConfiguration
        }
        for line in configuration.warnings { log.warning("\(line)") }
        let kernels = (cpu ?? configuration.cpu).flatMap { KernelTable.named($0) } ?? .best
        if let wanted = Environment["ZANZO_CPU"], let problem = KernelTable.problem(with: wanted) {
            log.warning("ZANZO_CPU is passed over: \(problem)")
        }
        let notifier = Notifier()
        let environment = DaemonEnvironment(
            log: log, kernels: kernels, inheritedSocket: SocketActivation.eventSocket())
        let daemon = Daemon(configuration, environment)
        do {
            try await daemon.start()
        } catch {
            log.critical("\(error)")
            notifier.status("failed: \(error)")
            return Self.status(of: error)
        }
        let cameras = counted(configuration.cameras.count, "camera")
        log.info("zanzod \(zanzoVersion) is ready: \(cameras), \(kernels.name) kernels")
        notifier.ready()
        let group = ServiceGroup(
            configuration: .init(
                services: [
                    .init(service: Supervision(daemon: daemon, notifier: notifier, log: log)),
                    .init(
                        service: Signals(signals: signals, daemon: daemon, notifier: notifier, log: log, load: load),
                        successTerminationBehavior: .gracefullyShutdownGroup),
                ],
                logger: Logger(label: "lifecycle") { _ in
                    SwiftLogNoOpLogHandler()
                }))
        do {
            try await group.run()
        } catch {
            log.critical("\(error)")
        }
        notifier.stopping()
        await daemon.stop()
        log.info("zanzod has stopped")
        return 0
    }

    /// 78 where only another configuration helps, 1 where trying again may: a lock may be given back, a disk may come.
    private static func status(of error: any Error) -> Int32 {
        switch error {
        case is StartError: badConfiguration
        case let error as PublishError where error.code == .badSetting: badConfiguration
        default: 1
        }
    }

    /// Reads the configuration; for the demo, writes one first.
    private func load() throws -> Configuration { try Configuration.load(path: path) }

    /// A process that watches the built-in street until it is stopped.
    public static func demo(cpu: String?) throws(StartError) -> DaemonProcess {
        let setup = try DemoSetup(directory: "demo-out", model: nil, seed: 7, loops: true)
        let path = try setup.writeConfiguration()
        print(
            """
            The built-in street, with something staged every few seconds, until Ctrl-C.
              listen    socat -u UNIX-CONNECT:\(setup.socket) - | jq -c .
              status    zanzo status --socket \(setup.socket)
              pictures  \(setup.directory)/\(DemoSetup.camera)
            """)
        zanzo_flush_output()
        return DaemonProcess(path: path, cpu: cpu, demo: setup)
    }

    private static func complain(_ text: String) { StandardOutput.complain("zanzod: \(text)\n") }
}

/// Once a second, or as often as systemd wants it: stock for `zanzo status` and `STATUS=`, and the watchdog, as long as every worker moves.
private struct Supervision: Service {
    let daemon: Daemon
    let notifier: Notifier
    let log: Logger

    func run() async throws {
        // Half of what systemd allows, as sd_watchdog_enabled(3) advises.
        let pause = min(.seconds(1), notifier.watchdogInterval.map { $0 / 2 } ?? .seconds(1))
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                let (status, isAlive) = await daemon.tick()
                notifier.status(status)
                if isAlive { notifier.watchdog() } else { log.critical("a worker or the writer has stood still") }
                try? await Task.sleep(for: pause)
            }
        }
    }
}

/// SIGHUP: a new configuration where it is good, the old one where it is not. SIGTERM and SIGINT: the end.
private struct Signals: Service {
    let signals: UnixSignalsSequence
    let daemon: Daemon
    let notifier: Notifier
    let log: Logger
    let load: @Sendable () throws -> Configuration

    func run() async throws {
        for await signal in signals.cancelOnGracefulShutdown() {
            guard signal == .sighup else { return }
            await reload()
        }
    }

    private func reload() async {
        notifier.reloading()
        do {
            let configuration = try load()
            try await daemon.reload(configuration)
            for line in configuration.warnings { log.warning("\(line)") }
            log.notice("reloaded")
        } catch {
            log.error("reload refused, the old configuration stays: \(error)")
            await daemon.rejected("\(error)")
        }
        notifier.ready()
    }
}
