"""Sixteen synthetic cameras at five frames a second with the small model: not one frame may be lost."""
import time

from children import BenchError
from daemon import Daemon
from table import Row

COUNT = 16
RATE = 5


def measure(bench):
    """A row: frames dropped by all cameras in the time, after a warm-up."""
    seconds = 15 if bench.quick else 60
    cameras = {
        f"street{n}": {"source": f"synthetic:street?seed={n + 1}&rate={RATE}&size=640x480", "model": bench.small_model,
                       "rate": RATE} for n in range(COUNT)}
    with Daemon(bench.built, bench.folder / "cameras", cameras) as daemon:
        daemon.until_online()
        time.sleep(5)
        first, spent = daemon.next_frames(), -daemon.cpu_seconds()
        time.sleep(seconds - 0.1)
        last = daemon.next_frames()
        spent += daemon.cpu_seconds()
    counted = {kind: last[kind] - first[kind] for kind in ("scored", "drops")}
    wanted = COUNT * RATE * seconds
    if counted["scored"] < 0.98 * wanted:
        raise BenchError(f"{counted['scored']} frames were scored instead of {wanted}, and not all counted as drops")
    yield Row(f"{COUNT} synthetic cameras 640x480 at {RATE} a second for {seconds} s, the demo's model: frames dropped",
              counted["drops"], 0, "{:.0f}",
              f"{counted['scored']} scored; {100 * spent / seconds:.0f} % of a core, drawing the scenes included")
