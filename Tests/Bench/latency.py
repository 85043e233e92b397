"""Time from a frame to its line at a subscriber of the socket.

A line's `time` is its frame's: for the synthetic camera the moment at which the frame is due, before it is drawn, as a
sensor's exposure would be; for a network camera the moment at which the decoder gave it. Arrival is when the subscriber's
recv returns. Both are the machine's UTC clock.
"""
import datetime
import math
import statistics
import time

import clips
from cpu import step_milliseconds
from daemon import Daemon, Listener
from table import Row

# Near to one another and not the same: real cameras run on clocks of their own, and meet in every phase.
RATES = (13, 14, 15, 16)
BAR = 50
LEAST_EVENTS = 100


def measure(bench):
    """Rows: the 99th percentile for every frame's score and for the events of anomalies, both with a model's step."""
    seconds = 15 if bench.quick else 120
    step = step_milliseconds(bench)
    cameras = {
        f"street{rate}": {"source": f"synthetic:street?seed={rate}&rate={rate}&size=640x480", "model": bench.model,
                          "rate": rate, "threshold": 1e9} for rate in RATES}
    lines = listen(bench, "latency-scores", cameras, 20)
    for name, keys in cameras.items():
        # The line lies in the middle of what this camera scores, and every frame decides: events start and end all
        # the time, each with its pictures.
        raw = [line["raw"] for _, line in lines if line.get("camera") == name]
        keys["threshold"] = f"{statistics.median(raw):.6g}"
        keys["detector"] = {"start_frames": 1, "start_window": 1, "release_level": 1.0, "release_frames": 1,
                            "merge_gap": "0s", "warm_up_frames": 0, "warm_up_time": "0s"}
    lines = listen(bench, "latency-events", cameras, seconds)
    scores = delays(lines, "dev.zanzo.score")
    events = delays(lines, "dev.zanzo.anomaly")
    if len(events) < LEAST_EVENTS and not bench.quick:
        bench.skip("latency of events", f"only {len(events)} came in {seconds} s; {LEAST_EVENTS} make a percentile")
        events = []
    what = f"{len(RATES)} cameras 640x480 at about 15 a second, the article's model"
    if scores:
        yield row(f"frame to score line on the socket, {what}", scores, step)
    if events:
        yield row(f"frame to event on the socket, same run, {len(events) / seconds:.1f} events a second, their pictures on disk first", events, step)
    if why := clips.trouble():
        return bench.skip("latency of a network camera", why)
    yield from measure_stream(bench, seconds, step)


def measure_stream(bench, seconds, step):
    clip, _ = clips.make_clip(bench.folder, 1920, 1080, seconds + 60, bench.clip)
    server, address = clips.serve(bench.folder, camera=clip)
    keys = {"source": f"{address}/camera", "model": bench.model, "rate": 15, "threshold": 1e9}
    with server:
        lines = listen(bench, "latency-stream", {"stream": keys}, seconds)
    yield row("decoded frame to score line, one 1080p30 RTSP camera, 15 a second", delays(lines, "dev.zanzo.score"), step)


def listen(bench, name, cameras, seconds):
    """Every line in `seconds`, with scores, after the cameras' first two seconds."""
    with Daemon(bench.built, bench.folder / name, cameras) as daemon:
        daemon.until_online()
        time.sleep(2)
        listener = Listener(daemon, {"scores": True})
        time.sleep(seconds)
        return listener.stop()


def delays(lines, kind):
    """Milliseconds from frame to arrival of each line whose type begins with `kind`, in order of length."""
    return sorted(1000 * (arrived - instant(line["time"])) for arrived, line in lines
                  if line.get("type", "").startswith(kind))


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def row(what, delays, step):
    p99 = delays[math.ceil(0.99 * len(delays)) - 1]
    return Row(what, p99, BAR + step, "{:.1f} ms",
               f"p99 of {len(delays)}; median {statistics.median(delays):.1f} ms, most {delays[-1]:.1f} ms; "
               f"the bar is {BAR} ms and the step's {step:.1f} ms")
