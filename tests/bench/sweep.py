"""A sweep on two processors beside one after the other: ``python tests/bench/sweep.py [TRIALS EPOCHS ROUNDS]``.

40 trials of 10 epochs of MNIST unless said otherwise, with ``--jobs 1`` and ``--jobs 2`` in turn. By the clock the ratio
means something on an idle machine alone; the other one is of processor seconds: those of the command and of the job
that took most, beside those of all that one job does. Linux. Nothing here is asserted.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

TICKS = os.sysconf("SC_CLK_TCK")


class Measured(NamedTuple):
    """Seconds by the clock; of processors, if each job had its own; and the most memory of a job, in MB."""

    wall: float
    busiest: float
    anonymous: float
    private: float


def seconds(process: int) -> float:
    """Of a processor, that one has taken."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def megabytes(process: int, kind: str) -> float:
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(f"{kind}:")) * 1024 / 1e6


def swept(jobs: int, trials: int, epochs: int) -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        grid = ["--seed", f"0:{trials}", "--epochs", str(epochs), "--jobs", str(jobs)]
        words = ["sweep", "--offline", "--quiet", *grid, "--out", f"{folder}/sweep"]
        began = time.perf_counter()
        process = subprocess.Popen([sys.executable, "-m", "mnistgd", *words], stdout=subprocess.DEVNULL)
        used: dict[int, float] = {}
        anonymous = private = own = 0.0
        while process.poll() is None:
            with suppress(OSError):  # it may have ended in between
                own = seconds(process.pid)
                for child in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
                    used[int(child)] = seconds(int(child))
                    anonymous = max(anonymous, megabytes(int(child), "Anonymous"))
                    private = max(private, megabytes(int(child), "Private_Dirty"))
            time.sleep(0.05)
        wall = time.perf_counter() - began
    if process.returncode:
        raise SystemExit("the sweep failed")
    return Measured(wall, own + max(used.values()), anonymous, private)


def main() -> None:
    trials, epochs, rounds = map(int, sys.argv[1:] or (40, 10, 3))
    found = [(swept(1, trials, epochs), swept(2, trials, epochs)) for _ in range(rounds)]
    for name in ("wall", "busiest"):
        ratios = [getattr(two, name) / getattr(one, name) for one, two in found]
        pairs = ", ".join(f"{getattr(two, name):.1f} s : {getattr(one, name):.1f} s" for one, two in found)
        print(f"{name:8} {statistics.median(ratios):.2f} ({pairs})")
    both = [measured for pair in found for measured in pair]
    print(f"a job: {max(each.anonymous for each in both):.0f} MB anonymous, of these", end=" ")
    print(f"{max(each.private for each in both):.0f} MB its own")


if __name__ == "__main__":
    main()
