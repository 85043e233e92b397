import Glibc

/// What a process may have of descriptors and memory: asked for ahead of time, so that a start or a reload that needs more is
/// refused with a line in place of a crash in its middle.
enum Resources {
    /// Descriptors of one camera: a device, a file or a connection (RTSP over UDP has five), and one while a picture is written.
    static let descriptorsPerCamera = 6
    /// Descriptors of the daemon itself: journal, socket, event loops, models while they are loaded, subscribers.
    static let descriptorsOfDaemon = 48

    /// Open descriptors that this process may have.
    static var descriptorLimit: Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
        return limit.rlim_cur > UInt64(Int32.max) ? Int(Int32.max) : Int(limit.rlim_cur)
    }

    /// Cameras that the descriptors suffice for.
    static var cameraLimit: Int { max(0, (descriptorLimit - descriptorsOfDaemon) / descriptorsPerCamera) }

    /// Throws where `cameras` cameras need more descriptors than there may be.
    static func checkDescriptors(cameras: Int) throws(StartError) {
        guard cameras > cameraLimit else { return }
        throw StartError(
            message:
                "\(cameras) cameras need \(descriptorsOfDaemon + cameras * descriptorsPerCamera) file descriptors, and this "
                + "process may open \(descriptorLimit): raise LimitNOFILE= of the unit (ulimit -n), or watch fewer cameras"
        )
    }

    /// Throws where `byteCount` bytes can't be had for `camera`. Swift's own allocations can only end the process.
    static func checkMemory(_ byteCount: Int, for camera: String) throws(StartError) {
        guard let memory = malloc(byteCount) else {
            throw StartError(
                camera: camera,
                message:
                    "its buffers need \(byteCount >> 20) MiB that can't be had: raise MemoryMax= of the unit, or watch fewer "
                    + "cameras")
        }
        free(memory)
    }
}
