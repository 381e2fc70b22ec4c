"""The largest files that are read at all, made so that reading them costs the most: 2 seconds and 500 MB."""

import io
import json
import subprocess
import sys

import numpy as np
import pytest

from mnistgd.model import weights_file
from mnistgd.model.settings import MAX_LAYERS, MAX_UNITS, Settings
from mnistgd.model.weights_file import build_record
from mnistgd.training import checkpoint
from mnistgd.training.run import initial_params

READ = """
import resource, sys, time
from pathlib import Path
from mnistgd.model import weights_file
from mnistgd.training import checkpoint, history
from mnistgd.errors import MnistgdError
begun = time.process_time()
try:
    {how}(Path(sys.argv[1]))
    outcome = "read"
except MnistgdError as error:
    outcome = error.message
try:
    # What resource tells begins at the size of the process that started this one.
    status = Path("/proc/self/status").read_text()
    peak = 1024 * int(status.partition("VmHWM:")[2].split()[0])
except (OSError, IndexError):
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(outcome, time.process_time() - begun, peak, sep="\\t")
"""

EPOCH = b'{"epoch":1,"step":1,"loss":1,"accuracy":1,"learning_rate":1,"seconds":1}\n'


def packed(**arrays):
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    return content.getvalue()


def record_of(size, inside, **known):
    """A record of as many bytes as are read: numpy takes four for each letter."""
    text = json.dumps(known | {"x": ["HERE"]})
    return text.replace(
        '"HERE"', inside.join([""] * ((size // 4 - len(text)) // len(inside))).strip(",") or "1"
    )


def largest_weights():
    settings = Settings(hidden=(MAX_UNITS,) * MAX_LAYERS, init="glorot_uniform")
    record = build_record(settings, tuple("0123456789"), data={"source": "", "sha256": ""}, results={})
    params = initial_params(settings, 10)
    arrays = {}
    for layer in range(1, MAX_LAYERS + 2):
        for part in ("weights", "bias"):
            arrays[f"{part}_{layer}"] = params[f"{settings.layer_prefix(layer)}{part}"]
    return packed(record=np.array(json.dumps(record)), **arrays)


def checkpoint_record(inside):
    known = {"kind": "checkpoint", "format": 1}
    return packed(record=np.array(record_of(checkpoint.RECORD_BYTES, inside, **known)))


LARGEST = {
    # A history takes the time of the epochs that it really holds; what is none ends it.
    "history of 60,000 epochs": (
        "history.read",
        lambda: b"".join(EPOCH.replace(b'"epoch":1', b'"epoch":%d' % (n + 1)) for n in range(60_000)),
    ),
    "history of many lines": ("history.read", lambda: b"\n" * 100_000_000),
    "history of one line": ("history.read", lambda: b"[" + b"[]," * 30_000_000 + b"1]"),
    "weights": ("weights_file.load", largest_weights),
    "weights with a long record": (
        "weights_file.load",
        lambda: packed(record=np.array(record_of(weights_file.RECORD_BYTES, "[],"))),
    ),
    "checkpoint of lists": ("checkpoint.load", lambda: checkpoint_record("[],")),
    "checkpoint of objects": ("checkpoint.load", lambda: checkpoint_record("{},")),
    "checkpoint of numbers": ("checkpoint.load", lambda: checkpoint_record("1.5,")),
}


@pytest.mark.parametrize(("how", "make"), LARGEST.values(), ids=LARGEST)
def test_the_largest_files(tmp_path, how, make):
    pytest.importorskip("resource")
    path = tmp_path / "file"
    path.write_bytes(make())
    command = [sys.executable, "-c", READ.format(how=how), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    outcome, seconds, peak = done.stdout.rstrip("\n").split("\t")
    assert float(seconds) < 2, outcome
    assert int(peak) < 500_000_000, outcome
    # No larger, or it would not have been looked at.
    assert not any(words in outcome for words in ("larger than", "more than the"))
