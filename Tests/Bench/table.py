"""The rows of the report."""
import datetime
import os
import platform
from dataclasses import dataclass


@dataclass
class Row:
    """One measurement against its bar: met where `value` is at most `bar`, or at least where it `is_floor`; None is no bar."""

    what: str
    value: float
    bar: float | None
    form: str
    note: str = ""
    is_floor: bool = False

    @property
    def is_met(self):
        return self.bar is None or (self.value >= self.bar if self.is_floor else self.value <= self.bar)

    def markdown(self):
        bar = "" if self.bar is None else f"{'≥' if self.is_floor else '≤'} {self.form.format(self.bar)}"
        verdict = "" if self.bar is None else "pass" if self.is_met else "MISS"
        return f"| {self.what} | {self.form.format(self.value)} | {bar} | {verdict} | {self.note} |"


def machine():
    """The machine's name: processor, cores, kernel."""
    model = platform.processor() or platform.machine()
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    cores = len(os.sched_getaffinity(0))
    return f"{model}, {cores} core{'s' if cores > 1 else ''}, Linux {platform.release()}, {datetime.date.today()}"


def markdown(rows):
    """The table, as it stands in the README."""
    head = ["| what | figure | bar | | how |", "|---|---|---|---|---|"]
    return "\n".join(head + [row.markdown() for row in rows])
