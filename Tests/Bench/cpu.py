"""CPU of one 1080p30 H.264 RTSP stream: zanzod, less its network's steps, beside ffmpeg and Motion."""
import shutil
import statistics
import subprocess
import time

from children import BenchError, Child, until
from clips import make_clip, serve
from daemon import Daemon
from table import Row

RATE = 15
WARM_UP = 4


def measure(bench):
    """Rows for each peer: the median over the rounds of zanzod's share of a core by the peer's."""
    clip, megabits = make_clip(bench.folder, 1920, 1080, bench.seconds + 40, bench.clip)
    server, address = serve(bench.folder, camera=clip)
    url = f"{address}/camera"
    readers = {"zanzod": read_with_zanzod, "ffmpeg": read_with_ffmpeg}
    if shutil.which("motion"):
        readers["motion"] = read_with_motion
    else:
        bench.skip("CPU against Motion", "motion is missing (apt-get install motion)")
    shares = {name: [] for name in readers}
    with server:
        for number in range(bench.rounds):
            order = list(readers) if number % 2 == 0 else list(reversed(readers))
            for name in order:
                folder = bench.folder / f"cpu-{number}-{name}"
                share, note = readers[name](bench, url, folder)
                shares[name].append(share)
                bench.say(f"round {number + 1}/{bench.rounds} {name}: {share:.2f} % of a core{note}")
    context = f"1080p30 H.264, {megabits:.1f} Mbit/s"
    ours = statistics.median(shares["zanzod"])
    for name, title, bar in (("ffmpeg", "ffmpeg decoding alone", 1.15), ("motion", "Motion", 1.0)):
        if name in shares:
            ratio = statistics.median(a / b for a, b in zip(shares["zanzod"], shares[name]))
            yield Row(
                f"CPU, {context}, scored {RATE} a second, less the network's steps: zanzod / {title}", ratio, bar,
                "{:.2f} ×", f"{ours:.1f} % / {statistics.median(shares[name]):.1f} % of a core, {bench.rounds} rounds")


def watch(child, seconds):
    """Percent of a core that the child takes over `seconds`, after its warm-up."""
    time.sleep(WARM_UP)
    child.check()
    start, before = time.monotonic(), child.cpu_seconds()
    time.sleep(seconds)
    child.check()
    return 100 * (child.cpu_seconds() - before) / (time.monotonic() - start)


def read_with_zanzod(bench, url, folder):
    step = step_milliseconds(bench)
    # No score reaches the line: frames are judged, and no event adds its pictures.
    keys = {"source": url, "model": bench.model, "rate": RATE, "threshold": 1e9}
    with Daemon(bench.built, folder, {"camera": keys}) as daemon:
        daemon.until_online()
        time.sleep(WARM_UP)
        first, start, spent = daemon.next_frames(), time.monotonic(), -daemon.cpu_seconds()
        # Whole seconds, because the daemon's counts are written once a second.
        time.sleep(bench.seconds - 0.1)
        last, took = daemon.next_frames(), time.monotonic() - start
        spent += daemon.cpu_seconds()
    step = (step + step_milliseconds(bench)) / 2
    steps, frames = (last[kind] - first[kind] for kind in ("scored", "received"))
    if not 0.95 * RATE < steps / took < 1.05 * RATE:
        raise BenchError(f"zanzod scored {steps / took:.1f} frames a second, not {RATE}: is the machine too busy?")
    network = 0.1 * step * steps / took
    note = f", after {network:.2f} % for {steps} steps of {step:.2f} ms; {frames / took:.1f} frames a second"
    return 100 * spent / took - network, note


def step_milliseconds(bench):
    """The network's step alone, by zanzo-bench, in this minute."""
    command = [bench.built / "zanzo-bench", "step", "--model", bench.model, "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise BenchError(f"zanzo-bench: {done.stderr.strip()}")
    return float(done.stdout)


def read_with_ffmpeg(bench, url, folder):
    folder.mkdir()
    command = ["ffmpeg", "-nostdin", "-loglevel", "error", "-rtsp_transport", "tcp", "-threads", "1", "-i", url,
               "-f", "null", "-"]
    with Child("ffmpeg", command, folder / "log") as child:
        return watch(child, bench.seconds), ""


def read_with_motion(bench, url, folder):
    """Motion as its manual has it for this stream: it detects on every second frame and writes nothing. By default
    it would read only `framerate` of the 30 frames a second and fall ever further behind; its manual asks for a
    capture_rate a little above the camera's rate."""
    folder.mkdir()
    settings = {
        "daemon": "off", "netcam_url": url, "netcam_params": "capture_rate=31,rtsp_transport=tcp", "width": 1920,
        "height": 1080, "framerate": RATE, "picture_output": "off", "movie_output": "off", "webcontrol_port": 0,
        "stream_port": 0, "target_dir": folder, "log_level": 6}
    config = folder / "motion.conf"
    config.write_text("".join(f"{key} {value}\n" for key, value in settings.items()))
    log = folder / "log"
    with Child("motion", ["motion", "-n", "-c", config], log) as child:
        until(lambda: " connected" in log.read_text(errors="replace"), 30, "Motion's connection", child)
        return watch(child, bench.seconds), ""
