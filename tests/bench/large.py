"""Training on ten million images beside MNIST: ``python tests/bench/large.py FOLDER``.

In FOLDER, which needs 7 GB, sets of 60,000, 600,000 and 8,100,000 images to train are made of MNIST's, as raw
IDX files. Each is trained on for as many steps, in turn with the least. Images a second are those of a second of
the processor, and what the system does to bring pages counts in: on a machine that others use a second of the
clock says little. Nothing here is asserted.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from mnistgd.datasets.load import load_dataset

ROWS = (60_000, 600_000, 8_100_000)
ROUNDS = 5

# One set: the seconds until the first step is done, and the images a second of all steps that follow; then the test.
TRAIN = """
import sys, time
from mnistgd.datasets.load import load_dataset
from mnistgd.model.settings import Settings
from mnistgd.training.result import finished_model
from mnistgd.training.run import Run

run = Run(load_dataset(sys.argv[1]), Settings(epochs=int(sys.argv[2])))
reports = run.reports()
next(reports)
first = time.time() - float(sys.argv[3])
begin = time.process_time()
for now in reports:
    pass
print(first, (run.steps - 1) * run.batch_size / (time.process_time() - begin))
finished_model(now)
"""


class Measured(NamedTuple):
    """Seconds until the first step is done, images a second, and the most anonymous memory in MB."""

    first: float
    rate: float
    memory: float


def make(folder: Path, rows: int) -> None:
    """Four IDX files; each image is one of MNIST's, moved by a few pixels."""
    mnist = load_dataset(offline=True)
    folder.mkdir(parents=True, exist_ok=True)
    parts = {
        "train": (mnist.train_images, mnist.train_labels),
        "t10k": (mnist.test_images, mnist.test_labels),
    }
    for name, (images, labels) in parts.items():
        count = rows if name == "train" else len(images)
        head = np.array([count, 28, 28], ">u4").tobytes()
        path = folder / f"{name}-images-idx3-ubyte"
        if path.is_file() and path.stat().st_size == 16 + count * 784:
            continue
        with path.open("wb") as file:
            file.write(b"\0\0\x08\x03" + head)
            for start in range(0, count, len(images)):
                turn = start // len(images)
                moved = np.roll(images, (turn % 5 - 2, turn // 5 % 5 - 2) if turn else 0, axis=(1, 2))
                file.write(moved[: count - start].data)
        repeated = np.resize(labels, count)
        (folder / f"{name}-labels-idx1-ubyte").write_bytes(b"\0\0\x08\x01" + head[:4] + repeated.tobytes())


def trained(folder: Path, epochs: int) -> Measured:
    """Train in a process of its own."""
    command = [sys.executable, "-c", TRAIN, str(folder), str(epochs), str(time.time())]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    status, most = Path(f"/proc/{process.pid}/status"), 0
    while process.poll() is None:
        lines = [line.split() for line in status.read_text().splitlines() if line.startswith("RssAnon")]
        most = max([most, *(int(line[1]) for line in lines)])
        time.sleep(0.05)
    if process.returncode:
        raise SystemExit(f"training on {folder} failed")
    first, rate = map(float, process.stdout.read().split())
    return Measured(first, rate, most * 1024 / 1e6)


def main() -> None:
    place = Path(sys.argv[1])
    os.environ["MNISTGD_CACHE"] = str(place / "cache")
    load_dataset(offline=True)
    for rows in ROWS:
        make(place / str(rows), rows)
    # The first time the large sets are looked at; of these figures only how long that takes counts.
    looked = [trained(place / str(rows), 1) for rows in ROWS]
    rounds = [[trained(place / str(rows), max(ROWS) // rows) for rows in ROWS] for _ in range(ROUNDS)]
    print(
        "| images to train | images/s | beside 60,000 | memory | first step, first time | first step, later |"
    )
    print("|---|---|---|---|---|---|")
    for column, rows in enumerate(ROWS):
        runs = [each[column] for each in rounds]
        ratios = [each[column].rate / each[0].rate for each in rounds]
        print(
            f"| {rows:,} | {statistics.median(run.rate for run in runs):,.0f} "
            f"| {statistics.median(ratios):.2f} ({', '.join(f'{ratio:.2f}' for ratio in ratios)}) "
            f"| {max(run.memory for run in runs):.0f} MB | {looked[column].first:.1f} s "
            f"| {statistics.median(run.first for run in runs):.1f} s |"
        )


if __name__ == "__main__":
    main()
