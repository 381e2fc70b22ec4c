"""Each fuzz target for a moment; `fuzz.py` beside this file goes on for as long as it is let."""

import random
import time
from pathlib import Path

import pytest
import targets
import watch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"


@pytest.mark.parametrize("name", targets.TARGETS)
def test_what_is_sound_is_read(name, tmp_path):
    assert any(targets.run(name, seed, tmp_path) for seed in targets.seeds(name))


@pytest.mark.parametrize("name", targets.TARGETS)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), junk=st.none() | st.binary(max_size=300))
def test_what_is_changed_is_read_or_refused(name, tmp_path, seed, junk):
    content = targets.changed(name, random.Random(seed)) if junk is None else junk
    begun = time.process_time()
    targets.run(name, content, tmp_path)
    assert time.process_time() - begun < targets.SECONDS


def found():
    return sorted(path for path in CORPUS.rglob("*") if path.is_file())


@pytest.mark.parametrize("path", found(), ids=lambda path: f"{path.parent.name}-{path.name}")
def test_what_was_found_once(path, tmp_path):
    begun = time.process_time()
    targets.run(path.parent.name, path.read_bytes(), tmp_path)
    assert time.process_time() - begun < targets.SECONDS


def test_the_watch_sees_what_is_forbidden(tmp_path):
    """Else nothing that it does not report would mean anything."""
    import pickle
    import subprocess

    outside = tmp_path.parent / "outside"
    outside.write_bytes(b"")
    inside = tmp_path / "inside"
    inside.write_bytes(pickle.dumps(Path("x")))
    forbidden = [
        outside.read_bytes,
        lambda: outside.write_bytes(b"x"),
        lambda: pickle.loads(inside.read_bytes()),
        lambda: subprocess.run(["true"]),
        lambda: Path(pytest.__file__).open("a").close(),
    ]
    for act in forbidden:
        with pytest.raises(watch.Breach), watch.guarded(tmp_path):
            act()
    with watch.guarded(tmp_path):
        inside.read_bytes()
        inside.write_bytes(b"")
