"""Histories: what is written is read back, and what nobody vouches for is not believed."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mnistgd import history
from mnistgd.errors import DataError
from mnistgd.history import Epoch

numbers = st.floats(-1e14, 1e14)
counts = st.integers(0, 10**9)
epochs = st.builds(
    Epoch, counts, counts, numbers, numbers, numbers, numbers, st.none() | numbers, st.none() | numbers
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(done=st.lists(epochs, max_size=3), more=st.lists(epochs, min_size=1, max_size=3))
def test_what_is_written_is_read_back(tmp_path, done, more):
    path = tmp_path / "run.jsonl"
    history.begin(path, done)
    for epoch in more:
        history.add(path, epoch)
        assert json.loads(path.read_text().splitlines()[-1])["epoch"] == epoch.epoch  # there as it happens
    assert history.read(path) == done + more


GOOD = '{"epoch": 1, "step": 2, "loss": 0.5, "accuracy": 0.9, "learning_rate": 1.0, "seconds": 0.1}'


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "it is not JSON"),
        ("{", "it is not JSON"),
        ("[1]", "it is not an epoch"),
        ("{}", "no number for epoch"),
        (GOOD.replace("0.5", "NaN"), "no number for loss"),
        (GOOD.replace("0.5", "Infinity"), "no number for loss"),
        (GOOD.replace("0.5", "1e300"), "no number for loss"),
        (GOOD.replace("0.5", "true"), "no number for loss"),
        (GOOD.replace("0.5", '"half"'), "no number for loss"),
        (GOOD.replace("0.5", "9" * 400), "no number for loss"),
        ("[" * 4000, "it is not JSON"),
        ("[" * 100_000, "it is too long"),
    ],
)
def test_lines_that_are_no_epoch(tmp_path, line, words):
    path = tmp_path / "run.jsonl"
    path.write_text(f"{GOOD}\n{line}\n{GOOD}\n")
    with pytest.raises(DataError, match=words) as caught:
        history.read(path)
    assert caught.value.message.startswith(f"line 2 of {path}")


def test_files_that_are_no_history(tmp_path):
    for make, words in [
        (lambda p: None, "no such file"),
        (lambda p: p.mkdir(), "directory"),
        (lambda p: (p.rmdir(), p.write_bytes(b"")), "has no epoch yet"),
        (lambda p: p.write_bytes(b"\xff\xfe\x00"), "it is not JSON"),
    ]:
        make(tmp_path / "h")
        with pytest.raises(DataError, match=words):
            history.read(tmp_path / "h")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_random_bytes(tmp_path, content):
    (tmp_path / "h").write_bytes(content)
    with pytest.raises(DataError):
        history.read(tmp_path / "h")
