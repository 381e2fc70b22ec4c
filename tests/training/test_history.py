"""Histories: what is written is read back, and what nobody vouches for is not believed."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mnistgd.errors import DataError
from mnistgd.system.files import GrowingFile
from mnistgd.training import history
from mnistgd.training.history import Epoch

numbers = st.floats(-1e14, 1e14)
counts = st.integers(0, 10**9)
epochs = st.builds(
    Epoch, counts, counts, numbers, numbers, numbers, numbers, st.none() | numbers, st.none() | numbers
)
runs = st.lists(epochs, min_size=1, max_size=6, unique_by=lambda epoch: epoch.epoch).map(
    lambda found: sorted(found, key=lambda epoch: epoch.epoch)
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(run=runs, before=st.integers(0, 5))
def test_what_is_written_is_read_back(tmp_path, run, before):
    done, more = run[:before], run[before:]
    path = tmp_path / "run.jsonl"
    growing = GrowingFile(path, history.lines(done))
    for epoch in more:
        growing.append(history.lines([epoch]))
        assert json.loads(path.read_text().splitlines()[-1])["epoch"] == epoch.epoch  # there as it happens
    growing.close()
    assert history.read(path) == done + more


@given(runs)
def test_rows_of_numbers_are_the_same_epochs(run):
    assert history.from_rows(history.to_rows(run)) == run


@pytest.mark.parametrize(
    "rows",
    [
        None,
        np.zeros((2, 7)),
        np.zeros(8),
        np.zeros((1, 8), np.float32),
        np.full((1, 8), np.nan),
        np.full((1, 8), np.inf),
        np.full((1, 8), 1e300),
    ],
)
def test_rows_that_are_no_epochs(rows):
    with pytest.raises(ValueError, match=r"no rows|it has no epoch|is not finite|larger than"):
        history.from_rows(rows)


GOOD = '{"epoch": 1, "step": 2, "loss": 0.5, "accuracy": 0.9, "learning_rate": 1.0, "seconds": 0.1}'


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "it is not JSON"),
        ("{", "it is not JSON"),
        ("[1]", "it is not a JSON object"),
        ("{}", "it has no epoch"),
        (GOOD.replace("0.5", "NaN"), "its loss is not finite"),
        (GOOD.replace("0.5", "Infinity"), "its loss is not finite"),
        (GOOD.replace("0.5", "1e300"), "its loss is larger than a plot can show"),
        (GOOD.replace("0.5", "true"), "its loss is no number"),
        (GOOD.replace("0.5", "null"), "its loss is no number"),
        (GOOD.replace("0.5", '"half"'), "its loss is no number"),
        (GOOD.replace("0.5", "9" * 400), "its loss is larger than a plot can show"),
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


@pytest.mark.parametrize("cut", [1, 2, 10, 90])
def test_a_last_line_that_is_half_written_is_left_out(tmp_path, cut):
    """A run is writing it, or was killed, or the disk was full."""
    path, notices = tmp_path / "run.jsonl", []
    later = GOOD.replace('"epoch": 1', '"epoch": 2')
    path.write_text(f"{GOOD}\n{later[:-cut]}")
    assert [epoch.epoch for epoch in history.read(path, notices.append)] == [1]
    assert notices == [f"line 2 of {path} is not whole yet; it is left out"]
    assert history.read(path.read_bytes()) == history.read(path)


def test_a_last_line_without_its_end_counts_if_it_is_whole(tmp_path):
    (tmp_path / "h").write_text(GOOD)
    notices: list[str] = []
    assert len(history.read(tmp_path / "h", notices.append)) == 1
    assert notices == []


def test_nothing_but_half_a_line(tmp_path):
    (tmp_path / "h").write_text(GOOD[:40])
    with pytest.raises(DataError, match="has no epoch yet"):
        history.read(tmp_path / "h")


@pytest.mark.parametrize("second", [0, 1])
def test_epochs_that_do_not_rise(tmp_path, second):
    (tmp_path / "h").write_text(f"{GOOD}\n" + GOOD.replace('"epoch": 1', f'"epoch": {second}') + "\n")
    with pytest.raises(DataError, match=f"line 2 of .* is epoch {second}, after epoch 1"):
        history.read(tmp_path / "h")


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
