"""Curves of runs: what is drawn, that the legend fits, and the picture as it was looked at.

``RENEW_GOLDEN=1 pytest tests/test_curves.py`` makes the picture anew; look at it.
"""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("matplotlib")

from mnistgd.errors import UsageError
from mnistgd.figures.curves import MOST_RUNS, TRAINING, VALIDATION, curves_figure
from mnistgd.figures.plots import file_of, lettering
from mnistgd.training.history import Epoch

GOLDEN = Path(__file__).with_name("curves.png")
LIMIT = 4
"""Of the mean difference of two pictures, of 255: matplotlib 3.8 and 3.11, which move the plots by up to
four pixels, differ by 2.
"""


def run(k: int, count: int = 8, *, validated: bool = False) -> list[Epoch]:
    """A history that falls and rises as real ones do; each `k` gives another."""
    return [
        Epoch(
            e, 600 * e, 0.26 + 0.04 * k / e, 0.92 - 0.01 * k / e, 1.0, 0.1 * e,
            *((0.29 + 0.05 * k / e, 0.91 - 0.012 * k / e) if validated else ()),
        )
        for e in range(1, count + 1)
    ]  # fmt: skip


def ordinary(count: int) -> dict[str, list[Epoch]]:
    return {f"softmax-rate-0.{k:02d}-seed-{k}.jsonl": run(k) for k in range(1, count + 1)}


def pixels(content: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(content)) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def difference(one: np.ndarray, other: np.ndarray) -> float:
    """The mean, of squares of 12×12 pixels: what is moved by less counts little."""
    height, width = (side // 12 for side in one.shape[:2])
    squares = (one - other)[: 12 * height, : 12 * width].reshape(height, 12, width, 12, 3)
    return float(np.abs(squares.mean(axis=(1, 3))).mean())


def legend_texts(figure) -> list[str]:
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def test_the_picture_is_the_one_that_was_looked_at():
    """Versions of matplotlib place letters and smooth lines a little differently; all the rest is equal."""
    content = file_of(curves_figure({**ordinary(3), "validated.jsonl": run(5, validated=True)}))
    if os.environ.get("RENEW_GOLDEN"):
        GOLDEN.write_bytes(content)
    ours, theirs = pixels(content), pixels(GOLDEN.read_bytes())
    assert ours.shape == theirs.shape
    assert difference(ours, theirs) < LIMIT
    assert 0 < difference(ours, np.roll(ours, 2, axis=(0, 1))) < LIMIT


@pytest.mark.parametrize("wrong", [ordinary(4), ordinary(3) | {"validated.jsonl": run(9, validated=True)}])
def test_another_picture_would_not_pass(wrong):
    ours, theirs = pixels(GOLDEN.read_bytes()), pixels(file_of(curves_figure(wrong)))
    assert ours.shape != theirs.shape or difference(ours, theirs) > LIMIT


@pytest.mark.parametrize("count", [2, 4, 5, 13, 40])
@pytest.mark.parametrize(
    "name", ["{}.jsonl", "run-with-some-thirty-signs-{}.jsonl", "{}" + "W" * 300, "コ" * 99 + "{}"]
)
def test_the_legend_fits_and_the_plots_keep_their_height(count, name):
    figure = curves_figure({name.format(k): run(k, 2) for k in range(count)})
    with lettering(figure):
        figure.draw_without_rendering()  # all is placed, and nothing painted
    box, (legend,) = figure.bbox, figure.legends
    found = legend.get_window_extent()
    assert box.x0 <= found.x0
    assert found.x1 <= box.x1
    assert box.y0 <= found.y0
    plots = [axes.get_window_extent() for axes in figure.axes]
    assert min(plot.height for plot in plots) > 300
    assert all(plot.y0 > found.y1 for plot in plots)


def test_every_run_that_may_be_drawn_looks_different():
    runs = {f"{k}": run(k, 2) for k in range(MOST_RUNS)}
    lines = curves_figure(runs).axes[0].lines
    looks = {(line.get_color(), line.get_marker(), line.get_markerfacecolor()) for line in lines}
    assert len(looks) == len(lines) == MOST_RUNS >= 50
    with pytest.raises(UsageError, match="cannot be told apart"):
        curves_figure(runs | {"one more": run(1)})


def test_what_was_measured_on_images_set_aside_is_drawn():
    figure = curves_figure({"a": run(1, 5, validated=True), "b": run(2, 5)})
    solid, dashed, *others = figure.axes[1].lines
    assert (solid.get_linestyle(), dashed.get_linestyle()) == ("-", "--")
    assert solid.get_color() == dashed.get_color() != others[0].get_color()
    assert dashed.get_ydata() == pytest.approx(
        [100 * epoch.validation_accuracy for epoch in run(1, 5, validated=True)]
    )
    assert figure.axes[0].lines[1].get_ydata() == pytest.approx(
        [epoch.validation_loss for epoch in run(1, 5, validated=True)]
    )
    assert legend_texts(figure) == ["a", "b", TRAINING, VALIDATION]
    assert legend_texts(curves_figure({"a": run(1, validated=True)})) == [TRAINING, VALIDATION]
    assert legend_texts(curves_figure({"a": run(1)})) == []


def test_an_epoch_that_was_not_validated_leaves_a_gap():
    figure = curves_figure({"a": [*run(1, 1, validated=True), *run(1, 2)[1:]]})
    assert np.isnan(figure.axes[0].lines[1].get_ydata()).tolist() == [False, True]


def test_names_are_written_as_they_are():
    names = ["_hidden.jsonl", "$x$.jsonl", "two\nlines", "\udcff", "x" * 40 + "y" * 40]
    figure = curves_figure({name: run(k) for k, name in enumerate(names)})
    *shown, long = legend_texts(figure)
    assert shown == ["_hidden.jsonl", "$x$.jsonl", "two?lines", "?"]
    assert long.startswith("xxxx")
    assert long.endswith("yyyy")
    assert "…" in long
    file_of(figure)


def test_names_that_would_look_alike_are_numbered():
    names = [f"{'x' * 60}{k}{'y' * 60}" for k in range(3)]
    assert [text[:2] for text in legend_texts(curves_figure(dict.fromkeys(names, run(1))))] == [
        "1:",
        "2:",
        "3:",
    ]
