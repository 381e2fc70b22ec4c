"""Speed and memory, as ratios taken in one run: ``python tests/bench/bench.py``.

Absolute times mean little on a shared machine; what counts is each figure beside the one it is held
against, taken in turn with it. Nothing here is asserted.
"""

from __future__ import annotations

import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from PIL import Image

from mnistgd.datasets.load import load_dataset
from mnistgd.engine.metrics import accuracy
from mnistgd.model.settings import Settings
from mnistgd.training.run import Run

ROUNDS = 5
EPOCHS = 3


def plainly(images: np.ndarray, labels: np.ndarray, epochs: int, batch: int = 100) -> np.ndarray:
    """Softmax regression as one would write it for this case alone."""
    rng = np.random.default_rng(0)
    weights, bias = np.zeros((784, 10), np.float32), np.zeros(10, np.float32)
    rows, steps, step = np.arange(batch), epochs * (len(images) // batch), 0
    for _ in range(epochs):
        order = rng.permutation(len(images))
        for start in range(0, len(images), batch):
            chosen = order[start : start + batch]
            inputs = images[chosen].astype(np.float32) * np.float32(1 / 255)
            p = inputs @ weights + bias
            p -= p.max(axis=1, keepdims=True)
            np.exp(p, out=p)
            p /= p.sum(axis=1, keepdims=True)
            p[rows, labels[chosen]] -= 1
            p *= np.float32((1 - step / steps) / batch)
            weights -= inputs.T @ p
            bias -= p.sum(axis=0)
            step += 1
    return np.vstack([weights, bias])


def by_hand(images: np.ndarray, labels: np.ndarray, epochs: int, batch: int = 100) -> np.ndarray:
    """The same as fast as NumPy alone can do it, as far as is known; it tells neither loss nor accuracy.

    Products are transposed, so that sums over the classes run along long rows; 1/255 is folded into the
    outputs and their gradient; everything happens in place.
    """
    rng = np.random.default_rng(0)
    weights, bias = np.zeros((10, 784), np.float32), np.zeros((10, 1), np.float32)
    columns, places = np.arange(batch), labels.astype(np.intp) * batch
    steps, step, scale = epochs * (len(images) // batch), 0, np.float32(1 / 255)
    for _ in range(epochs):
        order = rng.permutation(len(images))
        for start in range(0, len(images), batch):
            chosen = order[start : start + batch]
            inputs = images.take(chosen, axis=0).astype(np.float32)
            p = weights @ inputs.T
            p *= scale
            p += bias
            p -= p.max(axis=0)
            np.exp(p, out=p)
            p /= p.sum(axis=0)
            p.reshape(-1)[places[chosen] + columns] -= 1
            p *= np.float32((1 - step / steps) / batch)
            bias -= p.sum(axis=1, keepdims=True)
            p *= scale
            weights -= p @ inputs
            step += 1
    return np.vstack([weights.T, bias.T])


def seconds(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def alternately(first: Callable[[], object], second: Callable[[], object]) -> tuple[float, float, float]:
    """Median seconds of both, taken in turn, and the median of the ratios."""
    pairs = [(seconds(first), seconds(second)) for _ in range(ROUNDS)]
    return (
        statistics.median(a for a, _ in pairs),
        statistics.median(b for _, b in pairs),
        statistics.median(a / b for a, b in pairs),
    )


def engine() -> None:
    """An epoch of training beside what the same takes by hand."""
    data = load_dataset(offline=True)
    images, labels = np.asarray(data.train_images).reshape(-1, 784), data.train_labels
    tests = data.test_images.reshape(-1, 784) / np.float32(255)

    def ours() -> None:
        Run(data, Settings(epochs=EPOCHS)).finish()

    for name, hand in (("the fastest loop", by_hand), ("a plain loop", plainly)):
        hand(images, labels, 1)
        a, b, ratio = alternately(ours, lambda: hand(images, labels, EPOCHS))  # noqa: B023
        ours_ms, hand_ms = a / EPOCHS * 1e3, b / EPOCHS * 1e3
        trained = hand(images, labels, 10)
        score = accuracy(tests @ trained[:-1] + trained[-1], data.test_labels)
        print(f"epoch {ours_ms:6.1f} ms   {name} {hand_ms:6.1f} ms ({score:.2%})   ratio {ratio:.2f}")


def classifiers() -> None:
    """The scikit-learn classifier beside those of scikit-learn: ten passes over MNIST, once each, and 64 hidden units."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression, SGDClassifier
    from sklearn.neural_network import MLPClassifier

    from mnistgd import GradientDescentClassifier

    warnings.simplefilter("ignore", ConvergenceWarning)  # ten passes are what was asked for
    data = load_dataset(offline=True)
    inputs, tests = (
        images.reshape(-1, 784) / np.float32(255) for images in (data.train_images, data.test_images)
    )
    for model in (
        GradientDescentClassifier(),
        SGDClassifier(loss="log_loss", max_iter=10, tol=None, random_state=0),
        LogisticRegression(solver="saga", C=np.inf, max_iter=10, random_state=0),
        GradientDescentClassifier(hidden=64),
        MLPClassifier(64, batch_size=100, max_iter=10, random_state=0),
    ):
        start = time.process_time()  # each is tried once: what else the machine does counts for nothing
        model.fit(inputs, data.train_labels)
        taken, score = time.process_time() - start, model.score(tests, data.test_labels)
        print(f"{str(model).partition('(')[0]:26} {taken:6.1f} s of a processor   {score:.2%}")


# The same training in PyTorch, with as many threads and hidden units as the command line says.
TORCH = """
import sys
import numpy as np, torch
from mnistgd.datasets.load import load_dataset
threads, hidden = map(int, sys.argv[1:])
torch.set_num_threads(threads); torch.manual_seed(0)
d = load_dataset(offline=True)
x = torch.from_numpy(d.train_images.reshape(-1, 784).copy()); y = torch.from_numpy(d.train_labels.astype(np.int64))
if hidden:
    net = torch.nn.Sequential(torch.nn.Linear(784, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, 10))
else:
    net = torch.nn.Linear(784, 10); torch.nn.init.zeros_(net.weight)
rate = 0.5 if hidden else 1.0
sgd = torch.optim.SGD(net.parameters(), lr=rate)
plan = torch.optim.lr_scheduler.LambdaLR(sgd, lambda s: 1 - s / 6000)
for _ in range(10):
    for chosen in torch.randperm(60000).split(100):
        sgd.zero_grad()
        torch.nn.functional.cross_entropy(net(x[chosen].float() / 255), y[chosen]).backward()
        sgd.step(); plan.step()
"""


def beside_pytorch() -> None:
    """Whole processes in turn with PyTorch's, the better of one and two threads."""
    with tempfile.TemporaryDirectory() as folder:
        train = [sys.executable, "-m", "mnistgd", "train", "--offline", "--quiet", "--out", f"{folder}/w.npz"]
        for hidden in (0, 64):
            ours = train + (["--hidden", str(hidden)] if hidden else [])
            ratios = []
            for threads in (1, 2):
                theirs = [sys.executable, "-c", TORCH, str(threads), str(hidden)]
                a, b, ratio = alternately(lambda: run(ours, {}), lambda: run(theirs, {}))  # noqa: B023
                ratios.append(ratio)
                print(
                    f"hidden {hidden:2}   train {a:5.2f} s   PyTorch, {threads} threads {b:5.2f} s   ratio {ratio:.3f}"
                )
            print(f"hidden {hidden:2}   beside the better of both: {max(ratios):.3f}")


def processes() -> None:
    """Whole commands, from start to exit, and their peak memory."""
    with tempfile.TemporaryDirectory() as folder:
        weights = str(Path(folder) / "weights.npz")
        empty = {"MNISTGD_CACHE": str(Path(folder) / "cache")}
        mnistgd = [sys.executable, "-m", "mnistgd"]
        pictures = drawn(1000, Path(folder))
        train = [*mnistgd, "train", "--offline", "--quiet", "--out", weights]
        commands = {
            "train, empty cache": (train, empty),
            "train": (train, {}),
            "show-weights 2": (
                [*mnistgd, "show-weights", "2", "--weights", weights, "--out", f"{folder}/2.png"],
                {},
            ),
            "predict, one picture": ([*mnistgd, "predict", pictures[0], "--weights", weights], {}),
            "predict, 1000": ([*mnistgd, "predict", *pictures, "--weights", weights, "--json"], {}),
            "explain, one picture": (
                [*mnistgd, "explain", pictures[0], "--weights", weights, "--out", f"{folder}/why.png"],
                {},
            ),
            "--help": ([*mnistgd, "--help"], {}),
        }
        for name, (command, env) in commands.items():
            rounds = 1 if env else ROUNDS
            times = [seconds(lambda: run(command, env)) for _ in range(rounds)]  # noqa: B023
            print(f"{name:22} {statistics.median(times):7.2f} s    peak {run(command, env):5.0f} MB")


def drawn(count: int, folder: Path) -> list[str]:
    """Files of test images as people would hand them in: large, dark on light, with a margin."""
    files = []
    for index, image in enumerate(load_dataset(offline=True).test_images[:count]):
        large = Image.fromarray(255 - np.pad(image, 6)).resize((200, 200), Image.Resampling.BICUBIC)
        files.append(str(folder / f"picture-{index}.png"))
        large.save(files[-1])
    return files


# A process starts with the peak of the one that forks it; this one is small.
LAUNCHER = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def run(command: list[str], env: dict[str, str]) -> float:
    """Run a command to its end; its peak memory in MB."""
    launcher = [sys.executable, "-S", "-c", LAUNCHER, *command]
    done = subprocess.run(launcher, env=os.environ | env, capture_output=True, text=True, check=True)
    code, peak = map(int, done.stdout.split())
    if code:
        raise SystemExit(f"{' '.join(command)[:80]} failed")
    return peak * (1 if sys.platform == "darwin" else 1024) / 1e6


if __name__ == "__main__":
    engine()
    classifiers()
    processes()
    if importlib.util.find_spec("torch"):
        beside_pytorch()
