import Capture
import Glibc
import Kernels
import Video

/// What `zanzo doctor` found out about one thing.
struct Finding: Hashable {
    /// The thing: "socket".
    let subject: String
    /// What it is like; of a problem also what to do.
    let text: String
    let isProblem: Bool

    static func good(_ subject: String, _ text: String) -> Finding {
        Finding(subject: subject, text: text, isProblem: false)
    }

    static func problem(_ subject: String, _ text: String) -> Finding {
        Finding(subject: subject, text: text, isProblem: true)
    }

    /// The finding as a line; a text of several lines is indented.
    var line: String {
        let head = (isProblem ? "PROBLEM" : "ok").padded(to: 9) + subject.padded(to: 13)
        return head + text.replacing("\n", with: "\n" + String(repeating: " ", count: head.count))
    }
}

/// `zanzo doctor`: looks at this machine and at cameras as the daemon would, and says in plain words what is in the way.
public enum Doctor {
    /// Examines this machine: CPU, libraries, configuration, models, directories and the running daemon.
    ///
    /// `say` is given each line. `user` is the name of the daemon's user. Returns whether there is no problem.
    public static func examineMachine(configuration path: String, user: String, say: (String) -> Void) -> Bool {
        var findings = [Finding.good("version", "zanzo \(zanzoVersion)")] + processor() + libraries()
        do throws(ConfigurationError) {
            let configuration = try Configuration.load(path: path)
            findings.append(summary(configuration, path))
            findings.append(limits(configuration))
            findings += configuration.passedOver.map {
                .problem("config", "\($0): is passed over: only files that end in .yaml are read; rename it")
            }
            if let cpu = configuration.cpu, let problem = KernelTable.problem(with: cpu) {
                findings.append(.problem("kernels", "\(path): cpu: \(problem)"))
            }
            findings += models(configuration) + readings(configuration, user: user)
            findings += directories(configuration, user: user) + daemon(configuration)
        } catch {
            let advice =
                access(path, F_OK) == 0
                ? "mend it, then: zanzo check \(path)"
                : "sudo make install brings one; --config names another place"
            findings.append(.problem("config", "\(error)\n\(advice)"))
        }
        findings.append(devices())
        for finding in findings { say(finding.line) }
        let problems = findings.filter(\.isProblem).count
        say(problems == 0 ? "no problem found" : problems == 1 ? "1 problem" : "\(problems) problems")
        return problems == 0
    }

    /// Examines the CPU and every source; `say` is given each line. Returns whether every source gave a frame.
    ///
    /// `credentials` has the sources' user and password; nil: they need none, or they stand in the address.
    public static func examine(
        _ sources: [String], credentials: CredentialsReference? = nil, say: (String) -> Void
    ) -> Bool {
        for finding in processor() { say(finding.line) }
        var isWell = true
        for text in sources {
            do {
                let specification = try SourceSpecification(parsing: text).authorised(by: credentials)
                if case .v4l2(let path) = specification.kind {
                    for line in V4L2Doctor.diagnose(path).lines { say("  " + line) }
                }
                say(try firstFrame(of: specification))
            } catch {
                isWell = false
                say("\(error)")
            }
        }
        return isWell
    }

    private static func firstFrame(of specification: SourceSpecification) throws(CaptureError) -> String {
        let time = SystemTime()
        let source = makeSource(specification, time: time)
        let start = time.now()
        defer { source.close() }
        let format = try source.open()
        for _ in 0..<100 {
            if case .frame(let frame) = try source.read(timeout: .seconds(10)) {
                let milliseconds = (time.now() - start).nanoseconds / 1_000_000
                return
                    "\(specification.redacted): \(format.description), first frame \(frame.view.size) after \(milliseconds) ms"
            }
        }
        throw CaptureError(.badData, "read \(specification.redacted)", "100 reads brought no whole frame")
    }

    private static func devices() -> Finding {
        let devices = V4L2Doctor.devices()
        guard !devices.isEmpty else { return .good("devices", "no V4L2 camera is plugged in") }
        return .good("devices", "\(devices.joined(separator: ", ")): zanzo doctor \(devices[0]) tries it")
    }
}
