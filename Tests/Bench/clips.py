"""The video that is read, and the RTSP server that sends it."""
import pathlib
import shutil
import subprocess

from children import BenchError, Child

SERVER = pathlib.Path(__file__).resolve().parent.parent / "Lab" / "rtsp_server.py"
# GStreamer's bindings belong to the system's Python, whatever runs the benchmark.
SYSTEM_PYTHON = "/usr/bin/python3"
LOOP_SECONDS = 10
MEGABITS = 5
STILL = "trim=end_frame=1,loop=-1:1,setpts=N/30/TB,fps=30"
# What a fixed outdoor camera shows: a scene full of detail that stands still, two things that cross it at different
# speeds, and a sensor's noise on every frame. testsrc2 and its kind are flat areas, which decode far too cheaply.
SCENE = (
    "color=gray:s={w4}x{h4}:r=1,noise=alls=60:all_seed=3,gblur=sigma=3,scale={w}x{h}:flags=bicubic,{still}[rough];"
    "color=gray:s={w}x{h}:r=1,noise=alls=25:all_seed=9,gblur=sigma=0.8,{still}[fine];"
    "color=0x5a4632:s={w20}x{h5}:r=30,noise=alls=40:all_seed=5[person];"
    "color=0x8a8a9a:s={w5}x{h6}:r=30,noise=alls=20:all_seed=6[van];"
    "[rough][fine]blend=all_mode=overlay[street];"
    "[street][person]overlay=x='mod(t*W/14,W*1.1)-W/20':y=H*0.57[walked];"
    "[walked][van]overlay=x='W-mod(t*W/4.5,W*1.3)':y='H*0.52+H/54*sin(t)',"
    "noise=alls=6:allf=t+u,format=yuv420p[out]"
)


def make_clip(folder, width, height, seconds, source=None):
    """An H.264 file of at least `seconds`, 30 frames a second, and its megabits a second: of `source` where it is
    given, else of the made-up scene. Encoded once, as cameras do (a key frame every 2 s, no B frames), and looped."""
    short, long = folder / f"short-{height}.mp4", folder / f"clip-{height}-{seconds}.mp4"
    if not short.exists():
        encode(short, width, height, source)
    ffmpeg("-stream_loop", int(seconds / LOOP_SECONDS) + 1, "-i", short, "-c", "copy", long)
    return long, short.stat().st_size * 8e-6 / LOOP_SECONDS


def encode(path, width, height, source):
    rate = MEGABITS * width * height / (1920 * 1080)
    if source:
        inputs = ["-stream_loop", "-1", "-i", source, "-vf", f"scale={width}:{height},fps=30,format=yuv420p", "-an"]
    else:
        sides = {"w": width, "h": height, "w4": width // 4, "h4": height // 4, "w20": width // 20, "w5": width // 5,
                 "h5": height // 5, "h6": height // 6, "still": STILL}
        inputs = ["-filter_complex", SCENE.format(**sides), "-map", "[out]"]
    ffmpeg(*inputs, "-t", LOOP_SECONDS, "-c:v", "libx264", "-preset", "veryfast", "-b:v", f"{rate}M", "-maxrate",
           f"{1.2 * rate}M", "-bufsize", f"{rate}M", "-g", 60, "-bf", 0, path)


def ffmpeg(*arguments):
    done = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *map(str, arguments)], stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise BenchError(f"ffmpeg could not make the video: {done.stderr.decode(errors='replace').strip()}")


def trouble():
    """Why streams can't be made and served here; None where they can."""
    if not shutil.which("ffmpeg"):
        return "ffmpeg is missing, which makes the video (apt-get install ffmpeg)"
    probe = "import gi; gi.require_version('GstRtspServer', '1.0')"
    try:
        done = subprocess.run([SYSTEM_PYTHON, "-c", probe], stderr=subprocess.DEVNULL)
    except OSError:
        return f"{SYSTEM_PYTHON} is missing, which serves the video"
    return None if done.returncode == 0 else "python3-gi and gir1.2-gst-rtsp-server-1.0 are missing (apt-get install)"


def serve(folder, **files):
    """A server that sends each file under its name from the beginning to each client; the child, and its address."""
    mounts = [part for name, file in files.items() for part in ("--mount", f"/{name}={file}")]
    child = Child("rtsp_server.py", [SYSTEM_PYTHON, SERVER, "--port", "0", *mounts], folder / "server.log",
                  stdout=subprocess.PIPE)
    address = child.process.stdout.readline().decode().strip()
    if not address:
        child.process.wait()
        child.check()
    return child, address
