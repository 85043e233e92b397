"""Clips for the benchmarks, made once and kept: what a fixed camera sends, without anybody's footage."""
import pathlib
import subprocess

# A fixed camera's picture: a detailed scene that stands still, things that move through it, and the sensor's noise in
# every frame, which is what makes decoding cost what it costs. The scene is one frame of a fractal.
SCENE = (
    "mandelbrot=size={w}x{h}:rate=1:start_scale=0.02:end_scale=0.02,trim=end_frame=1,loop=loop=-1:size=1,"
    "setpts=N/30/TB,fps=30,format=yuv420p[scene];"
    "testsrc2=size={bw}x{bh}:rate=30[box];"
    "color=gray:size={sw}x{sh}:rate=30[figure];"
    "[scene][box]overlay=x='mod(n*3\\,{w}+{bw})-{bw}':y={h}*0.55:shortest=0[one];"
    "[one][figure]overlay=x='{w}-mod(n*2\\,{w}+{sw})':y='{h}*0.4+20*sin(n/9)',noise=alls=4:allf=t,format=yuv420p"
)


def clip(folder, width, height, seconds=60, bitrate=4000, repeats=4):
    """A video of `seconds`, 30 frames a second, H.264 High at `bitrate` kbit/s, a key frame every 2 s and no B frames (as
    cameras send it), `repeats` times in a row. Returns its path."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{height}p30-{bitrate}k-{seconds}s-x{repeats}.mp4"
    if path.exists():
        return path
    once = folder / f"once-{height}.mp4"
    graph = SCENE.format(w=width, h=height, bw=width // 6, bh=height // 4, sw=width // 20, sh=height // 5)
    ffmpeg = ["ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-y"]
    print(f"making {path.name} (once)", flush=True)
    subprocess.run(
        ffmpeg + ["-filter_complex", graph, "-t", str(seconds), "-c:v", "libx264", "-preset", "veryfast",
                  "-tune", "zerolatency", "-x264-params", "sliced-threads=0:keyint=60:min-keyint=60:scenecut=0",
                  "-profile:v", "high", "-b:v", f"{bitrate}k", "-maxrate", f"{bitrate * 5 // 4}k",
                  "-bufsize", f"{bitrate * 2}k", once], check=True)
    part = folder / ("part-" + path.name)
    subprocess.run(ffmpeg + ["-stream_loop", str(repeats - 1), "-i", once, "-c", "copy", part], check=True)
    once.unlink()
    part.rename(path)
    return path
