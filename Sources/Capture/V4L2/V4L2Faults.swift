import CV4L2
import Glibc

/// V4L2's refusals in words for someone woken at night.
enum V4L2Faults {
    /// What `fault` means; `path` is the node's, where permission is at stake.
    static func error(_ fault: V4L2Errno, _ operation: String, path: String? = nil) -> CaptureError {
        switch fault.code {
        case ENOENT:
            CaptureError(.unavailable, operation, "there is no such device; is it plugged in? (ls /dev/v4l/by-id)")
        case ENODEV, ENXIO:
            CaptureError(
                fault.call == "open" ? .unavailable : .disconnected, operation, "the device is gone; is it plugged in?")
        case EACCES, EPERM:
            CaptureError(.noPermission, operation, "this user may not open it\(path.map(remedy) ?? "")")
        case EBUSY:
            CaptureError(
                .busy, operation, "another program is using it\(path.map { " (fuser -v \($0) says which)" } ?? "")")
        case ENOTTY where fault.call == "QUERYCAP", EINVAL where fault.call == "QUERYCAP", EISDIR:
            CaptureError(.notACamera, operation, "it is not a V4L2 device")
        case ENOSPC:
            CaptureError(
                .busy, operation, "the USB bus has no bandwidth left: use another port, a smaller size, or MJPG")
        case ENOMEM:
            CaptureError(.unavailable, operation, "the driver has no memory for its buffers")
        default:
            CaptureError(.disconnected, operation, "\(fault.call) failed: \(text(fault.code))")
        }
    }

    /// Why a node that opened well gives no frames; nil where it does.
    static func problem(_ capabilities: V4L2Capabilities, _ operation: String) -> CaptureError? {
        let flags = capabilities.flags
        func has(_ flag: Int32) -> Bool { flags & UInt32(bitPattern: flag) != 0 }
        if has(V4L2_CAP_VIDEO_CAPTURE) {
            guard has(V4L2_CAP_STREAMING) else {
                return CaptureError(.unsupported, operation, "its driver cannot stream into memory (no STREAMING)")
            }
            return nil
        }
        let what =
            has(V4L2_CAP_META_CAPTURE)
            ? "a camera's metadata node; its pictures come from another node, most often the number before this one"
            : has(V4L2_CAP_VIDEO_CAPTURE_MPLANE)
                ? "a multi-planar node, which is not supported"
                : has(V4L2_CAP_VIDEO_M2M) || has(V4L2_CAP_VIDEO_M2M_MPLANE)
                    ? "a codec or converter, not a camera"
                    : has(V4L2_CAP_VIDEO_OUTPUT) || has(V4L2_CAP_VIDEO_OUTPUT_MPLANE)
                        ? "an output: it shows pictures, it takes none" : "a node that takes no pictures"
        return CaptureError(.notACamera, operation, "it is \(what) (\(capabilities.card))")
    }

    /// The system's text for `errno` values.
    static func text(_ code: Int32) -> String {
        var buffer = [CChar](repeating: 0, count: 128)
        guard strerror_r(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Who may open the node, and how to become one of them.
    private static func remedy(_ path: String) -> String {
        var status = stat()
        guard stat(path, &status) == 0 else { return "" }
        let user = name(ofUser: geteuid())
        guard status.st_mode & 0o060 != 0, let group = name(ofGroup: status.st_gid) else {
            return "; its mode lets only its owner in: check the udev rules"
        }
        return "; it belongs to group \(group): usermod -aG \(group) \(user), then start the program anew"
    }

    private static func name(ofGroup id: gid_t) -> String? {
        var (entry, found, buffer) = (group(), UnsafeMutablePointer<group>?.none, [CChar](repeating: 0, count: 16384))
        guard getgrgid_r(id, &entry, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
        return entry.gr_name.map { String(cString: $0) }
    }

    private static func name(ofUser id: uid_t) -> String {
        var (entry, found, buffer) = (passwd(), UnsafeMutablePointer<passwd>?.none, [CChar](repeating: 0, count: 16384))
        guard getpwuid_r(id, &entry, &buffer, buffer.count, &found) == 0, found != nil else { return "\(id)" }
        return entry.pw_name.map { String(cString: $0) } ?? "\(id)"
    }
}
