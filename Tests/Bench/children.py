"""Child processes of the benchmark: started here, measured through /proc, and ended whatever happens."""
import contextlib
import os
import signal
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")
RUNNING = []


class BenchError(Exception):
    """Something that a run cannot go on without: the text says what, and what to do."""


class Child:
    """A process with its log in a file; a context manager that ends it."""

    def __init__(self, name, arguments, log, **options):
        self.name, self.log = name, log
        with open(log, "ab") as output:
            self.process = subprocess.Popen(
                [str(argument) for argument in arguments], stdin=subprocess.DEVNULL,
                stdout=options.pop("stdout", output), stderr=output, start_new_session=True, **options)
        RUNNING.append(self)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        """SIGTERM to the whole group, SIGKILL after 5 s."""
        if self in RUNNING:
            RUNNING.remove(self)
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
            try:
                self.process.wait(5)
                break
            except subprocess.TimeoutExpired:
                continue
        if self.process.stdout:
            self.process.stdout.close()

    def check(self):
        """Fails where the process has ended, with its last words."""
        if self.process.poll() is not None:
            raise BenchError(f"{self.name} ended with status {self.process.returncode}: {self.last_words()}")

    def last_words(self):
        with open(self.log, errors="replace") as log:
            return " / ".join(log.read().strip().splitlines()[-4:]) or "it said nothing"

    def cpu_seconds(self):
        """User and system time of all its threads so far, those that have ended included."""
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory_mb(self):
        """Resident megabytes (10^6 bytes): the most ever (peak), now (rss), now with shared pages divided (pss)."""
        found = {}
        for path in ("status", "smaps_rollup"):
            with open(f"/proc/{self.process.pid}/{path}") as file:
                for line in file:
                    key, _, rest = line.partition(":")
                    if key in ("VmHWM", "VmRSS", "Pss"):
                        found[key] = int(rest.split()[0]) * 1024 / 1e6
        return {"peak": found["VmHWM"], "rss": found["VmRSS"], "pss": found["Pss"]}


def end_all():
    """Ends every child that still runs, the latest first."""
    for child in reversed(RUNNING[:]):
        child.end()


def until(condition, seconds, what, child=None):
    """Asks every 50 ms until `condition` gives something true, and returns it."""
    deadline = time.monotonic() + seconds
    while True:
        if child:
            child.check()
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise BenchError(f"not within {seconds} s: {what}" + (f"; {child.last_words()}" if child else ""))
        time.sleep(0.05)
