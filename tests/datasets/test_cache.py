"""The cache: what comes out is what went in, or is not used."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnistgd.datasets.cache import Cache, default_folder
from mnistgd.errors import OutputError

SHA256 = "5b92582eb909c82a" * 4
IMAGES = np.arange(4 * 784, dtype=np.uint32).astype(np.uint8).reshape(4, 28, 28)
LABELS = np.array([1, 2, 3, 4], np.uint8)
SHAPES = {"images": IMAGES.shape, "labels": LABELS.shape}


def fill(folder, name="mnist"):
    parts = {"images": (IMAGES[:3], IMAGES[3:]), "labels": (LABELS[:1], LABELS[1:])}
    Cache(folder).write(name, parts, "openml", SHA256)


def read(folder, name="mnist"):
    return Cache(folder).read(name, SHAPES, SHA256)


@pytest.fixture
def folder(tmp_path):
    fill(tmp_path / "a" / "b")
    return tmp_path / "a" / "b"


def test_what_comes_out_is_what_went_in(folder):
    entry = read(folder)
    assert entry is not None
    assert (entry.source, entry.damage) == ("openml", "")
    assert np.array_equal(entry.arrays["images"], IMAGES)
    assert np.array_equal(entry.arrays["labels"], LABELS)


def test_arrays_are_mapped_and_cannot_be_written_to(folder):
    images = read(folder).arrays["images"]
    assert type(images) is np.ndarray
    assert not images.flags.writeable
    base = images
    while isinstance(base, np.ndarray) and not isinstance(base, np.memmap):
        base = base.base
    assert isinstance(base, np.memmap)


def test_the_arrays_are_ordinary_npy_files(folder):
    assert np.array_equal(np.load(folder / "mnist-images.npy"), IMAGES)
    assert np.array_equal(np.load(folder / "mnist-labels.npy", mmap_mode="r"), LABELS)


def test_the_record_says_what_there_is(folder):
    record = json.loads((folder / "mnist.json").read_text())
    assert record["source"] == "openml"
    assert record["sha256"] == SHA256
    # CRC-32 by another program's definition: the polynomial, bit by bit.
    checksum = 0xFFFFFFFF
    for byte in LABELS.tolist():
        checksum ^= byte
        for _ in range(8):
            checksum = checksum >> 1 ^ (0xEDB88320 if checksum & 1 else 0)
    size = (folder / "mnist-labels.npy").stat().st_size
    assert record["arrays"]["labels"] == {
        "bytes": size,
        "crc32": checksum ^ 0xFFFFFFFF,
        "shape": [4],
    }


def test_nothing_there(tmp_path):
    assert read(tmp_path) is None
    assert read(tmp_path / "absent") is None
    assert Cache(tmp_path / "absent").files() == []
    (tmp_path / "file").write_bytes(b"")
    assert read(tmp_path / "file") is None
    assert Cache(tmp_path / "file").clear() == 0


def test_a_map_stays_what_it_was_while_its_file_is_replaced(folder):
    images = read(folder).arrays["images"]
    Cache(folder).write("mnist", {"images": (IMAGES[::-1].copy(),), "labels": (LABELS,)}, "openml", SHA256)
    assert np.array_equal(images, IMAGES)
    Cache(folder).clear()
    assert np.array_equal(images, IMAGES)


def test_arrays_of_another_write_do_not_pass(folder):
    before = (folder / "mnist.json").read_bytes()
    Cache(folder).write("mnist", {"images": (IMAGES[::-1].copy(),), "labels": (LABELS,)}, "openml", SHA256)
    (folder / "mnist.json").write_bytes(before)
    assert read(folder).damage == "mnist-images.npy has another CRC-32"


@pytest.fixture(scope="module")
def folder_for_all(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cache")
    fill(folder)
    return folder


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["format", "arrays"]), inner),
    max_leaves=5,
)
FILES = ["mnist.json", "mnist-images.npy", "mnist-labels.npy"]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-3]),
        lambda path: path.write_bytes(path.read_bytes() + b"\0"),
        lambda path: path.write_bytes(b"[" * 60_000),
        lambda path: path.write_bytes(b"{}"),
        lambda path: path.write_bytes(b'{"format": 2}'),
        lambda path: path.write_bytes(b'{"format": 1, "source": "openml", "sha256": "", "arrays": {}}'),
        lambda path: path.write_bytes(b'{"format": 1, "source": 3, "arrays": []}'),
        lambda path: path.write_bytes(b"\xff" * 128),
    ],
    ids=["empty", "shorter", "longer", "nested", "{}", "newer", "other", "types", "bytes"],
)
def test_damage_is_noticed(folder, name, spoil):
    spoil(folder / name)
    entry = read(folder)
    assert entry.damage.startswith(name)
    assert not entry.arrays
    fill(folder)
    assert not read(folder).damage


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_and_a_folder_in_its_place(folder, name):
    (folder / name).unlink()
    entry = read(folder)
    assert entry is None if name == "mnist.json" else entry.damage == f"{name} is missing"
    (folder / name).mkdir()
    entry = read(folder)
    assert entry is None if name == "mnist.json" else entry.damage == f"{name} is missing"


def test_the_source_is_known_even_if_the_arrays_are_not(folder):
    (folder / "mnist-images.npy").unlink()
    assert read(folder).source == "openml"


def test_what_was_made_from_other_data_does_not_pass(folder):
    assert Cache(folder).read("mnist", SHAPES, "0" * 64).damage == "mnist.json is of other data"
    assert Cache(folder).read("mnist", {"images": (3, 28, 28)}, SHA256).damage


@settings(max_examples=150, deadline=None)
@given(name=st.sampled_from(FILES[1:]), seed=st.integers(0, 2**32))
def test_no_single_bit_passes(folder_for_all, name, seed):
    whole = (folder_for_all / name).read_bytes()
    content = bytearray(whole)
    place = random.Random(seed).randrange(8 * len(content))
    content[place // 8] ^= 1 << place % 8
    (folder_for_all / name).write_bytes(content)
    assert read(folder_for_all).damage
    (folder_for_all / name).write_bytes(whole)
    assert not read(folder_for_all).damage


@settings(max_examples=100, deadline=None)
@given(content=st.binary(max_size=300) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_record_is_read_or_refused(folder_for_all, content):
    record = folder_for_all / "mnist.json"
    whole = record.read_bytes()
    record.write_bytes(content)
    assert read(folder_for_all).damage.startswith("mnist.json")
    record.write_bytes(whole)


def test_clear_removes_its_own_files_alone(folder):
    fill(folder, f"deskew1-{SHA256[:16]}")
    (folder / ".mnist-images.npy.x1y2.tmp").write_bytes(b"left by a crash")
    strange = [
        "mnist.npz",
        "mnist-images.npy.bak",
        "deskew.json",
        "mnist.json~",
        ".mnist",
        "deskew1-xyz.json",
    ]
    for name in strange:
        (folder / name).write_bytes(b"mine")
    (folder / f"deskew2-{'0' * 16}.json").mkdir()
    cache = Cache(folder)
    assert sorted(cache.names()) == [f"deskew1-{SHA256[:16]}", "mnist"]
    size = sum(file.stat().st_size for file in cache.files())
    assert cache.size() == size
    assert cache.clear() == size
    assert {path.name for path in folder.iterdir()} == {*strange, f"deskew2-{'0' * 16}.json"}
    assert cache.clear() == 0


def test_what_was_made_of_files_that_are_gone_is_removed_by_the_next_write(folder, tmp_path):
    (tmp_path / "there").touch()
    for number, source in enumerate(("there", "gone", "there/a\0b")):
        name = f"large1-{number:016x}"
        Cache(folder).write(name, {"labels": [LABELS]}, str(tmp_path / source), SHA256)
    (folder / f"large1-{3:016x}.json").write_text("no record")
    fill(folder)
    assert Cache(folder).names() == [*(f"large1-{number:016x}" for number in (0, 2, 3)), "mnist"]
    assert not list(folder.glob(f"large1-{1:016x}*"))
    assert read(folder).damage == ""


def test_what_was_made_of_files_on_a_disk_that_is_not_mounted_now_stays(folder, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "disk" / "set")
    for number, source in enumerate(("empty/set", "disk/set", "disk/set/more", "link", "link/file")):
        name = f"large1-{number:016x}"
        Cache(folder).write(name, {"labels": [LABELS]}, str(tmp_path / source), SHA256)
    fill(folder)
    assert len(Cache(folder).names()) == 5 + 1


def test_a_cache_that_cannot_be_written_is_said_once(tmp_path, notes):
    (tmp_path / "file").write_bytes(b"mine")
    cache = Cache(tmp_path / "file", notes)
    for _ in range(2):
        cache.keep("mnist", {"labels": (LABELS,)}, "openml", SHA256)
    assert len(notes.notices) == 1
    assert notes.notices[0].endswith("going on without a cache")
    assert (tmp_path / "file").read_bytes() == b"mine"
    with pytest.raises(OutputError) as caught:
        cache.write("mnist", {"labels": (LABELS,)}, "openml", SHA256)
    assert "MNISTGD_CACHE" in caught.value.hint


FULL_DISK = """
import resource, sys
from pathlib import Path
import numpy as np
from mnistgd.datasets.cache import Cache

class Notes:
    def busy(self, what, share=None): pass
    def notice(self, what): print(what)

resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
cache = Cache(Path(sys.argv[1]), Notes())
cache.keep("mnist", {"images": (np.ones((1000, 28, 28), np.uint8),)}, "openml", "")
"""


@pytest.mark.skipif(os.name == "nt", reason="no such limit here")
def test_a_full_disk_leaves_what_was_there(folder):
    run = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(folder)], capture_output=True, text=True, check=True, timeout=60
    )
    assert run.stdout.count("\n") == 1
    assert "cannot write" in run.stdout
    assert not read(folder).damage
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)


def test_where_it_is(monkeypatch, tmp_path):
    monkeypatch.setenv("MNISTGD_CACHE", str(tmp_path))
    assert default_folder() == tmp_path
    monkeypatch.setenv("MNISTGD_CACHE", "here")
    assert default_folder() == Path.cwd() / "here"
    monkeypatch.setenv("MNISTGD_CACHE", "~/here")
    assert default_folder() == Path.home() / "here"


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {}, "home/.cache/mnistgd"),
        ("linux", {"XDG_CACHE_HOME": "/xdg"}, "/xdg/mnistgd"),
        ("linux", {"XDG_CACHE_HOME": "relative"}, "home/.cache/mnistgd"),
        ("linux", {"XDG_CACHE_HOME": "", "MNISTGD_CACHE": ""}, "home/.cache/mnistgd"),
        ("darwin", {}, "home/Library/Caches/mnistgd"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/mnistgd"),
        ("win32", {}, "home/AppData/Local/mnistgd"),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="paths of Unix")
def test_where_it_is_by_platform(monkeypatch, tmp_path, platform, variables, expected):
    for name in ("MNISTGD_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(sys, "platform", platform)
    assert default_folder() == tmp_path / expected


def test_a_user_without_a_home_has_no_cache(monkeypatch, notes):
    def no_home():
        raise RuntimeError("Could not determine home directory.")

    for name in ("MNISTGD_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", no_home)
    cache = Cache(default_folder(), notes)
    assert cache.read("mnist", SHAPES, SHA256) is None
    cache.keep("mnist", {"labels": (LABELS,)}, "openml", SHA256)
    assert len(notes.notices) == 1


KILLED = """
import os, signal, sys
from pathlib import Path
from mnistgd.system.files import write_atomically
def stop(*_):
    print("here", flush=True)
    sys.stdin.readline()
    os.kill(os.getpid(), signal.SIGKILL)
Path.replace = stop
write_atomically(Path(sys.argv[1]) / "mnist-images.npy", b"half of it")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no locks there")
def test_what_a_killed_process_left_is_removed_by_the_next(folder):
    """And nothing that one is writing that lives."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", KILLED, str(folder)], **pipes) as process:
        assert process.stdout.readline() == "here\n"
        (half,) = folder.glob(".mnist-images.npy.*.tmp")
        assert read(folder) is not None
        assert half.exists()
        process.communicate("go on\n")
    assert half.exists()
    (folder / ".notes.tmp").write_bytes(b"mine")
    assert read(folder) is not None
    assert not half.exists()
    assert (folder / ".notes.tmp").exists()
