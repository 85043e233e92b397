"""Resident memory: one 1080p RTSP camera with the article's model, and each further camera at 720p."""
import time

from clips import make_clip, serve
from daemon import Daemon
from table import Row

SETTLE = 15
LARGEST = 3


def measure(bench):
    """Rows: the most that one camera ever took, and the slope over 1, 2 and 3 cameras."""
    large, _ = make_clip(bench.folder, 1920, 1080, 120, bench.clip)
    small, _ = make_clip(bench.folder, 1280, 720, 120, bench.clip)
    server, address = serve(bench.folder, large=large, small=small)
    taken = []
    with server:
        for count in range(1, LARGEST + 1):
            keys = {"model": bench.model, "rate": 15, "threshold": 1e9}
            cameras = {f"camera{n}": {"source": f"{address}/{'small' if n else 'large'}"} | keys for n in range(count)}
            with Daemon(bench.built, bench.folder / f"memory-{count}", cameras) as daemon:
                daemon.until_online()
                # Long enough for the first periodic pictures and for every buffer that grows to have grown.
                time.sleep(SETTLE)
                taken.append(daemon.memory_mb())
            parts = ", ".join(f"{name} {value:.1f} MB" for name, value in taken[-1].items())
            bench.say(f"memory of {count} camera{'s' if count > 1 else ''}: {parts}")
    one = taken[0]
    yield Row("resident memory, one 1080p RTSP camera, the article's model", one["peak"], 120, "{:.0f} MB",
              f"VmHWM; VmRSS {one['rss']:.0f} MB, Pss {one['pss']:.0f} MB")
    slopes = {key: (taken[-1][key] - one[key]) / (LARGEST - 1) for key in one}
    yield Row("each further camera at 720p, same model", slopes["peak"], 25, "{:.1f} MB",
              f"VmHWM, slope over 1 to {LARGEST} cameras; VmRSS {slopes['rss']:.1f} MB, Pss {slopes['pss']:.1f} MB")
