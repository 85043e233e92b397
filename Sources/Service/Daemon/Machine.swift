import CLinux
import Glibc

/// The machine.
public enum Machine {
    /// Processors that this thread may run on, at least 1: fewer than there are where taskset(1), a container or a unit's
    /// `CPUAffinity=` says so.
    public static var processors: Int {
        let allowed = Int(zanzo_processors())
        return allowed > 0 ? allowed : max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    }

    /// Bytes of memory that it has; a guess of what any machine has where the kernel does not say.
    public static var memoryByteCount: Int {
        let (pages, size) = (sysconf(Int32(_SC_PHYS_PAGES)), sysconf(Int32(_SC_PAGESIZE)))
        return pages > 0 && size > 0 ? pages * size : 1 << 30
    }
}
