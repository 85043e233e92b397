import Glibc
import Video

/// What is to be known of one V4L2 node before it is used.
public struct V4L2Diagnosis: Sendable, Hashable {
    /// A format and size that the node offers.
    public struct Mode: Sendable, Hashable {
        /// The format's four letters, as `SourceOptions.pixelFormat` takes them.
        public var format: String
        /// "640x480", or "32x32 to 1920x1080 in steps of 2x2".
        public var sizes: String
        /// The most frames a second on offer at that size; nil where the driver does not say.
        public var rate: Double?
    }

    /// The node's path.
    public var path: String
    /// Names under `/dev/v4l/by-id` and `by-path` that lead to it: these stay when cameras are plugged in another order.
    public var links: [String] = []
    /// Driver and card, as the node names itself; empty where it could not be asked.
    public var card = ""
    /// The kernel's driver.
    public var driver = ""
    /// What it offers.
    public var modes: [Mode] = []
    /// What would be used with default options: "YUYV 640x480 30 fps".
    public var choice: SourceFormat?
    /// Why it cannot be used; nil where it can.
    public var problem: CaptureError?

    /// The diagnosis as lines for a terminal.
    public var lines: [String] {
        var lines = [card.isEmpty ? path : "\(path): \(card) (\(driver))"]
        lines += links.map { "  also \($0)" }
        if let problem { lines.append("  cannot be used: \(problem.message)") }
        if let choice { lines.append("  can be used: \(choice)") }
        return lines + offers
    }

    /// A line a format, those first that are read as they are; of the rest (a test driver has a hundred) the names.
    private var offers: [String] {
        let direct = Set((V4L2Layout.native.map(\.fourCC) + V4L2Layout.jpeg).map(\.description))
        let formats = modes.reduce(into: [String]()) { if $0.last != $1.format { $0.append($1.format) } }
        let converted = formats.filter { !direct.contains($0) }
        return formats.filter(direct.contains).map { format in
            let sizes = modes.filter { $0.format == format }.map { mode in
                mode.sizes + (mode.rate.map { " at \(Int(saturating: $0.rounded())) fps" } ?? "")
            }
            return "  offers \(format) \(sizes.joined(separator: ", "))"
        } + (converted.isEmpty ? [] : ["  offers, to be converted or not at all: \(converted.joined(separator: " "))"])
    }
}

/// Says why a V4L2 device can or cannot be used. Opens it, asks, and closes it again; takes no picture.
public enum V4L2Doctor {
    /// Every `/dev/video…` node of this machine, in natural order.
    public static func devices() -> [String] {
        entries(of: "/dev").filter { $0.hasPrefix("video") && $0.dropFirst(5).allSatisfy(\.isNumber) }
            .sorted { isNaturallyBefore($0, $1) }.map { "/dev/" + $0 }
    }

    /// What is the matter with the node at `path`, and what it offers.
    public static func diagnose(_ path: String) -> V4L2Diagnosis {
        diagnose(path) { (path) throws(V4L2Errno) in try V4L2SystemDevice(path: path) }
    }

    static func diagnose(_ path: String, opener: V4L2Opener) -> V4L2Diagnosis {
        var diagnosis = V4L2Diagnosis(path: path)
        diagnosis.links = links(to: path)
        let operation = "open \(path)"
        do throws(V4L2Errno) {
            let device = try opener(path)
            defer { device.close() }
            let capabilities = try device.capabilities()
            (diagnosis.card, diagnosis.driver) = (capabilities.card, capabilities.driver)
            if let problem = V4L2Faults.problem(capabilities, operation) {
                diagnosis.problem = problem
                return diagnosis
            }
            diagnosis.modes = modes(device)
            do throws(CaptureError) {
                let agreement = try V4L2Negotiation.agree(device, SourceOptions(), operation)
                // Only buffers tell whether someone else is streaming: many drivers let everyone set a format.
                _ = try device.mapBuffersOrFail(operation, path)
                diagnosis.choice = SourceFormat(
                    name: agreement.format.fourCC.description, size: agreement.format.size, rate: agreement.rate)
            } catch {
                diagnosis.problem = error
            }
        } catch {
            diagnosis.problem = V4L2Faults.error(error, operation, path: path)
        }
        return diagnosis
    }

    private static func modes(_ device: any V4L2Device) -> [V4L2Diagnosis.Mode] {
        device.formats().flatMap { format -> [V4L2Diagnosis.Mode] in
            func mode(_ text: String, _ size: FrameSize) -> V4L2Diagnosis.Mode {
                V4L2Diagnosis.Mode(
                    format: format.description, sizes: text, rate: device.rates(of: format, size: size).max())
            }
            switch device.sizes(of: format) {
            case nil:
                return [V4L2Diagnosis.Mode(format: format.description, sizes: "in sizes it does not tell", rate: nil)]
            case .discrete(let sizes): return sizes.map { mode($0.description, $0) }
            case .stepwise(let low, let high, let step):
                return [mode("\(low) to \(high) in steps of \(step)", high)]
            }
        }
    }

    /// Links whose target is the same node as `path`.
    private static func links(to path: String) -> [String] {
        guard let node = resolved(path) else { return [] }
        return ["/dev/v4l/by-id", "/dev/v4l/by-path"].flatMap { directory in
            entries(of: directory).sorted().map { "\(directory)/\($0)" }.filter { $0 != path && resolved($0) == node }
        }
    }

    private static func resolved(_ path: String) -> String? {
        guard let text = realpath(path, nil) else { return nil }
        defer { free(text) }
        return String(cString: text)
    }

    private static func entries(of directory: String) -> [String] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }
}

extension V4L2Device {
    fileprivate func mapBuffersOrFail(_ operation: String, _ path: String) throws(CaptureError) -> Int {
        do throws(V4L2Errno) {
            return try mapBuffers(2)
        } catch {
            throw V4L2Faults.error(error, operation, path: path)
        }
    }
}
