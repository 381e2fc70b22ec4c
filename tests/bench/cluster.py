"""Steps a second with and without workers, and what that foretells: ``python tests/bench/cluster.py``.

Workers are processes of this machine, on loopback; with more of them than processors they take turns. The
constants of the model are measured in the same run. Nothing here is asserted.
"""

from __future__ import annotations

import os
import time
from collections import deque
from itertools import islice
from typing import NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from mnistgd.datasets.dataset import Dataset
from mnistgd.datasets.load import load_dataset
from mnistgd.model.settings import Settings
from mnistgd.system.words import counted
from mnistgd.training.cluster.connection import Cluster, connected
from mnistgd.training.cluster.spread import spread
from mnistgd.training.run import Run

BATCHES = (100, 1_000, 10_000, 60_000)
WORKERS = (1, 2, 4)
SECONDS = 4.0
IMAGES = 8_100_000
MACHINES = (16, 64)
GIGABIT = 1e9 / 8


class Model(NamedTuple):
    """What a step takes with N workers: compute / N + N · asking + bytes / bandwidth.

    Attributes
    ----------
    image : float, the seconds that one machine takes for one image
    asking : float, the seconds that it takes to ask one worker more and to be answered
    params : int, the bytes of the weights, which go out to each worker; as many come back
    """

    image: float
    asking: float
    params: int

    def step(self, batch: int, machines: int, bandwidth: float) -> float:
        """Seconds of a step; all that is sent passes through one link of `bandwidth` bytes a second."""
        # A row number of four bytes goes out for each image, and a byte comes back.
        sent = 2 * self.params * machines + 5 * batch
        return batch * self.image / machines + machines * self.asking + sent / bandwidth


def rate(dataset: Dataset, batch: int, cluster: Cluster | None = None) -> float:
    """Steps a second of a run whose batches are of that size."""
    run = Run(dataset, Settings(batch_size=batch, epochs=10**6, schedule="constant", learning_rate=0.1))
    if cluster is not None:
        spread(run, cluster)
    reports = run.reports()
    deque(islice(reports, 3), maxlen=0)
    took, began = [], time.perf_counter()
    while time.perf_counter() < began + SECONDS:
        start = time.perf_counter()
        next(reports)
        took.append(time.perf_counter() - start)
    # The quickest tenth was not in the way of whatever else the machine does.
    return 1 / float(np.quantile(took, 0.1))


def of_an_image(dataset: Dataset) -> float:
    """Seconds of a processor that an image of the largest batch takes, whoever else uses it."""
    batch = BATCHES[-1]
    reports = Run(dataset, Settings(batch_size=batch, epochs=20)).reports()
    next(reports)
    start = time.process_time()
    deque(islice(reports, 10), maxlen=0)
    return (time.process_time() - start) / 10 / batch


def bandwidth(cluster: Cluster) -> float:
    """Bytes a second that one worker takes from here."""
    array = np.zeros((64_000_000,), np.uint8)
    start = time.perf_counter()
    cluster.send(cluster.workers[0], "bench", {"bytes": array})
    return array.nbytes / (time.perf_counter() - start)


def rounded(number: float, digits: int = 3) -> str:
    """To as many digits as a busy machine may claim."""
    return f"{float(f'{number:.{digits}g}'):,g}"


def main() -> None:
    """Print the tables, as the page has them."""
    dataset = load_dataset(offline=True)
    rates = {"no workers": [rate(dataset, batch) for batch in BATCHES]}
    for count in WORKERS:
        with connected(f"local:{count}") as cluster:
            rates[counted(count, "worker")] = [rate(dataset, batch, cluster) for batch in BATCHES]
            # So few images take hardly any time, but every worker has some of them.
            asking, wide = 1 / rate(dataset, 16 * count, cluster) / count, bandwidth(cluster)
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}\n")
    print("| images a batch | " + " | ".join(rates) + " |")
    print("|---|" + "---|" * len(rates))
    for place, batch in enumerate(BATCHES):
        print(f"| {batch:,} | " + " | ".join(f"{rounded(found[place])}" for found in rates.values()) + " |")
    image = of_an_image(dataset)
    model = Model(image, asking, 4 * (784 * 10 + 10))
    print(
        f"\none image takes {image * 1e6:.2f} µs, to ask {asking * 1e3:.2f} ms a worker, loopback {wide / 1e6:,.0f} MB/s\n"
    )
    heads = [f"{machines} at {gigabits} Gbit/s" for machines in MACHINES for gigabits in (1, 10)]
    print("| images a batch | 1 machine | " + " | ".join(heads) + " |")
    print("|---|---|" + "---|" * len(heads))
    for batch in (*BATCHES, IMAGES):
        alone = IMAGES * image
        cells = [
            IMAGES / batch * model.step(batch, machines, gigabits * GIGABIT)
            for machines in MACHINES
            for gigabits in (1, 10)
        ]
        print(f"| {batch:,} | {rounded(alone, 2)} | " + " | ".join(rounded(cell, 2) for cell in cells) + " |")


if __name__ == "__main__":
    main()
