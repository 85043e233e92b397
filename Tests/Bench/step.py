"""The network's step beside ONNX Runtime, OpenVINO and PyTorch, where there is a Python that has them."""
import json
import os
import pathlib
import subprocess

from children import BenchError
from table import Row

SCRIPT = pathlib.Path(__file__).resolve().parent / "step_peers.py"
NEEDED = ("torch", "onnx", "onnxruntime", "openvino", "safetensors", "numpy", "PIL", "sympy")
RECIPE = ("python3 -m venv peers && peers/bin/pip install torch onnx onnxruntime openvino safetensors numpy pillow sympy"
          " (6 GB), then make bench-step PEERS_PYTHON=peers/bin/python")
# oneDNN (OpenVINO, PyTorch) and ATen (PyTorch) look at these when they are loaded.
AVX2 = {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"}


def measure(bench):
    """Rows: how many times as long the faster peer takes as our step, in each precision and number of threads."""
    python = os.environ.get("PEERS_PYTHON")
    if why := trouble(python):
        return bench.skip("the network's step beside its peers", f"{why}: {RECIPE}")
    folder = bench.folder / "step"
    folder.mkdir()
    runs = [([], {})]
    if has("avx2"):
        runs.append((["--avx2"], AVX2))
    if bench.train:
        runs.append((["--train"], {}))
    for number, (flags, environment) in enumerate(runs):
        report = folder / f"rows-{number}.json"
        command = [python, SCRIPT, "--model", bench.model, "--weights", bench.weights, "--built", bench.built,
                   "--folder", folder, "--rounds", str(bench.rounds), "--rows", report, *flags]
        done = subprocess.run([str(word) for word in command], env=os.environ | environment)
        if done.returncode != 0:
            raise BenchError(f"{SCRIPT.name} ended with status {done.returncode}: its last words are above")
        for row in json.loads(report.read_text()):
            yield Row(**row)
    return None


def trouble(python):
    """Why the peers can't be run; None where they can."""
    if not python:
        return "PEERS_PYTHON names no Python"
    try:
        done = subprocess.run([python, "-c", "import " + ", ".join(NEEDED)], capture_output=True, text=True)
    except OSError as error:
        return f"PEERS_PYTHON={python}: {error.strerror}"
    if done.returncode == 0:
        return None
    return f"PEERS_PYTHON={python}: {(done.stderr.strip().splitlines() or ['it failed'])[-1]}"


def has(flag):
    """Whether this processor has a feature, by its name in /proc/cpuinfo."""
    with open("/proc/cpuinfo") as file:
        return any(flag in line.split() for line in file if line.startswith("flags"))
