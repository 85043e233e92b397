#!/usr/bin/env python3
"""Measure Zanzo beside its peers, in one run: CPU, memory, latency, sixteen cameras, the step. Prints a Markdown table.

    Tests/Bench/bench_peers.py [--only cpu,memory,latency,cameras,step] [--rounds 5] [--seconds 20] [--quick] [--train]

Exit status: 0 where every bar was met, 1 where one was missed, 2 where the run could not be made. A peer that is not
installed is left out, and the last line says so. The video is a made-up street unless $ZANZO_BENCH_CLIP names a file;
the model has the article's topology and random weights unless --model names one. The step's peers live in the Python
that $PEERS_PYTHON names.
"""
import argparse
import json
import os
import pathlib
import shutil
import signal
import sys
import tempfile

import cameras
import clips
import cpu
import latency
import memory
import model_file
import step
import table
from children import BenchError, end_all

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PARTS = {"cpu": cpu.measure, "memory": memory.measure, "latency": latency.measure, "cameras": cameras.measure,
         "step": step.measure}
NEEDS_STREAMS = {"cpu", "memory"}


class Bench:
    """What every part is told, and what it tells."""

    def __init__(self, arguments, folder):
        self.folder = folder
        self.built = arguments.built.resolve()
        self.quick = arguments.quick
        self.rounds, self.seconds = (2, 8) if arguments.quick else (arguments.rounds, arguments.seconds)
        self.clip = os.environ.get("ZANZO_BENCH_CLIP")
        self.small_model = ROOT / "config" / "demo.safetensors"
        self.skipped = []
        self.train = arguments.train
        self.weights = pathlib.Path(arguments.model).name if arguments.model else "random weights"
        self.model = arguments.model
        if not self.model:
            self.model = folder / "article.safetensors"
            model_file.write(self.model)
        self.model = pathlib.Path(self.model).resolve()

    @staticmethod
    def say(text):
        print(text, file=sys.stderr, flush=True)

    def skip(self, what, why):
        self.skipped.append(what)
        self.say(f"skipped: {what}: {why}")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(PARTS), help="parts to measure, by commas: " + ", ".join(PARTS))
    parser.add_argument("--rounds", type=int, default=5, help="rounds of the CPU's and the step's comparison")
    parser.add_argument("--seconds", type=int, default=20, help="seconds of each of its readings")
    parser.add_argument("--quick", action="store_true", help="short times that try the program, and measure little")
    parser.add_argument("--train", action="store_true", help="time PyTorch's training step as well (part step)")
    parser.add_argument("--model", help="a model of the article's topology")
    parser.add_argument("--built", type=pathlib.Path, default=ROOT / ".build" / "release", help="where zanzod is")
    parser.add_argument("--json", metavar="FILE", help="write the rows there as well")
    found = parser.parse_args()
    found.only = found.only.split(",")
    unknown = [part for part in found.only if part not in PARTS]
    if unknown:
        parser.error(f"--only {unknown[0]}: there is no such part; there are {', '.join(PARTS)}")
    return found


def run(asked, folder):
    bench = Bench(asked, folder)
    for name in ("zanzod", "zanzo", "zanzo-bench"):
        if not (bench.built / name).exists():
            raise BenchError(f"{bench.built / name} is missing: run make build first")
    rows = []
    for part in asked.only:
        if part in NEEDS_STREAMS and (why := clips.trouble()):
            bench.skip(part, why)
            continue
        for row in PARTS[part](bench):
            rows.append(row)
            bench.say(row.markdown())
    print(f"\nOn {table.machine()}:\n\n{table.markdown(rows)}\n")
    if asked.json:
        pathlib.Path(asked.json).write_text(json.dumps(
            {"machine": table.machine(), "skipped": bench.skipped,
             "rows": [vars(row) | {"is_met": row.is_met} for row in rows]}, indent=1, ensure_ascii=False) + "\n")
    missed = sum(not row.is_met for row in rows)
    left_out = f"; NOT measured: {', '.join(bench.skipped)}" if bench.skipped else ""
    print(f"{len(rows)} measured, {missed} missed{left_out}")
    return 1 if missed else 0


def main():
    asked = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="zanzo-bench-"))
    try:
        return run(asked, folder)
    except BenchError as error:
        print(f"bench-peers: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    finally:
        end_all()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
