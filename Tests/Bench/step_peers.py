#!/usr/bin/env python3
"""Time one step of a model beside ONNX Runtime, OpenVINO and PyTorch: the same network, weights and frames.

Run by bench_peers.py (part step) in the Python of $PEERS_PYTHON. zanzo-bench runs between the peers' rounds, so that all
meet the same machine; times are medians over all rounds, with the 99th percentile behind. Writes its rows as JSON.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

import numpy as np
import onnxruntime
import openvino
import torch
from PIL import Image

import torch_network
from step import has

STREET = "synthetic:street?seed=7&rate=15&size=640x480"
FRAMES, STEPS = 64, 100
Image.MAX_IMAGE_PIXELS = None


class Times:
    """Milliseconds of one way to step, over all rounds."""

    def __init__(self, milliseconds):
        self.median = statistics.median(milliseconds)
        self.p99 = sorted(milliseconds)[int(0.99 * (len(milliseconds) - 1))]

    def __str__(self):
        return f"{self.median:.2f} ms (p99 {self.p99:.2f})"


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{pathlib.Path(command[0]).name}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


class Ours:
    """zanzo-bench in one precision and with so many threads."""

    def __init__(self, asked, precision, threads):
        self.command = [asked.built / "zanzo-bench", "step", "--model", asked.folder / "model.safetensors", "--frames",
                        asked.strip, "--precision", precision, "--threads", threads, "--steps", 3 * STEPS]
        self.command += ["--cpu", "avx2"] if asked.avx2 else []
        self.medians = []

    def round(self):
        self.medians.append(float(run(*self.command, "--quiet").split()[-1]))

    def times(self):
        """The median of the rounds' medians; the 99th percentile is of one run more, which prints its table."""
        found = Times(self.medians)
        found.p99 = next(float(line.split()[2]) for line in run(*self.command).splitlines() if line.startswith("warm "))
        return found


def prepare(asked):
    """A copy of the model that int8 may run, and the frames that all run; made once for all runs in the folder."""
    asked.strip = asked.folder / "strips" / "strip-00000000.png"
    model = asked.folder / "model.safetensors"
    if not model.exists():
        network = torch_network.load(asked.model)
        run(asked.built / "zanzo", "record", STREET, "--frames", FRAMES, "--size", network.size, "--out",
            asked.folder / "strips")
        shutil.copyfile(asked.model, model)
        run(asked.built / "zanzo", "quantize", model, asked.strip)
    strip = np.asarray(Image.open(asked.strip).convert("L"))
    side = strip.shape[0]
    return torch_network.to_float(strip.reshape(side, -1, side).transpose(1, 0, 2))


def peers(paths, network, stream, threads):
    """What a user would pick instead, by name: {precision: {name: a function that steps once}}."""
    found = {"float32": {}, "int8": {}}
    first = stream.rows[0]
    for precision, path in zip(found, paths):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        request = openvino.Core().compile_model(path, "CPU", {
            "INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1,
            "INFERENCE_PRECISION_HINT": "f32"}).create_infer_request()
        found[precision]["OpenVINO"] = lambda request=request: request.infer(first)
        found[precision]["ONNX Runtime"] = lambda session=session: session.run(None, first)
    x, h = torch.from_numpy(first["x"])[None], torch.from_numpy(first["h"])

    def eager():
        with torch.inference_mode():
            network(x, h)

    found["float32"]["PyTorch"] = eager
    return found


def timed(step, count, warm=10):
    for _ in range(warm):
        step()
    times = []
    for _ in range(count):
        start = time.perf_counter()
        step()
        times.append(1e3 * (time.perf_counter() - start))
    return times


def compare(asked, paths, network, stream, threads):
    """Times by precision and name, ours under "Zanzo"."""
    torch.set_num_threads(threads)
    steps = peers(paths, network, stream, threads)
    if asked.avx2:
        del steps["int8"]
    ours = {precision: Ours(asked, precision, threads) for precision in steps}
    found = {precision: {name: [] for name in names} for precision, names in steps.items()}
    for number in range(asked.rounds):
        for precision, names in steps.items():
            ours[precision].round()
            for name, step in names.items():
                found[precision][name] += timed(step, STEPS)
        print(f"step: round {number + 1}/{asked.rounds}, {threads} at work", file=sys.stderr)
    return {precision: {"Zanzo": ours[precision].times()} | {name: Times(times) for name, times in names.items()}
            for precision, names in found.items()}


def row(what, value, bar, note):
    return {"what": what, "value": value, "bar": bar, "form": "{:.2f} ×", "note": note, "is_floor": True}


def against(asked, what, times, candidates, bar):
    """A row: the fastest of the candidates by ours."""
    fastest = min((name for name in times if name in candidates), key=lambda name: times[name].median)
    note = ", ".join(f"{name} {found}" for name, found in times.items())
    return row(f"{what}, {asked.weights}: {fastest} / Zanzo", times[fastest].median / times["Zanzo"].median, bar, note)


def step_rows(asked):
    frames = prepare(asked)
    network = torch_network.load(asked.model)
    stream = torch_network.Stream(network, frames)
    paths = torch_network.export(network, stream, asked.folder)
    if asked.avx2:
        times = compare(asked, paths, network, stream, 1)["float32"]
        # ONNX Runtime can't be told what to leave alone.
        held = {"OpenVINO", "PyTorch"} | (set() if has("avx512f") else {"ONNX Runtime"})
        return [against(asked, "step, float32, one thread, held to AVX2", times, held, 1.3)]
    with open("/proc/cpuinfo") as file:
        bar = 2.0 if "GenuineIntel" in file.read() else 1.4
    one = compare(asked, paths, network, stream, 1)
    rows = [against(asked, "step, float32, one thread", one["float32"], set(one["float32"]) - {"Zanzo"}, bar),
            against(asked, "step, int8, one thread", one["int8"], {"OpenVINO"}, 1.8)]
    if len(os.sched_getaffinity(0)) < 2:
        return rows
    two = compare(asked, paths, network, stream, 2)
    rows += [against(asked, f"step, {precision}, two threads", times, set(times) - {"Zanzo"}, None)
             for precision, times in two.items()]
    for precision, bar in (("float32", 1.6), ("int8", None)):
        a, b = one[precision]["Zanzo"], two[precision]["Zanzo"]
        rows.append(row(f"step, {precision}: our one thread / our two", a.median / b.median, bar, f"{a} / {b}"))
    return rows


def train_rows(asked):
    """The article's recipe, batch 16 and window 4: a step forward, backward and of Adam."""
    bench = asked.built / "zanzo-bench"
    if "train-step" not in run(bench, "--help"):
        print("skipped: training: this zanzo-bench has no train-step", file=sys.stderr)
        return []
    threads = min(2, len(os.sched_getaffinity(0)))
    torch.set_num_threads(threads)
    network = torch_network.load(asked.model).train()
    adam = torch.optim.Adam(network.parameters(), lr=1e-4, weight_decay=1e-5)
    frames = torch.from_numpy(prepare(asked)).reshape(16, 4, 1, network.size, network.size)
    zero = torch.zeros(1, 16, network.gru.hidden_size)

    def step():
        loss = torch.nn.functional.mse_loss(network(frames, zero)[0], frames)
        adam.zero_grad()
        loss.backward()
        adam.step()

    ours, theirs = [], []
    for _ in range(asked.rounds):
        said = run(bench, "train-step", "--batch", 16, "--window", 4, "--threads", threads, "--quiet")
        ours.append(float(said.split()[-1]))
        theirs += timed(step, 4, warm=1)
    a, b = Times(ours), Times(theirs)
    return [row(f"training step, batch 16, window 4, {threads} threads: PyTorch / Zanzo", b.median / a.median, 1.7,
                f"{b.median:.0f} ms / {a.median:.0f} ms")]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=pathlib.Path, required=True, help="the model file")
    parser.add_argument("--weights", default="", help="what a row says of the weights")
    parser.add_argument("--built", type=pathlib.Path, required=True, help="where zanzo and zanzo-bench are")
    parser.add_argument("--folder", type=pathlib.Path, required=True, help="a folder for what is made on the way")
    parser.add_argument("--rows", type=pathlib.Path, required=True, help="where the rows go")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--avx2", action="store_true", help="hold zanzo to AVX2; the environment holds the peers")
    parser.add_argument("--train", action="store_true", help="time training steps instead")
    asked = parser.parse_args()
    asked.rows.write_text(json.dumps(train_rows(asked) if asked.train else step_rows(asked)))


if __name__ == "__main__":
    main()
