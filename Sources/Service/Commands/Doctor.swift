import Capture
import Kernels
import Video

/// `zanzo doctor`: tries each source as the daemon would, and says in plain words what is in the way.
public enum Doctor {
    /// Examines the CPU and every source; `say` is given each line. Returns whether every source gave a frame.
    public static func examine(_ sources: [String], say: (String) -> Void) -> Bool {
        let usable = KernelTable.names.filter { KernelTable.named($0) != nil }
        say(
            "kernels: \(KernelTable.best.name) (this CPU can do \(usable.joined(separator: ", ")); ZANZO_CPU= forces one)"
        )
        var isWell = true
        for text in sources {
            do {
                let specification = try SourceSpecification(parsing: text)
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
}
