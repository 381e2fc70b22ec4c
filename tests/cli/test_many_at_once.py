"""Many runs at once that share a cache and a weights file, and caches that cannot be written."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mnistgd.model import weights_file

RUNS = 10


def command(*arguments):
    return [sys.executable, "-m", "mnistgd", *map(str, arguments)]


def test_ten_that_begin_with_nothing(shell, tmp_path):
    """Each succeeds; the weights are those of one of them, whole, and the cache is as one alone leaves it."""
    out = tmp_path / "w.npz"
    options = ["train", "--offline", "--epochs", "1", "--batch-size", "600", "--json", "--out", out]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    runs = [subprocess.Popen(command(*options, "--seed", seed), **streams) for seed in range(RUNS)]
    answers = []
    for run in runs:
        stdout, stderr = run.communicate(timeout=200)
        assert run.returncode == 0, stderr
        assert "error" not in stderr
        answers.append(json.loads(stdout))

    assert [path.name for path in tmp_path.iterdir()] == ["w.npz"]
    model = weights_file.load(out)
    whose = answers[model.settings.seed]
    assert model.record["results"]["test_accuracy"] == whose["test_accuracy"]
    verified = shell("verify", out, "--offline", "--json", "--quiet")
    assert verified.json["verdict"] == "identical"

    cached = shell("data", "verify", "--json")
    assert cached.code == 0, cached.stderr
    left = sorted(path.name for path in Path(os.environ["MNISTGD_CACHE"]).iterdir())
    assert left == ["mnist-images.npy", "mnist-labels.npy", "mnist.json"]


@pytest.fixture
def small_disk(tmp_path):
    """A disk with room for a weights file, and none for MNIST."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", place]
    if sys.platform != "linux" or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only who administers a Linux machine can have a disk made")
    yield place
    subprocess.run(["umount", place], check=True)


def trains_without_a_cache(cache, out, words, **how):
    options = ["train", "--offline", "--epochs", "1", "--batch-size", "600", "--out", out]
    done = subprocess.run(
        command(*options),
        env=os.environ | {"MNISTGD_CACHE": str(cache)},
        capture_output=True,
        text=True,
        **how,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("test accuracy")
    (said,) = [line for line in done.stderr.splitlines() if "a cache" in line]
    assert said.startswith("cannot write ")
    assert words in said
    assert said.endswith("going on without a cache")
    assert weights_file.load(out).class_names == tuple("0123456789")


def test_a_cache_on_a_disk_without_room(small_disk):
    trains_without_a_cache(small_disk / "cache", small_disk / "w.npz", "no space left on device")
    assert not list((small_disk / "cache").glob("*.tmp")) + list((small_disk / "cache").glob(".*"))


def test_a_cache_whose_files_may_not_be_so_large(tmp_path):
    resource = pytest.importorskip("resource")
    million = 1_000_000

    def lower():
        resource.setrlimit(resource.RLIMIT_FSIZE, (million, million))

    trains_without_a_cache(tmp_path / "cache", tmp_path / "w.npz", "file too large", preexec_fn=lower)
    assert not list((tmp_path / "cache").glob(".*"))


def test_a_cache_that_cannot_be(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    trains_without_a_cache(tmp_path / "file" / "cache", tmp_path / "w.npz", "not a directory")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_cache_that_may_not_be_written(tmp_path):
    (tmp_path / "locked").mkdir(mode=0o555)
    trains_without_a_cache(tmp_path / "locked" / "cache", tmp_path / "w.npz", "permission denied")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="this system has no /proc")
def test_a_cache_where_nothing_can_be_made(tmp_path):
    trains_without_a_cache("/proc/mnistgd", tmp_path / "w.npz", "cannot write /proc/mnistgd")
