import CFFmpeg
import CLinux
import CYAML
import Glibc
import Kernels
import Pictures

extension Doctor {
    /// The CPU, and the kernels chosen for it.
    static func processor() -> [Finding] {
        let usable = KernelTable.names.filter { KernelTable.named($0) != nil }
        var findings: [Finding] = []
        if let model = (try? BoundedFile.read("/proc/cpuinfo", limit: 1 << 22)).flatMap(processorName) {
            findings.append(.good("cpu", "\(model), \(Machine.processors) cores for this process"))
        }
        findings.append(
            .good("kernels", "\(KernelTable.best.name); this CPU runs \(usable.joined(separator: ", "))"))
        if let wanted = Environment["ZANZO_CPU"], let problem = KernelTable.problem(with: wanted) {
            findings.append(.problem("kernels", "ZANZO_CPU: \(problem); set one of these, or unset it"))
        }
        return findings
    }

    /// How many cameras the limit on descriptors allows, beside those that are configured.
    static func limits(_ configuration: Configuration) -> Finding {
        let (allowed, wanted) = (Resources.cameraLimit, configuration.cameras.count(where: \.enabled))
        let words = "\(Resources.descriptorLimit) file descriptors are enough for \(allowed) cameras"
        guard wanted > allowed else { return .good("limits", "\(words), as this shell has it; the unit has its own") }
        return .problem(
            "limits", "\(words), and \(wanted) are configured: raise ulimit -n, or LimitNOFILE= of the unit")
    }

    /// The first "model name" of /proc/cpuinfo.
    static func processorName(_ text: [UInt8]) -> String? {
        let lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
        guard let line = lines.first(where: { $0.hasPrefix("model name") || $0.hasPrefix("Model") }),
            let colon = line.firstIndex(of: ":")
        else { return nil }
        return String(line[line.index(after: colon)...].drop { $0 == " " })
    }

    /// The shared libraries that this process runs with, whatever it was built with.
    static func libraries() -> [Finding] {
        let libav = [
            ("libavformat", avformat_version()), ("libavcodec", avcodec_version()), ("libavutil", avutil_version()),
            ("libswscale", swscale_version()),
        ]
        var names = libav.map { name, version in "\(name) \(version >> 16).\(version >> 8 & 255).\(version & 255)" }
        names.append("libpng \(PNG.libraryVersion)")
        if let version = yaml_get_version_string() { names.append("libyaml \(String(cString: version))") }
        // libsystemd does not tell its version: its file's name does.
        let maps = (try? BoundedFile.read("/proc/self/maps", limit: 1 << 22)) ?? []
        if let path = loadedLibrary("libsystemd.so", maps), let real = realpath(path, nil) {
            names.append(String(String(cString: real).split(separator: "/").last ?? "libsystemd"))
            free(real)
        }
        if let version = gnu_get_libc_version() { names.append("glibc \(String(cString: version))") }
        return [.good("libraries", names.joined(separator: ", "))]
    }

    /// The path of the mapped file whose name begins with `name`, by /proc/PID/maps.
    static func loadedLibrary(_ name: String, _ maps: [UInt8]) -> String? {
        for line in String(decoding: maps, as: UTF8.self).split(separator: "\n") {
            guard let slash = line.firstIndex(of: "/"), let last = line.lastIndex(of: "/") else { continue }
            if line[line.index(after: last)...].hasPrefix(name) { return String(line[slash...]) }
        }
        return nil
    }
}
